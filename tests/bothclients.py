"""Both clients of the control plane, asked in the same way: a test that connects with one of them runs with each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from ucmsim.client import ControlClient
from ucmsim.contract.answers import Entry
from ucmsim.treqclient import TreqControlClient

Connect = Callable[..., TreqControlClient]
"""Takes the URL, the token and what else a client takes; the token may be left out where nobody looks at it."""


def over_treq(url: str, token: str = "token", **more: Any) -> TreqControlClient:
    """Return the client for Twisted programs."""
    from twisted.internet import reactor  # noqa: TID251 - the one of pytest-twisted

    return TreqControlClient(reactor, url, token, **more)


def in_a_thread(url: str, token: str = "token", **more: Any) -> TreqControlClient:
    """Return the synchronous client, asked in a thread: its answers come in Deferreds, as those of the other do."""
    return cast("TreqControlClient", _InAThread(ControlClient(url, token, **more)))


CLIENTS: Mapping[str, Connect] = MappingProxyType({"http.client": in_a_thread, "treq": over_treq})


class _InAThread:
    """Asks *client* for each thing in a thread."""

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Deferred[Any]]:
        ask = getattr(self._client, name)
        return lambda *given, **more: deferToThread(ask, *given, **more)

    async def follow_journal(self, *given: Any, **more: Any) -> AsyncGenerator[Entry, None]:
        followed = self._client.follow_journal(*given, **more)
        try:
            while entry := await deferToThread(next, followed, None):
                yield entry
        finally:
            followed.close()
