"""Secrets over the control plane: told by nothing, kept by what is told in their place, and out of the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.controlling import PASSWORD, Control, api, fetched
from ucmsim.certificates.authority import self_signed
from ucmsim.scenarios.bridge import Bridge

NOW = datetime.now(UTC)
FAULT = {"fault": "api.credentials", "name": "other", "username": "joe", "password": "of-a-fault"}
ACCOUNT = {"tls_authentication_name": "cdrapi", "tls_authentication_password": PASSWORD}
NONE_KEPT = "'***' stands for a secret that is kept, and none is kept here; write the secret itself"


def logged_in(pbx: dict[str, Any], user: str, password: str) -> int:
    """Return the status that a client with these credentials gets."""
    login = requests.auth.HTTPDigestAuth(user, password)
    return requests.get(f"{pbx['url']}/cdrapi", auth=login, verify=pbx["ca"], timeout=20).status_code


def test_no_answer_has_the_password_of_a_fault(control: Control) -> None:
    """Neither that to who arms it, nor a list, nor the settings; that there is one can be seen."""
    pbx = control.create(faults=[FAULT], api=api(**ACCOUNT)).json
    base = f"/v1/pbxs/{pbx['name']}"
    answers = [
        control("POST", f"{base}/faults", {**FAULT, "name": "armed"}),
        control("PATCH", f"{base}/faults/armed", {"times": 3}),
        control("POST", f"{base}/faults", {**FAULT, "name": "armed"}),
        *(control("GET", path) for path in (base, "/v1/pbxs", f"{base}/faults")),
    ]
    assert [answer.status for answer in answers] == [201, 200, 409, 200, 200, 200]
    assert not any(b"of-a-fault" in answer.data or PASSWORD.encode() in answer.data for answer in answers)
    assert [one["password"] for one in answers[-1].json["items"]] == ["***", "***"]
    assert answers[0].json["password"] == answers[1].json["password"] == "***"


def test_stars_keep_a_secret_in_a_patch(control: Control) -> None:
    """Of the settings, of the page, and of an armed fault, which then still let in who has it."""
    pbx = control.create(faults=[], api=api(**ACCOUNT)).json
    base = f"/v1/pbxs/{pbx['name']}"
    stars = {"tls_authentication_password": "***"}
    assert control("PATCH", base, {"api": stars}).json["changed"] == []
    assert control("PATCH", f"{base}/api", {**stars, "permitted_ips": ["127.0.0.1"]}).json["password_set"] is True
    assert logged_in(pbx, "cdrapi", PASSWORD) == 200
    assert control("PATCH", base, {"faults": [FAULT]}).json["changed"] == ["faults"]
    told = control("GET", base).json["settings"]["faults"]
    assert control("PATCH", base, {"faults": told}).json["changed"] == []
    assert control("PATCH", f"{base}/faults/other", {"password": "***", "times": 99}).json["times"] == 99
    assert (logged_in(pbx, "joe", "of-a-fault"), logged_in(pbx, "cdrapi", PASSWORD)) == (200, 401)
    assert control("PATCH", base, {"faults": [{**told[0], "username": "ann"}]}).json["changed"] == ["faults"]
    assert logged_in(pbx, "ann", "of-a-fault") == 200


def test_stars_are_refused_where_no_secret_is(control: Control) -> None:
    """With a sentence that says so, and nothing is changed."""
    named = "api.tls_authentication_password"
    stars = api(tls_authentication_name="x", tls_authentication_password="***")
    made = control.create(api=stars)
    assert (made.told, made.error["message"]) == ((400, "invalid", named), NONE_KEPT)
    assert control("PUT", f"/v1/pbxs/{control.name()}", {"api": stars}).told == (400, "invalid", named)
    base = f"/v1/pbxs/{control.create().json['name']}"
    before = control("GET", base).json
    for method, path, body, field in (
        ("PATCH", base, {"api": {"tls_authentication_password": "***"}}, named),
        ("PUT", base, {"faults": [{**FAULT, "password": "***"}]}, "faults[0].password"),
        ("PATCH", f"{base}/api", {"tls_authentication_password": "***"}, "tls_authentication_password"),
        ("POST", f"{base}/faults", {**FAULT, "password": "***"}, "password"),
    ):
        answer = control(method, path, body)
        assert (answer.told, answer.error["message"]) == ((400, "invalid", field), NONE_KEPT)
    assert control("GET", base).json == before


@pytest.mark.parametrize("spill", [None, 100])
def test_the_journal_is_told_without_what_was_a_password(control: Control, spill: int | None) -> None:
    """Of a fault that is gone, of the settings before they were changed, and what became one after it was sent."""
    early, former, later = "sent-before-it-was-one", "changed-since-then", "of-a-fault-of-old"
    page = api(tls_authentication_name=None, tls_authentication_password=former)
    pbx = control.create(api=page, journal={} if spill is None else {"spill": spill}).json
    base = f"/v1/pbxs/{pbx['name']}"

    def ask(word: str) -> None:
        headers = {"User-Agent": f"client/{word}"}
        requests.get(f"{pbx['url']}/cdrapi?caller={word}", verify=pbx["ca"], headers=headers, timeout=20)

    def told() -> bytes:
        return control("GET", f"{base}/journal?limit=1000").data

    ask(early)
    assert early.encode() in told()
    control("POST", f"{base}/faults", {**FAULT, "name": "a", "password": early, "when": {"nth": [99]}})
    control("POST", f"{base}/faults", {**FAULT, "name": "b", "password": later, "when": {"nth": [99]}})
    control("DELETE", f"{base}/faults")
    control("PATCH", f"{base}/api", {"tls_authentication_password": "another-one"})
    ask(former)
    ask(later)
    control("PATCH", base, {"quirks": {"order": "desc"}})  # another appliance, the same journal
    for word in (early, former, later):
        ask(word)
    events = told()
    assert [word for word in (early, former, later) if word.encode() in events] == []
    targets = [one["request"]["target"] for one in control("GET", f"{base}/journal?kind=exchange").json["items"]]
    assert targets == ["/cdrapi?caller=***"] * 6
    assert fetched(pbx)
    control("POST", f"{base}/reset")
    ask(later)
    assert later.encode() not in told()


def test_a_scenario_compares_no_secrets(control: Control) -> None:
    """A PBX has what a scenario needs where it has some secret, and what it lacks is not told."""
    secrets = {"api": dict(ACCOUNT), "faults": [FAULT]}
    pbx = control.create(faults=[FAULT], api=api(**ACCOUNT)).json
    assert Bridge(control.client, pbx["name"]).differing(secrets) == []
    other = Bridge(control.client, control.create().json["name"]).differing(secrets)
    assert other[1] == "api.tls_authentication_password is None, and the scenario needs ***"
    assert PASSWORD not in " ".join(other)
    assert "of-a-fault" not in " ".join(other)


@pytest.mark.parametrize("lines", [True, False])
def test_a_key_that_stands_where_its_file_is_due_is_not_quoted(control: Control, lines: bool) -> None:
    """Whoever creates or changes a PBX is told where its text goes, and everybody with ``*`` sees nothing of it."""
    key = self_signed(("127.0.0.1",), NOW).key_pem.decode()
    key = key if lines else key.replace("\n", "")
    body, base = key.partition("KEY-----")[2].strip()[:40], "/v1/pbxs/hq"
    control.create("hq")
    wrong = {"api": {"tls_private_key": key, "tls_cert": "cert.pem"}}
    answers = [
        control("POST", "/v1/pbxs", {"name": "other", **wrong}),
        control("PUT", base, wrong),
        control("PATCH", base, wrong),
    ]
    for answer in answers:
        assert answer.told == (400, "invalid", "api.tls_private_key")
        assert answer.json["error"]["message"] == (
            "this is the text of a file, not its path; write the path of a file; a running PBX takes key and certificate "
            "themselves: PATCH /v1/pbxs/{pbx}/api"
        )
    page = control("PATCH", f"{base}/api", wrong["api"])
    assert page.status == 400
    assert body not in "".join(answer.data.decode() for answer in (*answers, page))
