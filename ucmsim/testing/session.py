"""The process of a session, and the one after it where it has ended before its time."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ucmsim.child import STOP_LIMIT, Child

_QUIET = (0, -signal.SIGTERM, -signal.SIGINT)
"""Exit codes of a process that was asked to end."""


@dataclass(slots=True)
class Session:
    """Keeps a process there for PBXs, each as *begin* begins it, and its CA in the file *ca*, which stays the same file."""

    begin: Callable[[], Child] = field(repr=False)
    ca: Path
    child: Child = field(init=False)
    _loss: str = field(default="", init=False)
    _told_of: Child | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._started()

    def renewed(self) -> bool:
        """Begin another process where this one has ended, and return whether that was so; raises `ucmsim.child.ChildFailed`."""
        if self.child.ended is None:
            return False
        self._loss = self._lost() or self._loss
        before = self.child
        self._started()
        before.stop()
        return True

    def ending(self) -> bool:
        """Wait for the end of a process that answers no more, and return whether it came.

        One that was killed takes no connection some milliseconds before it has ended, and one that stops of itself for longer.
        """
        return self.child.gone(STOP_LIMIT)

    def loss(self) -> str:
        """Return how a process was lost since this was asked last, as the beginning of a sentence; "" where none was."""
        said, self._loss = self._lost() or self._loss, ""
        self._told_of = self.child if self.child.ended is not None else None
        return said

    def _started(self) -> None:
        self.child = self.begin()
        shutil.copyfile(self.child.ready["ca"], self.ca)

    def _lost(self) -> str:
        code = self.child.ended
        if code is None or code in _QUIET or self.child is self._told_of:
            return ""
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        why = ", as the kernel does where memory runs out" if code == -signal.SIGKILL else ""
        return f"the ucmsim of this session (pid {self.child.pid}) {how}{why}: its PBXs are lost"
