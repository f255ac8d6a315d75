"""An exchange as it may be told: what its client sent is added, and credentials are taken out of all of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ucmsim.http.request import ApiRequest, Params
from ucmsim.journal.entries import Exchange
from ucmsim.journal.redaction import Discretion


def masked(exchange: Exchange, request: ApiRequest | None, discretion: Discretion, **more: Any) -> Exchange:
    """Return *exchange* with what is told of its *request*, without credentials, and with *more* of its fields."""
    discreet = discretion.about(_texts(exchange, request))
    params: Params = request.params if request else ()
    return replace(
        exchange,
        # In any letter case, which `about` does not look for.
        method=discretion.word(exchange.method),
        target=discreet.target(exchange.target),
        note=_sentence(discreet, exchange.note, params),
        ended=_sentence(discreet, exchange.ended, params),
        version=discretion.word(request.version) if request else "",
        headers=discreet.headers(request.headers) if request else (),
        headers_left_out=len(request.headers) - len(discreet.shown(request.headers)) if request else 0,
        form=discreet.form(request.form) if request else "",
        refusal=discreet.refusal(exchange.refusal, params),
        **more,
    )


def greeted(event: dict[str, Any], discretion: Discretion) -> dict[str, Any]:
    """Return the *event* of a connection without the secrets that its client may have greeted with."""
    tls = event["tls"]
    if not tls or not tls["offered"]:
        return event
    offered = {**tls["offered"], "alpn": [discretion.word(one) for one in tls["offered"]["alpn"]]}
    return {**event, "tls": {**tls, "sni": tls["sni"] and discretion.word(tls["sni"]), "offered": offered}}


def _texts(exchange: Exchange, request: ApiRequest | None) -> Iterator[str]:
    """Yield whatever is told of *exchange* that may have come from its client."""
    yield from (exchange.method, exchange.target, exchange.note, exchange.ended)
    if refusal := exchange.refusal:
        yield from (refusal.parameter, refusal.sentence, refusal.hint)
    if request is not None:
        yield from (request.version, request.form)
        for line in Discretion.shown(request.headers):
            yield from line


def _sentence(discreet: Discretion, sentence: str, params: Params) -> str:
    # Only what is quoted can be a parameter, and to look through all of them can take long.
    return discreet.note(sentence, params if "'" in sentence else ()) if sentence else ""
