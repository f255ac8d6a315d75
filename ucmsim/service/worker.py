"""The one worker thread of a process: it does one thing after another, and what is asked over the control plane first.

Pages are made in it, a hundredth of a second each; behind eight clients that pull them nobody who looks at a ledger, or
places a call, should have to wait for eight. And nobody should wait for a history of sixty days that is made up: work
that takes long comes in steps, and gives way after some of them. What is done for one request in many turns, as a reset,
can hold pages back meanwhile, for a moment: otherwise it would wait for a page at each of its turns.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Condition, Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from ucmsim.errors import Stopped
from ucmsim.steps import Steps

T = TypeVar("T")

SLICE = 0.02
"""Seconds of long work, about those of a page, behind which a page has its turn, and all that is urgent."""

HELD = 0.1
"""Seconds for which pages are held back, at most."""


AHEAD = 32
"""Things that are done ahead of one that waits, at most: where hundreds of PBXs have calls to write, there may always be one."""

AHEAD_FOR = 0.05
"""Seconds that these may take together: where hundreds of PBXs have their first call, each makes up its people before it."""


class Worker:
    """Does what it is called with in its turn, and `ahead` what goes before all that waits; asked in the reactor thread.

    What is asked of it once it was told to stop fails with `Stopped`, at once.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._urgent: deque[Callable[[], None]] = deque()
        self._pages: deque[Callable[[], None]] = deque()
        self._slices: deque[Callable[[], None]] = deque()
        self._long = 0
        self._in_a_row, self._took = 0, 0.0
        self._page_is_next = False
        self._holding = 0
        self._held_until = self._held_since = math.inf
        self._takes = True
        # Of what waits, and of whether it takes what is put, which the end must not change in the middle of putting.
        self._changed = Condition()
        self._pool = ThreadPool(minthreads=0, maxthreads=1, name="ucmsim-worker")
        # Nobody can interrupt it, and a process that ends does not wait for it longer than it says.
        self._pool.threadFactory = partial(Thread, daemon=True)  # type: ignore[assignment]
        self._pool.start()

    def __call__(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* when what was asked for before is done, or gives way."""
        return self._asked(self._pages, function)

    def ahead(self, function: Callable[[], T]) -> Deferred[T]:
        """Run *function* when the worker has done what it is at, and what else was to go ahead."""
        return self._asked(self._urgent, function)

    def slowly(self, steps: Steps[T]) -> Deferred[T]:
        """Go through *steps*: the first of them ahead, and then by turns with pages, and with other long work."""
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

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold pages back, for `HELD` seconds at most, while what the body asks for is done; one that is under way ends."""
        now = time.monotonic()
        with self._changed:
            self._holding += 1
            self._held_until = now + HELD
        try:
            yield
        finally:
            with self._changed:
                self._holding -= 1
                self._changed.notify()

    def stop(self) -> None:
        """End the thread when it has done what it was asked, steps that are under way to their end."""
        with self._changed:
            self._takes = False
            self._changed.notify()
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
        with self._changed:
            if self._takes:
                waiting.append(work)
                self._changed.notify()
                # Not this one: so many are done as were asked for, each time what is most urgent by then.
                self._pool.callInThread(self._one)
            return self._takes

    def _one(self) -> None:
        with self._changed:
            while self._are_held() and not (self._urgent or self._slices):
                self._changed.wait(self._released() - time.monotonic())
            waiting = self._next()
            work = waiting.popleft()
        begun = time.monotonic()
        work()
        if waiting is self._urgent:
            self._took += time.monotonic() - begun

    def _next(self) -> deque[Callable[[], None]]:
        """Return those of whom one is next: what is urgent, but not for ever, then a page and a slice by turns."""
        may_page = bool(self._pages) and not self._are_held()
        ahead = self._in_a_row < AHEAD and self._took < AHEAD_FOR
        if self._urgent and (ahead or not (may_page or self._slices)):
            self._in_a_row += 1
            return self._urgent
        self._in_a_row, self._took = 0, 0.0
        if self._slices and not (may_page and self._page_is_next):
            return self._slices
        self._page_is_next, self._held_since = False, math.inf
        return self._pages

    def _are_held(self) -> bool:
        """Return whether there are pages that must wait by now."""
        if not (self._holding and self._pages and self._takes):
            return False
        now = time.monotonic()
        self._held_since = min(self._held_since, now)
        return now < self._released()

    def _released(self) -> float:
        """Return when a page has its turn all the same: also where one request follows another."""
        return min(self._held_until, self._held_since + HELD)

    def _slice(self, steps: Steps[T], done: Deferred[T]) -> None:
        """Go on with *steps* until they end, or have had their time and somebody waits who will have a turn after it."""
        until = time.monotonic() + SLICE
        again = partial(self._slice, steps, done)
        try:
            next(steps)
            while time.monotonic() < until or not self._waited_for() or not self._put(self._slices, again):
                next(steps)
            self._page_is_next = True
        except StopIteration as end:
            self._reactor.callFromThread(done.callback, end.value)
        except BaseException:  # noqa: BLE001 - whoever waits for it is told
            self._reactor.callFromThread(done.errback, Failure())

    def _waited_for(self) -> bool:
        """Return whether anybody has a turn if a slice ends now."""
        return bool(self._urgent or self._slices) or (bool(self._pages) and not self._are_held())

    def _ended(self, result: T) -> T:
        self._long -= 1
        return result
