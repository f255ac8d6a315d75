"""A real ucmsim in a process of its own, started as a user starts it: for the tests of the service."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import (
    urlopen,
)

import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures"
LIMIT = 60.0
"""Seconds that anything here may take."""
TWISTD = [str(Path(sys.executable).with_name("twistd")), "-n", "--pidfile="]
TWIST = [sys.executable, "-m", "twisted"]
RUNNERS = pytest.mark.parametrize("runner", [TWISTD, TWIST], ids=["twistd", "python -m twisted"])
PASSWORD = "p\"a\\s's $HOME w%rd"
API = {"enable": True, "tls_bind_address": "127.0.0.1:0", "permitted_ips": ["127.0.0.0/8"]}
GUIDE = {"import": str(FIXTURES / "guide-2013.csv")}


_BANNER = re.compile(r"^(PBX|control plane) ", re.MULTILINE)


class Process:
    """A running ucmsim; as a context manager it is gone at the end, whatever happens."""

    def __init__(
        self,
        folder: Path,
        *options: str | Path,
        runner: list[str] = TWISTD,
        pipes: tuple[int, ...] = (),
        stdout: int | None = None,
        measured: bool = True,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self._ready = folder, folder / "ready.json"
        self._ready.unlink(missing_ok=True)
        self._captured = stdout is None
        (folder / "tmp").mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(folder / "tmp")}
        if not measured:  # coverage takes the signals itself
            environment = {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}
        words = [*runner, "ucmsim", *map(str, options)]
        if "--ready-file" not in options:
            words += ["--ready-file", str(self._ready)]
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=out if stdout is None else stdout,
                stderr=err,
                cwd=folder,
                env=environment,
                pass_fds=pipes,
            )
        self.pid = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(LIMIT)

    @property
    def out(self) -> str:
        """Standard output so far: the banner, and the log where it has no file of its own."""
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    def report(self, limit: float = LIMIT) -> dict[str, Any]:
        """Wait, at most so many seconds, for the ready report, and for the banner that is printed after it; return the report."""
        until = time.monotonic() + limit
        while not (self._ready.exists() and (not self._captured or _BANNER.search(self.out))):
            assert self._process.poll() is None, self.out + self.err
            assert time.monotonic() < until, self.out + self.err
            time.sleep(0.02)
        return dict(json.loads(self._ready.read_text()))

    def ended(self) -> int:
        """Wait for the end and return the exit code, as a shell would say it."""
        code = self._process.wait(LIMIT)
        return code if code >= 0 else 128 - code

    def runs_on(self, seconds: float) -> bool:
        """Whether it is still there after some time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def stop(self) -> int:
        """End it as a user or a supervisor does."""
        self._process.terminate()
        return self.ended()

    def said_of(self, pbx: str) -> str:
        """Return the last line of what the banner says of a PBX: what to try."""
        (line,) = re.findall(rf"^PBX {pbx} .*\n(?:  (?!try).*\n)*  try    (.*)$", self.out, re.MULTILINE)
        return str(line)

    def curl(self, pbx: str = "hq") -> Any:
        """Run the banner's curl line for a PBX in a shell, as it stands, and return the JSON it prints."""
        line = self.said_of(pbx)
        assert line.startswith("curl "), line
        environment = {**os.environ, "HOME": str(self.folder)}
        ran = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=LIMIT, env=environment)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)


def config(folder: Path, text: str | None = None, *, name: str = "sim.yaml", top: Any = None, **pbx: Any) -> Path:
    """Write a configuration: the *text*, or that of one PBX with the guide's three rows and some other settings."""
    settings = {"api": API, "history": GUIDE, **pbx}
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text or json.dumps({**(top or {}), "pbxs": {"hq": settings}}))
    return folder / name


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(item.name for item in folder.iterdir())


def failed(folder: Path, *options: str | Path, runner: list[str] = TWISTD) -> tuple[int, list[str]]:
    """Run what cannot start; return the exit code and the lines on standard error."""
    with Process(folder, *options, runner=runner) as process:
        code = process.ended()
        assert "Traceback" not in process.out + process.err
        assert names(folder / "tmp") == [], "a temporary folder is left behind"
        assert not (folder / "ready.json").exists()
        return code, process.err.splitlines()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def reached(pbx: dict[str, Any]) -> None:
    """Wait until a PBX has answered a request."""
    context = ssl.create_default_context(cafile=pbx["ca"])
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{pbx['url']}/nowhere", timeout=LIMIT, context=context)


ALL_DUE = os.environ.get("UCMSIM_REQUIRE_CLIENTS") == "1"
needs_curl = pytest.mark.skipif(not ALL_DUE and shutil.which("curl") is None, reason="the client curl is not installed")
