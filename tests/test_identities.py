"""What one PBX can show: the same to whoever asks at the same moment, in a handshake or in the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ucmsim.assembling.identities import ANOTHER, Identities
from ucmsim.certificates.defects import KeyBank
from ucmsim.certificates.keyring import Keyring
from ucmsim.settings import load_pbx

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def at_once(ask: Callable[[], Any], threads: int = 8) -> list[Any]:
    """Return what so many threads got that asked at the same moment."""
    ready, got = threading.Barrier(threads), []

    def go() -> None:
        ready.wait(20)
        got.append(ask())

    asking = [threading.Thread(target=go) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(20)
    return got


@pytest.mark.parametrize(("name", "for_rsa"), [("expired", False), (f"{ANOTHER}1", False), ("expired", True)])
def test_what_is_asked_for_at_once_is_minted_once(tmp_path: Path, name: str, for_rsa: bool) -> None:
    """Who looks at the certificate over the control plane sees that of the handshake that goes on meanwhile."""
    settings = load_pbx({"history": {"days": 0}}, tmp_path)
    for number in range(5):
        (folder := tmp_path / str(number)).mkdir()
        identities = Identities.at_first(Keyring(folder, "hq"), settings, NOW)
        got = at_once(lambda shows=identities: shows.shown(name, NOW, for_rsa=for_rsa))
        assert len(got) == 8
        assert {id(one) for one in got} == {id(got[0])}


def test_a_key_is_made_once() -> None:
    """Also for two defects that use the same one."""
    bank = KeyBank()
    got = at_once(bank.rsa)
    assert {id(key) for key in got} == {id(bank.rsa())}
    assert len(got) == 8
