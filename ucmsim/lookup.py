"""What is left to do for a request once it is decided: look up, dress what is found, let faults at it. Pure; runs in the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ucmsim.face import Work
from ucmsim.faults import Settled
from ucmsim.reply import Content, Reply, Wait

Dress = Callable[[Content], Reply]
"""Makes a `Reply` of what a handler answers; knows the request's circumstances."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Work for the worker thread, and how what it answers is dressed."""

    work: Work
    dress: Dress

    def reply(self) -> Reply:
        """Look up and dress: what the worker is given to do."""
        return self.dress(self.work.content())


def waiting(dress: Dress, seconds: float) -> Dress:
    """Return *dress*, whose replies wait so many *seconds* first."""
    return (lambda content: dress(content).first(Wait(seconds))) if seconds else dress


def finished(dress: Dress, contents: Settled, http: Settled, names: tuple[str, ...], content: Content) -> Reply:
    """Dress *content*, after the faults about content had it, then let those of the http plane at it."""
    reply = http.applied(dress(contents.applied(content)))
    return replace(reply, faults=names) if names else reply
