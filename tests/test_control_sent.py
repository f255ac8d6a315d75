"""What is sent to the control plane and is not as it should be: each gets the one error shape, and nothing fails."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.controlling import Answer, Control


def sent(control: Control, body: bytes, media_type: str | None, path: str) -> Answer:
    """Send *body*, called *media_type*, with PUT."""
    place = urlsplit(control.client.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
    headers = {"Authorization": f"Bearer {control.client.token}"}
    try:
        connection.request(
            "PUT", path, body, headers if media_type is None else {**headers, "Content-Type": media_type}
        )
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    "media_type",
    [
        None, "", "application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json", "text/plain",
        "application/x-www-form-urlencoded",
    ],
)  # fmt: skip
def test_json_may_be_called_many_things(control: Control, hq: str, media_type: str | None) -> None:
    """What curl and browsers call a body whose type nobody says is read as JSON as well."""
    assert sent(control, b'{"rate": 0}', media_type, f"{hq}/clock").json["rate"] == 0


@pytest.mark.parametrize(
    "media_type",
    ["multipart/form-data; boundary=x", "multipart/form-data", "text/xml", "application/octet-stream", "?"],
)
def test_what_is_called_something_else_is_refused(control: Control, hq: str, media_type: str) -> None:
    """With 415, also where it would be JSON, and before anybody tries to read it."""
    for body in (b'{"rate": 0}', b"--x\r\nrubbish", b""):
        answer = sent(control, body, media_type, f"{hq}/clock")
        assert answer.told == (415, "unsupported-media-type", None)
        assert answer.error["message"] == f"'{media_type.partition(';')[0]}' is no JSON; send application/json"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"rate": 0, "rate": 1}', "the body is not JSON: a key stands twice in one object"),
        (b"\xff\xfe", "the body is not JSON: "),
    ],
)
def test_what_is_no_json(control: Control, hq: str, body: bytes, said: str) -> None:
    """It is said why."""
    answer = sent(control, body, None, f"{hq}/clock")
    assert answer.told == (400, "not-json", None)
    assert answer.error["message"].startswith(said)


@pytest.mark.parametrize(
    ("body", "said", "field"),
    [
        (rb'{"time_zone": "Mars/\ud800"}', r"'\ud800' is half a character, so this is no text", "time_zone"),
        (rb'{"\uDFFF": 1}', r"'\udfff' is half a character, so this is no text", None),
        (rb'{"a": {"b": [1, "\udabc"]}}', r"'\udabc' is half a character, so this is no text", "a.b"),
    ],
)
def test_half_a_character_is_no_text(control: Control, hq: str, body: bytes, said: str, field: str | None) -> None:
    """Nobody could write it down, so that it is refused before anything is done, and its place is named."""
    answer = sent(control, body, None, f"{hq}/clock")
    assert (answer.told, answer.error["message"]) == ((400, "invalid", field), said)


def test_a_character_of_two_halves_is_one(control: Control, hq: str) -> None:
    """As JSON writes what is beyond the first plane."""
    answer = sent(control, rb'{"time_zone": "\ud83d\ude00"}', None, f"{hq}/clock")
    assert answer.told == (400, "invalid", "time_zone")


@pytest.mark.parametrize("step", [1e308, -1e308])
def test_a_step_beyond_all_time_is_refused(control: Control, hq: str, step: float) -> None:
    """Also where it is no number of microseconds."""
    before = control("PUT", f"{hq}/clock", {"rate": 0}).json["now"]
    assert control("PUT", f"{hq}/clock", {"step": step}).told == (400, "invalid", "step")
    assert control("GET", f"{hq}/clock").json["now"] == before


def test_names_may_be_quoted(control: Control, hq: str) -> None:
    """As in any URL."""
    name = hq.rpartition("/")[2]
    quoted = "".join(f"%{ord(letter):02x}" for letter in name)
    assert control("GET", f"/v1/pbxs/{quoted}").json["name"] == name


def test_parameters_where_there_are_none(control: Control, hq: str) -> None:
    """Somebody meant something by them, so that they are not passed over."""
    for method, path in (("GET", f"{hq}/identity"), ("DELETE", f"{hq}/faults"), ("GET", "/v1/status")):
        answer = control(method, f"{path}?limit=3")
        assert answer.told == (400, "invalid", "limit")
        assert answer.error["message"] == "'limit' is no parameter here; this takes none"
    assert control("GET", "/healthz?now=1").status == 200


def test_a_form_is_no_query(control: Control, hq: str) -> None:
    """What a body says is not taken for what a URL says."""
    answer = sent(control, b"limit=1", "application/x-www-form-urlencoded", f"{hq}/clock")
    assert answer.told == (400, "not-json", None)
    assert json.loads(answer.data)["error"]["message"].startswith("the body is not JSON: ")
