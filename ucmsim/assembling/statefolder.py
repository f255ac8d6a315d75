"""The folder a fleet keeps its state in: where things stand in it, and that only one process uses it.

Without a folder of the user's own it is a private temporary one that goes when the process does.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ucmsim.assembling.fileswap import belonging, settled
from ucmsim.errors import ConfigurationError, Problem, StateInUse
from ucmsim.privatefile import remove_unfinished
from ucmsim.settings import TLS_FOLDER
from ucmsim.steps import Steps, finished

HISTORY, SPOOL, JOURNAL = "history.sqlite", "spool", "journal.sqlite"
"""What stands in the folder of a PBX, beside its keys."""

_MANY, _AT_ONCE = 20, 8
"""Folders of PBXs that are worth threads when they are removed, and how many of these."""
_LOCK = "ucmsim.lock"
_OURS = "ucmsim.state"
"""Stands in folders that were empty when ucmsim first used them: only those may be emptied again."""


class StateFolder:
    """An open, locked state folder."""

    def __init__(self, path: Path, lock: int, *, temporary: bool) -> None:
        self.path = path
        self.temporary = temporary
        self._lock = lock

    @classmethod
    def open(cls, path: Path | None, *, fresh: bool = False) -> StateFolder:
        """Open and lock *path*, making it if needed; None makes a temporary folder. *fresh* empties it first.

        Raises `StateInUse` when another process has it, `ConfigurationError` when it cannot be used or emptied.
        """
        if path is None:
            folder = Path(tempfile.mkdtemp(prefix="ucmsim-"))
            return cls(folder, _locked(folder), temporary=True)
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            known = (path / _LOCK).exists()
            lock = _locked(path)
            try:
                _claim(path, fresh=fresh)
                for folder in (path, path / TLS_FOLDER):
                    remove_unfinished(folder)  # the token, or the key of a CA
            except BaseException:
                if not known:
                    (path / _LOCK).unlink()
                os.close(lock)
                raise
        except OSError as error:
            raise _unusable(path, "the state folder", error) from error
        return cls(path, lock, temporary=False)

    @property
    def foreign(self) -> bool:
        """Whether it held files of somebody else when ucmsim first used it; such a folder is never emptied."""
        return not self.temporary and not (self.path / _OURS).exists()

    def pbx(self, name: str) -> Path:
        """Return the folder of the PBX called *name*, which nobody has open, making it if needed.

        What gave way in it when a process was killed stands where it stood, and what that was just writing is gone.
        Raises `ConfigurationError` when it cannot be used.
        """
        folder = self.path / name
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            remove_unfinished(folder)
            settled(*belonging(folder / HISTORY), *belonging(folder / JOURNAL), folder / SPOOL)
        except OSError as error:
            raise _unusable(folder, f"the folder of PBX '{name}'", error) from error
        return folder

    def forget(self, name: str) -> None:
        """Remove all that is kept of the PBX called *name*."""
        finished(self.forgetting(name))

    def forgetting(self, name: str) -> Steps[None]:
        """The same in steps: a spool may have many files. What cannot be removed stays."""
        home = self.path / name
        for folder, _, files in os.walk(home):
            for file in files:
                with suppress(OSError):
                    Path(folder, file).unlink()
                yield
        shutil.rmtree(home, ignore_errors=True)

    def close(self) -> None:
        """Unlock the folder; a temporary one is removed."""
        if self.temporary:
            _remove(self.path)
        os.close(self._lock)


def _unusable(path: Path, what: str, error: OSError) -> ConfigurationError:
    said = f"{path} cannot be used as {what}: {error.strerror}"
    return ConfigurationError([Problem("state", said, "name a folder that can be written")])


def _remove(folder: Path) -> None:
    """Remove *folder*; what stands in it at the same time where that is much, because a busy disk waits at each directory."""
    inner = [item for item in folder.iterdir() if item.is_dir()] if folder.is_dir() else []
    if len(inner) >= _MANY:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for item in inner:
                pool.submit(shutil.rmtree, item, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _claim(path: Path, *, fresh: bool) -> None:
    """Mark an empty folder as ucmsim's own; empty one so marked if a *fresh* one is asked for."""
    ours = (path / _OURS).exists()
    if not ours and all(item.name == _LOCK for item in path.iterdir()):
        (path / _OURS).touch(mode=0o600)
    elif fresh and not ours:
        right = "name an empty folder, or one that was empty when ucmsim first used it"
        raise ConfigurationError([Problem("state", f"{path} holds files of somebody else", right)])
    elif fresh:
        _empty(path)


def _locked(folder: Path) -> int:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise StateInUse(
            f"the state folder {folder} is in use by another ucmsim; stop it, or choose another 'state:'"
        ) from None
    return lock


def _empty(folder: Path) -> None:
    for item in folder.iterdir():
        if item.name in (_LOCK, _OURS):
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
