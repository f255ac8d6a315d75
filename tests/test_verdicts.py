"""The server's verdict on a client, and the alerts that OpenSSL tells of in words."""

from __future__ import annotations

import pytest

from ucmsim.verdicts import ALERTS, Verdict, alert_of, objection, verdict


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"hello": False, "heard": False}, "undecided"),
        ({"hello": True, "heard": False}, "refused"),
        ({"hello": True, "heard": False, "alert": 45}, "refused with alert 45 certificate_expired"),
        ({"hello": True, "heard": False, "alert": 255}, "refused with alert 255 of no name"),
        ({"hello": True, "heard": True}, "accepted"),
        ({"hello": True, "heard": True, "alert": 0}, "accepted"),
    ],
)
def test_verdict(seen: dict[str, bool], said: str) -> None:
    """Application bytes are what counts; an alert belongs to a refusal."""
    assert str(verdict(**seen)) == said


def test_verdicts_are_values() -> None:
    """Two connections that went the same way have the same verdict."""
    assert verdict(hello=True, heard=False, alert=48) == Verdict("refused", 48)


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("sslv3 alert bad certificate", 42),
        ("tls alert bad certificate", 42),
        ("ssl/tls alert certificate expired", 45),
        ("tlsv1 alert unknown ca", 48),
        ("tlsv13 alert certificate required", 116),
        ("tlsv1 bad certificate status response", 113),
        ("tlsv1 unsupported extension", 110),
        ("tls alert certificate unknown", 46),
        ("tls alert bad certificate hash value", 114),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", 45),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:1006)", 48),
        ("no shared cipher", None),
        ("http request", None),
        ("unexpected eof while reading", None),
        ("tls alert of a kind that there is not", None),
        ("scripted: handshake failure", None),
        ("", None),
    ],
)
def test_alert_of(reason: str, number: int | None) -> None:
    """Every version of OpenSSL says it in its own words; what is no alert of the client's is none."""
    assert alert_of(reason) == number


@pytest.mark.parametrize("number", [number for number in ALERTS if number])
def test_every_alert_is_understood(number: int) -> None:
    """Each alert that there is can be told from all others by its name."""
    assert alert_of(f"tls alert {ALERTS[number].replace('_', ' ')}") == number


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (45, "the certificate"),
        (40, "too weak"),
        (70, "no such version"),
        (80, "failed by itself"),
        (47, "the handshake itself"),
    ],
)
def test_what_a_client_objects_to(alert: int, said: str) -> None:
    """Its alert tells whether it is the certificate, or what comes before one."""
    assert said in objection(alert)


@pytest.mark.parametrize("alert", [None, 90, 255])
def test_an_alert_that_tells_nothing(alert: int | None) -> None:
    """Then only the client knows."""
    assert objection(alert) == "its own log may say why"
