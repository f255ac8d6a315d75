"""What is told in the place of secrets, and what that stands for when it is sent back. Pure."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import ucmsim
from ucmsim import secrecy
from ucmsim.assembling.hidden import kept, secrets_of, told_fault, told_settings
from ucmsim.faults import FaultRefused, arming

ROOT = Path(ucmsim.__file__).parent
ONE = {"fault": "api.credentials", "password": "one"}
TWO = {"fault": "api.credentials", "password": "two", "name": "second"}
HIDDEN = {"fault": "api.credentials", "password": "***"}
SLOW = {"fault": "http.latency", "seconds": 3}


def test_secrets_are_told_as_stars() -> None:
    """A password, of the page and of a fault; what is none, is not there or cannot be read is told as it is."""
    settings = {"api": {"enable": True, "tls_authentication_password": "x"}, "faults": [ONE, SLOW, {"fault": 3}]}
    assert told_settings(settings) == {
        "api": {"enable": True, "tls_authentication_password": "***"}, "faults": [HIDDEN, SLOW, {"fault": 3}],
    }  # fmt: skip
    plain = {"api": {"tls_authentication_password": None}, "faults": [{"fault": "api.credentials", "password": None}]}
    assert told_settings(plain) == plain
    assert told_fault({"fault": "http.header", "header": "password"}) == {"fault": "http.header", "header": "password"}


def test_secrets_are_found() -> None:
    """Those of the page and of faults, in their order; what has none has none."""
    settings = {"api": {"enable": True, "tls_authentication_password": "x"}, "faults": [ONE, SLOW, TWO]}
    assert list(secrets_of(settings)) == ["x", "one", "two"]
    assert (
        list(secrets_of({"api": {"tls_authentication_password": None}, "faults": [{"fault": "api.credentials"}]})) == []
    )
    assert list(secrets_of({"api": None})) == list(secrets_of({})) == []


@pytest.mark.parametrize(
    ("faults", "before", "found"),
    [
        ([HIDDEN], [ONE], [ONE]),
        ([HIDDEN, SLOW], [SLOW, ONE], [ONE, SLOW]),
        ([told_fault(TWO), HIDDEN], [ONE, TWO], [TWO, ONE]),
        ([HIDDEN, HIDDEN], [ONE, {**ONE, "password": "other"}], [ONE, {**ONE, "password": "other"}]),
        ([{**HIDDEN, "times": 3}], [SLOW, ONE], [{**ONE, "times": 3}]),
        ([{**told_fault(TWO), "times": 3}], [ONE, TWO], [{**TWO, "times": 3}]),
        ([ONE, HIDDEN], [ONE], [ONE, HIDDEN]),
        ([HIDDEN], [], [HIDDEN]),
        ([HIDDEN], [{"fault": "api.credentials"}], [HIDDEN]),
        ([told_fault(TWO)], [ONE], [told_fault(TWO)]),
        ([{"fault": "http.body", "password": "***"}, 3], [ONE], [{"fault": "http.body", "password": "***"}, 3]),
    ],
)  # fmt: skip
def test_stars_stand_for_the_secret_of_the_same_fault(faults: Any, before: Any, found: Any) -> None:
    """The same but for its secret, else one of the same kind and name; each is meant once, and where none is stars stay."""
    assert kept({"faults": faults}, {"faults": before}) == {"faults": found}


@pytest.mark.parametrize(
    ("api", "before", "found"),
    [
        ({"tls_authentication_password": "***"}, {"api": {"tls_authentication_password": "x"}}, "x"),
        ({"tls_authentication_password": "***"}, {}, "***"),
        ({"tls_authentication_password": None}, {"api": {"tls_authentication_password": "x"}}, None),
        ({"tls_authentication_password": "new"}, {"api": {"tls_authentication_password": "x"}}, "new"),
    ],
)
def test_stars_stand_for_the_password_of_the_page(api: Any, before: Any, found: Any) -> None:
    """Anything else says what it is to be."""
    assert kept({"api": api}, before) == {"api": {"tls_authentication_password": found}}


@pytest.mark.parametrize("value", ["", 12345678, True, "se\x07cret-thing", ["secret-thing"], "s" * 129])
def test_a_fault_does_not_quote_its_secret(value: Any) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(FaultRefused) as raised:
        arming({"fault": "api.credentials", "password": value}, defects=())
    (said,) = raised.value.said
    assert (said.path, said.wrong) == (("password",), "what stands here can be no secret")


def test_stars_are_no_secret() -> None:
    """A fault cannot be armed with them where nothing is kept that they stand for."""
    with pytest.raises(FaultRefused) as raised:
        arming(HIDDEN, defects=())
    (said,) = raised.value.said
    wrong = "'***' stands for a secret that is kept, and none is kept here"
    assert (said.path, said.wrong, said.right) == (("password",), wrong, "write the secret itself")


def test_stars_are_spelt_once() -> None:
    """Who tells settings, the journal or a report, and who reads them again, means the same ones."""
    spelling = [
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("*.py")
        if any(
            isinstance(one, ast.Constant) and one.value == secrecy.HIDDEN
            for one in ast.walk(ast.parse(file.read_text()))
        )
    ]
    assert spelling == ["secrecy.py"]
