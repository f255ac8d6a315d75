"""What a journal knows to have been a password, and what its events are told without. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers import at, make_pbx
from ucmsim.faults import Admission
from ucmsim.journal.hello import Offered
from ucmsim.journal.passwords import REMEMBERED, Passwords


def event(number: int, **told: Any) -> dict[str, Any]:
    return {"id": number, "pbx": "hush", "note": "", **told}


@pytest.mark.parametrize("word", ["hushed-up", "abc"])
@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"note": "{}"}, {"note": "***"}),
        ({"request": {"target": "/cdrapi?caller={}", "headers": []}}, {"request": {"target": "/cdrapi?caller=***", "headers": []}}),
        ({"request": {"target": "/", "headers": [["X", "{}"]]}}, {"request": {"target": "/", "headers": [["X", "***"]]}}),
        ({"tls": {"sni": "{}", "resumed": None}}, {"tls": {"sni": "***", "resumed": None}}),
    ],
)  # fmt: skip
def test_what_became_a_password_is_not_told_any_more(word: str, told: Any, shown: Any) -> None:
    """In events up to the one that was the latest then; later ones were written without it."""

    def spelt(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: spelt(one) for key, one in value.items()}
        return [spelt(one) for one in value] if isinstance(value, list) else value and value.replace("{}", word)

    passwords = Passwords()
    passwords.learn("joe", word, 2)
    events = [event(number, **spelt(told)) for number in (1, 2, 3)]
    assert list(passwords.veiled(events)) == [event(1, **shown), event(2, **shown), events[2]]


def test_what_no_client_sent_is_told_as_it_is() -> None:
    """A PBX may be called as a password is."""
    passwords = Passwords()
    passwords.learn("joe", "hush", 9)
    assert list(passwords.veiled([event(1)])) == [event(1)]


def test_the_latest_are_known() -> None:
    """As many as are remembered; what is right again counts as the latest, with what it was first known at."""
    passwords = Passwords()
    passwords.learn("joe", "the-first-one", 5)
    passwords.learn("joe", "the-second-one", 6)
    for number in range(REMEMBERED - 1):
        passwords.learn("joe", "the-first-one", 100)
        passwords.learn("joe", f"another-{number:04}", 7)
    assert passwords.discretion.text("the-second-one") == "the-second-one"
    assert passwords.discretion.text("it is the-first-one") == "***"
    assert passwords.discretion.text("another-0000") == "***"


def test_the_default_of_a_fault_is_no_secret() -> None:
    """It stands in the documentation, and may be a word of a query."""
    pbx = make_pbx(faults=[{"fault": "api.credentials"}, {"fault": "api.credentials", "password": "of-its-own"}])
    assert pbx.journal.passwords.discretion.text("sort=changed") == "sort=changed"
    assert pbx.journal.passwords.discretion.text("of-its-own") == "***"


def test_a_greeting_has_no_password() -> None:
    """What a client names in its ClientHello is told without one, in whatever letters."""
    pbx = make_pbx(faults=[{"fault": "api.credentials", "password": "of-its-own"}])
    visit = pbx.arrived("127.0.0.1", 4711, Admission(), at().wall)
    visit.offered = Offered((772,), (4865,), name="OF-its-own.example", alpn=("h2", "of-its-own"))
    pbx.left(visit, at(1).wall)
    (told,) = pbx.journal.entries()
    assert (told["tls"]["sni"], told["tls"]["offered"]["alpn"]) == ("***", ["h2", "***"])
