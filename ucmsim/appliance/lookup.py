"""What is left to do for a request once it is decided: look up, dress what is found, let faults at it. Pure; runs in the worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from ucmsim.appliance.face import Face, Work
from ucmsim.faults import Settled
from ucmsim.http.reply import Content, Reply, Wait
from ucmsim.http.request import ApiRequest

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


def dressing(
    face: Face,
    request: ApiRequest | None,
    now: datetime,
    *,
    before: tuple[Settled, ...],
    replying: tuple[Settled, Settled],
    keeps: bool,
) -> Dress:
    """Return how what *face* answers to *request* is dressed at *now*, None being what never became a request.

    The faults of *before* have acted already; those that are about *replying*, to its content and to the reply, do as
    `finished` says. The connection stays open where it *keeps* it.
    """
    contents, http = replying
    names = tuple(name for one in (*before, contents, http) for name in one.names)
    head_only = request is not None and request.method == "HEAD"
    dress = partial(face.heading.dressed, now=now, head_only=head_only, keep=keeps)
    return partial(finished, dress, contents, http, names)
