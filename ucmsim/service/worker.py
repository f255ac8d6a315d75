"""The one worker thread of a process: it does one thing after another, and what is asked over the control plane first.

Pages are made in it, a hundredth of a second each; behind eight clients that pull them nobody who looks at a ledger, or
places a call, should have to wait for eight. And nobody should wait for a history of sixty days that is made up: work
that takes long comes in steps, and gives way after some of them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Lock, Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from ucmsim.service.happenings import Stopped
from ucmsim.steps import Steps

T = TypeVar("T")

SLICE = 0.02
"""Seconds of long work, about those of a page, behind which everything has its turn that waits by then."""


AHEAD = 32
"""Things that are done ahead of one that waits, at most: where hundreds of PBXs have calls to write, there may always be one."""


class Worker:
    """Does what it is called with in its turn, and `ahead` what goes before all that waits; asked in the reactor thread.

    What is asked of it once it was told to stop fails with `Stopped`, at once.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._urgent: deque[Callable[[], None]] = deque()
        self._others: deque[Callable[[], None]] = deque()
        self._long = 0
        self._in_a_row = 0
        self._takes = True
        self._lock = Lock()  # of whether it takes what is put, which the end must not change in the middle of putting
        self._pool = ThreadPool(minthreads=0, maxthreads=1, name="ucmsim-worker")
        # Nobody can interrupt it, and a process that ends does not wait for it longer than it says.
        self._pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
        self._pool.start()

    def __call__(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* when what was asked for before is done, or gives way."""
        return self._asked(self._others, function)

    def ahead(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* when the worker has done what it is at, and what else was to go ahead."""
        return self._asked(self._urgent, function)

    def slowly(self, steps: Steps[T]) -> Deferred[T]:
        """Go through *steps*: the first of them ahead, and the others whenever all had their turn that waited before them."""
        done: Deferred[T] = Deferred()
        self._long += 1
        done.addBoth(self._ended)
        self._must_put(self._urgent, lambda: self._slice(steps, done), done)
        return done

    async def quiet(self) -> None:
        """Return when all is done that was asked for, and all steps have come to their end."""
        await self(lambda: None)
        while self._long:
            await self(lambda: None)

    def stop(self) -> None:
        """End the thread when it has done what it was asked, steps that are under way to their end."""
        with self._lock:
            self._takes = False
        self._pool.stop()

    def _asked(self, waiting: deque[Callable[[], None]], function: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()

        def work() -> None:
            try:
                result = function()
            except BaseException:  # noqa: BLE001 - whoever waits for it is told
                self._reactor.callFromThread(done.errback, Failure())
            else:
                self._reactor.callFromThread(done.callback, result)

        self._must_put(waiting, work, done)
        return done

    def _must_put(self, waiting: deque[Callable[[], None]], work: Callable[[], None], done: Deferred[Any]) -> None:
        if not self._put(waiting, work):
            done.errback(Stopped("ucmsim stops, and does nothing more of what it is asked"))

    def _put(self, waiting: deque[Callable[[], None]], work: Callable[[], None]) -> bool:
        """Let *work* wait for its turn; return whether it will have one."""
        with self._lock:
            if self._takes:
                waiting.append(work)
                # Not this one: so many are done as were asked for, each time what is most urgent by then.
                self._pool.callInThread(self._one)
            return self._takes

    def _one(self) -> None:
        others = self._others and (not self._urgent or self._in_a_row == AHEAD)
        self._in_a_row = 0 if others else self._in_a_row + 1
        (self._others if others else self._urgent).popleft()()

    def _slice(self, steps: Steps[T], done: Deferred[T]) -> None:
        """Go on with *steps* until they end, or have had their time and somebody waits who will have a turn after it."""
        until = time.monotonic() + SLICE
        again = partial(self._slice, steps, done)
        try:
            next(steps)
            while time.monotonic() < until or not (self._urgent or self._others) or not self._put(self._others, again):
                next(steps)
        except StopIteration as end:
            self._reactor.callFromThread(done.callback, end.value)
        except BaseException:  # noqa: BLE001 - whoever waits for it is told
            self._reactor.callFromThread(done.errback, Failure())

    def _ended(self, result: T) -> T:
        self._long -= 1
        return result
