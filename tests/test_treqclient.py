"""What the client for Twisted programs alone does; what both do stands in `test_control_asking.py` and beside it."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest
import pytest_twisted
import requests
from treq.client import HTTPClient
from twisted.internet.defer import fail

from tests.controlling import Control
from ucmsim.client import ControlClient
from ucmsim.contract.methods import ControlMethods
from ucmsim.pytest_plugin import Ucm
from ucmsim.treqclient import TreqControlClient


def there(url: str, token: str = "token", **more: Any) -> TreqControlClient:
    from twisted.internet import reactor  # noqa: TID251 - the one of pytest-twisted

    return TreqControlClient(reactor, url, token, **more)


@pytest_twisted.ensureDeferred
async def test_the_journal_is_what_a_loop_goes_over(control: Control, ucm: Ucm) -> None:
    """It is closed when the loop is left, and what goes over it."""
    requests.get(f"{ucm.url}/cdrapi?n=1", verify=ucm.ca, timeout=10)
    found = []
    followed = there(control.client.url, control.client.token).follow_journal(ucm.name, after=0, kind="exchange")
    async for entry in followed:
        found.append(entry.target)
        if len(found) == 2:
            break
        requests.get(f"{ucm.url}/cdrapi?n=2", verify=ucm.ca, timeout=10)
    await followed.aclose()
    assert found == ["/cdrapi?n=1", "/cdrapi?n=2"]


@pytest_twisted.ensureDeferred
async def test_a_mistake_of_a_program_is_no_network() -> None:
    """What the caller's own HTTP client does wrong is not told as a control plane that cannot be reached."""

    class Wrong(HTTPClient):
        def request(self, *_arguments: Any, **_more: Any) -> Any:
            return fail(AttributeError("no such thing"))

    with pytest.raises(AttributeError, match="no such thing"):
        await there("http://127.0.0.1:1", http=Wrong(None)).status()


def _methods(kind: type) -> dict[str, list[inspect.Parameter]]:
    found = {name: method for name, method in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    return {name: list(inspect.signature(method).parameters.values()) for name, method in found.items()}


@pytest.mark.parametrize("client", [ControlClient, TreqControlClient])
def test_help_says_what_each_method_does(client: type) -> None:
    """In both clients, by the same words."""
    for name in _methods(client):
        said = pydoc.plain(pydoc.render_doc(getattr(client, name)))
        assert str(inspect.getdoc(getattr(ControlMethods, name))).splitlines()[0] in said


def test_both_clients_have_the_same_methods() -> None:
    """With the same parameters, of the same kinds, types and defaults."""
    assert _methods(TreqControlClient) == _methods(ControlClient)
