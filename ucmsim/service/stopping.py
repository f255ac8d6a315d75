"""Ends the process in order: before the reactor runs, which takes signals itself from then on, and within a time."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, MappingProxyType
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

_log = Logger()
_DEFAULTS: Mapping[signal.Signals, Any] = MappingProxyType(
    {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
)


def within(seconds: float, work: Deferred[Any], reactor: Any, late: Callable[[], object]) -> Deferred[None]:
    """Fire when *work* is done, or after so many *seconds*, and then call *late* first.

    That it failed is told in the log: nobody waits for more than its end.
    """
    done: Deferred[None] = Deferred()

    def end() -> None:
        late()
        done.callback(None)

    timer = reactor.callLater(seconds, end)

    def ended(result: object) -> None:
        if isinstance(result, Failure):
            _log.failure("Something failed while everything stopped", result)
        if timer.active():
            timer.cancel()
            done.callback(None)

    work.addBoth(ended)
    return done


class Signalled(BaseException):
    """A signal asks the process to end: no error, so that nobody who minds errors takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Signalled` in the body on SIGINT, SIGTERM and SIGHUP, so that it can take back what it began.

    Then the signal is said and ends the process as if nobody had caught it. A signal that somebody else handles or
    ignores is left alone, and so are all of them outside the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    free = [number for number, usual in _DEFAULTS.items() if main and signal.getsignal(number) == usual]
    for number in free:
        signal.signal(number, _raised)
    try:
        yield
    except Signalled as stopped:
        sys.stderr.write(f"stopped by {stopped.signal.name} before everything listened\n")
        sys.stderr.flush()
        signal.signal(stopped.signal, signal.SIG_DFL)
        os.kill(os.getpid(), stopped.signal)
        raise  # never reached where the signal is not blocked
    finally:
        for number in free:
            signal.signal(number, _DEFAULTS[number])


def heeding_hangup(hung_up: Callable[[], object]) -> Callable[[], object]:
    """Call *hung_up* on SIGHUP, as the reactor takes the other signals; return what ends that.

    Where somebody else handles it or ignores it, as `nohup` does, and outside the main thread, it is left alone.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGHUP) != signal.SIG_DFL:
        return lambda: None
    signal.signal(signal.SIGHUP, lambda *_: hung_up())
    return lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _raised(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would cut short what takes back the rest
    raise Signalled(number)
