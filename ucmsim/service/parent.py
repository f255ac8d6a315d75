"""Ends the process when the one that started it is gone: watches a pipe that only the parent holds open."""

from __future__ import annotations

import os
from collections.abc import Callable

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure


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
