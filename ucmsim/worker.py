"""The one worker thread of a process: it does one thing after another, and what is asked over the control plane first.

Pages are made in it, a hundredth of a second each; behind eight clients that pull them nobody who looks at a ledger, or
places a call, should have to wait for eight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")
_Waiting = deque[tuple[Deferred[Any], Callable[[], Any]]]


class Worker:
    """Does what it is called with in its turn, and `ahead` what goes before all that waits; asked in the reactor thread."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._urgent: _Waiting = deque()
        self._others: _Waiting = deque()
        self._pool = ThreadPool(minthreads=0, maxthreads=1, name="ucmsim-worker")
        # Nobody can interrupt it, and a process that ends does not wait for it longer than it says.
        self._pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
        self._pool.start()

    def __call__(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* when what was asked for before is done."""
        return self._asked(self._others, function)

    def ahead(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* when the worker has done what it is at, and what else was to go ahead."""
        return self._asked(self._urgent, function)

    def stop(self) -> None:
        """End the thread when it has done what it was asked."""
        self._pool.stop()

    def _asked(self, waiting: _Waiting, function: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()
        waiting.append((done, function))
        # Not this one: so many are done as were asked for, each time what is most urgent by then.
        self._pool.callInThread(self._one)
        return done

    def _one(self) -> None:
        done, function = (self._urgent or self._others).popleft()
        try:
            result = function()
        except BaseException:  # noqa: BLE001 - whoever waits for it is told
            self._reactor.callFromThread(done.errback, Failure())
        else:
            self._reactor.callFromThread(done.callback, result)
