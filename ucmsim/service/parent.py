"""Ends the process when the one that started it is gone: watches a pipe that only the parent holds open."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Callable

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

_OFTEN = 0.1
"""Seconds from one look at the pipe to the next, before the reactor runs."""


def objection(fd: int) -> str:
    """Return why *fd* cannot be watched, "" if it can."""
    try:
        mode = os.fstat(fd).st_mode
    except OSError:
        return "is no open file descriptor"
    return "" if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else "is neither a pipe nor a socket"


class ParentLook:
    """Says whether the other end of *fd* is closed, where no reactor watches it yet; it may be asked without end."""

    def __init__(self, fd: int) -> None:
        self._poll = select.poll()
        self._poll.register(fd, 0)  # which leaves what is always told: that the other end is closed
        self._gone = False
        self._due = 0.0

    def __call__(self) -> bool:
        if not self._gone and (now := time.monotonic()) >= self._due:
            self._due = now + _OFTEN
            self._gone = bool(self._poll.poll(0))
        return self._gone


class ParentPipe(FileDescriptor):
    """Reads *fd* until its end and then calls *gone*, which may happen again when the reactor stops."""

    def __init__(self, reactor: IReactorFDSet, fd: int, gone: Callable[[], object]) -> None:
        super().__init__(reactor)
        os.set_blocking(fd, False)
        self._fd = fd
        self._gone = gone

    def fileno(self) -> int:
        return self._fd

    def logPrefix(self) -> str:
        return "parent"

    def doRead(self) -> None:
        try:
            if os.read(self._fd, 4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.connectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end of the pipe; some reactors tell it here without a read."""
        self.stopReading()
        self._gone()
