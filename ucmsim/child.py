"""Runs ucmsim as a child process that dies with its parent: how the pytest fixture gets its PBXs.

A reactor cannot be started twice, and a blocking client cannot reach a server in its own thread; a process of its own
has neither trouble. Standard library only.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

START_LIMIT = 60.0
"""Seconds that a child may take until it listens."""
STOP_LIMIT = 10.0

_CONFIGURATION = '{"one_ca": true, "control": {"bind": "127.0.0.1:0"}, "pbxs": {}}'


class ChildFailed(Exception):
    """ucmsim did not start; the text ends with what it logged."""


class Child:
    """A running ucmsim without PBXs, of *seed* if one is given; *ready* is its ready report."""

    def __init__(self, seed: int | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ucmsim-child-")
        home = Path(self._folder.name)
        self.log = home / "ucmsim.log"
        configuration = home / "sim.yaml"
        seeded = {} if seed is None else {"seed": seed}
        configuration.write_text(json.dumps({**json.loads(_CONFIGURATION), **seeded}))
        self._told_by, told = os.pipe()
        watched, self._alive = os.pipe()
        # -P: the folder that tests run in is no place to import from.
        command = [sys.executable, "-P", "-m", "twisted", "--log-format=text", "--log-file", str(self.log)]
        command += [
            "ucmsim",
            "--config",
            str(configuration),
            "--ready-file",
            f"/dev/fd/{told}",
            "--parent-pipe",
            str(watched),
            "--parent-folder",  # whoever is killed removes nothing
            str(home),
        ]
        with (home / "output").open("wb") as output:
            # In a session of its own, for Ctrl-C at the terminal is its parent's to hear, who may still need it to clean up.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
                command,
                pass_fds=(told, watched),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=home,
                env={**os.environ, "TMPDIR": str(home)},  # where its state is, which nobody removes who is killed
                start_new_session=True,
            )
        os.close(told)
        os.close(watched)
        try:
            self.ready: Mapping[str, Any] = self._report()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Its exit code once it has ended, less than 0 for a signal; None while it runs."""
        return self._process.poll()

    def gone(self, within: float) -> bool:
        """Wait so many seconds for it to end by itself, and return whether it has."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(within)
        return self.ended is not None

    def stop(self) -> None:
        """End the child; it is told by the pipe, then by SIGTERM, then killed."""
        os.close(self._alive)
        for insist in (lambda: None, self._process.terminate, self._process.kill):
            insist()
            try:
                self._await_end()
                self._process.wait(STOP_LIMIT)
                break
            except subprocess.TimeoutExpired:
                continue
        os.close(self._told_by)
        self._folder.cleanup()

    def _await_end(self) -> None:
        """Wait until the child's end of the pipe for the report is closed, as it is when it ends.

        `Popen.wait` with a limit looks only every 50 ms, which is long beside the rest of a session's end.
        """
        until = time.monotonic() + STOP_LIMIT
        while (left := until - time.monotonic()) > 0 and select.select([self._told_by], [], [], left)[0]:
            if not os.read(self._told_by, 65536):
                break

    def _report(self) -> Mapping[str, Any]:
        pipe, data, until = self._told_by, b"", time.monotonic() + START_LIMIT
        while not data.endswith(b"\n"):
            readable, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(pipe, 65536) if readable else b""
            if not piece:
                why = "ended before it listened" if readable else f"did not listen within {START_LIMIT:.0f} seconds"
                raise ChildFailed(f"ucmsim {why}:\n{self._told()}")
            data += piece
        report: Mapping[str, Any] = json.loads(data)
        return report

    def _told(self) -> str:
        self._process.poll()
        texts = [file.read_text(errors="replace") for file in (self.log.with_name("output"), self.log) if file.exists()]
        return "\n".join(text[-4000:] for text in texts)
