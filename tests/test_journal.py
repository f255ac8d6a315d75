"""The access line: what it says, what it never says, and that it stays one line of printable text."""

from __future__ import annotations

import json
import string
import time
from base64 import b64encode
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.makers import ACCOUNT, CLIENT, PASSWORD, Client, at, header, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reply import Reply
from ucmsim.http.request import ApiRequest, text
from ucmsim.journal import LINE, Discretion, Exchange
from ucmsim.journal.credentials import in_url, may_tell


def exchange(target: str = "/cdrapi", **changes: object) -> Exchange:
    """Return a good exchange for *target* with *changes*."""
    fields = {"pbx": "hq", "peer": CLIENT, "method": "GET", "status": 200, "rows": 3, "bytes": 822, "seconds": 0.0125}
    return Exchange(target=target, **{**fields, **changes})


def told(pbx: Pbx, asked: ApiRequest, reply: Reply | None = None) -> str:
    """Return the access line of what *pbx* answers to *asked*, or of *reply*."""
    reply = reply or pbx.answer(asked, at())
    one = Exchange(
        pbx=pbx.name,
        peer=asked.peer,
        method=asked.method,
        target=asked.target,
        status=reply.status,
        rows=reply.rows,
        bytes=len(reply.body),
        seconds=0.0,
        note=reply.note,
        faults=reply.faults,
    )
    return str(pbx.record(one, asked))


# What it says


def test_a_good_exchange_is_one_short_line():
    """PBX, peer, request, status, rows, bytes and time."""
    assert str(exchange("/cdrapi?format=json")) == (
        'hq 127.0.0.1 "GET /cdrapi?format=json" 200 rows=3 bytes=822 12.5 ms'
    )


def test_an_exchange_that_went_wrong_says_everything():
    """The refusal, the faults that fired and the untimely end follow in this order."""
    line = str(exchange(note="'caler' is unknown", faults=("slow", "deny"), ended="the client went away"))
    assert line.endswith(" 12.5 ms - 'caler' is unknown [faults: slow, deny] [the client went away]")


@pytest.mark.parametrize(("field", "value", "said"), [("rows", None, " rows=- "), ("status", 0, " - rows=")])
def test_what_there_is_none_of_is_a_hyphen(field, value, said):
    """An error page has no rows, a request that was never answered no status."""
    assert said in str(exchange(**{field: value}))


def test_no_rows_are_0_rows():
    """An empty page is told apart from no page."""
    assert " rows=0 " in str(exchange(rows=0))


def test_the_line_is_made_of_its_fields():
    """A log that keeps fields gets each of them as text, and the same line."""
    fields = exchange().fields()
    assert LINE.format(**fields) == str(exchange())
    assert all(isinstance(value, str) for value in fields.values())


def test_the_line_of_a_pbx_says_what_it_did():
    """What the PBX answers, why, and through which fault, is in its line."""
    pbx = make_pbx(faults=[{"fault": "api.deny", "name": "no", "when": {"nth": [2]}}])
    assert told(pbx, request("/cdrapi?caler=5300")).endswith(
        '"GET /cdrapi?caler=5300" 200 rows=0 bytes=186 0.0 ms - '
        "'caler' is not a parameter of /cdrapi (did you mean 'caller'?)"
    )
    assert told(pbx, request("/cdrapi")).endswith("403 rows=- bytes=234 0.0 ms - 127.0.0.1 is denied by the fault "
                                                  "api.deny [faults: no]")  # fmt: skip


def test_a_long_target_is_cut():
    """The longest request line of the device does not fill the log."""
    line = str(exchange("/cdrapi?caller=" + "5" * 4000))
    assert len(line) < 700
    assert '..." 200 ' in line


# One line of printable text


def is_plain(line: str) -> bool:
    """Whether *line* is one line of printable ASCII."""
    return line.isascii() and line.isprintable()


@given(method=st.binary(max_size=20).map(text), target=st.binary(max_size=1000).map(text))
def test_any_request_is_told_in_one_plain_line(method, target):
    """Whatever bytes were sent, the line has no control character, no quote of its own, and no second line."""
    line = str(exchange(target, method=method))
    assert is_plain(line)
    assert line.count('"') == 2


def test_a_byte_is_told_as_its_escape():
    """What cannot be shown is percent-encoded, so that it can be read back."""
    target = text(b'/cdrapi?caller="\x1b[31m\xff\xc3\xa9')
    assert '"GET /cdrapi?caller=%22%1B[31m%FF%C3%A9"' in str(exchange(target))


parameters = st.sampled_from(["caller", "format", "numRecords", "startTime", "minDur", ""]) | st.text(max_size=8)


@settings(deadline=None)
@given(name=parameters, value=st.text(max_size=30) | st.binary(max_size=30).map(text))
def test_a_refusal_is_told_in_one_plain_line(name, value):
    """What a refusal quotes from the request brings nothing into the line that the request may not."""
    query = "=".join(quote(part.encode("utf-8", "surrogateescape")) for part in (name, value))
    assert is_plain(told(make_pbx(), request(f"/cdrapi?{query}")))


@pytest.mark.parametrize("sent", ["\x1b[31mred", "\udcff", "a\rb", "\u2028", 'x" 200 rows=9'])
@pytest.mark.parametrize("field", ["algorithm", "nonce", "nc"])
def test_wrong_credentials_are_told_in_one_plain_line(field, sent):
    """What a refusal quotes from the Authorization header is made printable too."""
    fields = {"username": "u", "realm": "r", "nonce": "1", "uri": "/", "response": "0", "nc": "1", field: sent}
    value = "Digest " + ", ".join(f'{name}="{one}"'.replace('x"', 'x\\"') for name, one in fields.items())
    assert is_plain(told(make_pbx(api=ACCOUNT), request("/cdrapi", authorization=value)))


# What it never says


def shown(target: str, password: str | None = PASSWORD) -> str:
    """Return the request target as a PBX with that *password* tells it."""
    pbx = make_pbx(api={"tls_authentication_name": "joe", "tls_authentication_password": password})
    return pbx.record(exchange(target), request(target)).fields()["target"]


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        ("/cdrapi?password=cdrapi1", "/cdrapi?password=***"),
        ("/cdrapi?Password=a&PASSWD=b&secret=c&token=d", "/cdrapi?Password=***&PASSWD=***&secret=***&token=***"),
        ("/cdrapi?user=joe&username=joe", "/cdrapi?user=***&username=***"),
        ("/cdrapi?password=a&format=csv", "/cdrapi?password=***&format=csv"),
        ("https://joe:letmein@pbx/cdrapi", "https://***@pbx/cdrapi"),
        ("/cdrapi?callback=https://joe:letmein@pbx/", "/cdrapi?callback=https://***@pbx/"),
        ("https://joe:let@me@in@pbx/cdrapi", "https://***@pbx/cdrapi"),
        ("/cdrapi?caller=5300@", "/cdrapi?caller=5300@"),
        ("/cdrapi?bypass=1", "/cdrapi?bypass=1"),
    ],
)
def test_credentials_in_a_target_are_masked(target, masked):
    """Parameters with the names of secrets, and user:password@, are masked whatever the account is."""
    assert shown(target, None) == shown(target) == masked


def test_a_short_secret_is_not_looked_for_inside_of_words():
    """Below 4 characters every other number in the log would be masked."""
    assert shown("/cdrapi?caller=5301&callee=1530", "530") == "/cdrapi?caller=5301&callee=1530"


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        ("/backup/Zqx", "***"),
        ("/Zqx/cdrapi?format=csv", "***?format=csv"),
        ("/backup/%5Aqx", "***"),
        ("/cdrapi?x=Zqx&y=/a/Zqx", "/cdrapi?x=***&y=***"),
        ("/backup/Zqx1", "/backup/Zqx1"),
    ],
)
def test_a_short_secret_is_masked_as_a_whole(target, masked):
    """Below 4 characters it is masked where it is all of a value, or of a segment of a path."""
    assert shown(target, "Zqx") == masked


@pytest.mark.parametrize(
    "sent",
    [
        "G%E4rtner-PLANT-77",
        "G%e4rtner%2DPLANT%2D77",
        "G%25E4rtner-PLANT-77",
        "G\udce4rtner-PLANT-77",
        "Ga%CC%88rtner-PLANT-77",
        "G%C3%83%C2%A4rtner-PLANT-77",
        "Gärtner-PLANT-77".encode("latin-1").hex(),
        b64encode("Gärtner-PLANT-77".encode("latin-1")).decode().rstrip("="),
    ],
)
def test_a_password_in_another_charset_is_masked(sent):
    """A client that writes Latin-1, or letters and their accents apart, tells the password as well as one with UTF-8."""
    assert shown(f"/cdrapi?q={sent}&y=1", "Gärtner-PLANT-77") == "/cdrapi?q=***&y=1"
    assert shown(f"/a/{sent}?y=1", "Gärtner-PLANT-77") == "***?y=1"


def test_the_pbxs_password_is_masked_wherever_it_stands():
    """The password is masked in the path and in any parameter, and the rest can still be read."""
    told = shown(f"/cdrapi?caller={PASSWORD}&offset=5&x={PASSWORD}{PASSWORD}&{PASSWORD}=1&callee=5301")
    assert PASSWORD not in told
    assert {"/cdrapi?caller=***", "offset=5", "callee=5301"} <= set(told.split("&"))
    assert PASSWORD not in shown(f"/{PASSWORD}/cdrapi")


def test_no_credentials_get_into_the_line():
    """A request with right credentials, and one with wrong ones, leave none of them in the line."""
    pbx = make_pbx(api=ACCOUNT)
    client = Client(pbx)
    lines = [told(pbx, request("/cdrapi"), reply) for reply in (client.challenged(), client.ask())]
    basic = request("/cdrapi", authorization="Basic Y2RyYXBpOmNkcmFwaTEyMw==")
    assert not [line for line in (*lines, told(pbx, basic)) if PASSWORD in line or "Y2Ry" in line]
    assert header(client.challenged(), "WWW-authenticate")


# A star is left out because the mask is made of stars.
letters = string.ascii_letters + string.digits + string.punctuation.replace("*", "") + " äß€\U0001f512"
passwords = st.text(letters, min_size=4, max_size=16)
frames = st.sampled_from(["/{}", "/cdrapi?caller={}", "/cdrapi?{}", "/cdrapi?{}={}", "/cdrapi?x={}&x={}", "/a/{}?b#{}"])
WAYS = {
    "raw": str,
    "percent": lambda password: quote(password, safe=""),
    "plus": lambda password: quote_plus(password, safe=""),
    "quoted": quote,
    "lower": lambda password: "".join(
        letter if letter.isascii() and letter.isalnum() else "".join(f"%{byte:02x}" for byte in letter.encode())
        for letter in password
    ),
    "every": lambda password: "".join(f"%{byte:02X}" for byte in password.encode()),
}
"""How clients spell a password in a target: `quoted` leaves slashes, `lower` is how .NET writes escapes."""


@settings(deadline=None)
@given(way=st.sampled_from(["raw", "percent", "plus"]), password=passwords, frame=frames, twice=st.booleans())
def test_a_password_is_never_in_the_line(way, password, frame, twice):
    """Raw, percent-encoded and plus-encoded, once or twice, the password is masked in every place."""
    spelled = WAYS[way](password)
    assume(password not in frame)
    line = shown(frame.replace("{}", spelled * (1 + twice)), password)
    assert password not in line
    assert spelled not in line


@settings(deadline=None)
@given(way=st.sampled_from(list(WAYS)), password=passwords, frame=frames)
def test_a_password_cannot_be_decoded_from_the_line(way, password, frame):
    """However the client spelled it, nobody can read the password out of the line."""
    assume(password not in frame)
    line = shown(frame.replace("{}", WAYS[way](password)), password)
    assert password not in unquote(line)
    assert password not in unquote_plus(line)


QUOTING = ["{}=1", "{}", "format={}", "caller={}%20", "offset={}", "startTime={}", "minDur=x{}"]


@pytest.mark.parametrize("query", QUOTING)
@pytest.mark.parametrize("password", [PASSWORD, "pass word"])
def test_a_refusal_does_not_quote_the_password(query, password):
    """A password in the wrong place is masked in the sentence that explains the refusal as well."""
    pbx = make_pbx(api={"tls_authentication_name": "joe", "tls_authentication_password": password})
    target = "/cdrapi?" + query.format(quote_plus(password))
    line = told(pbx, request(target), Client(pbx, user="joe", password=password).ask(target))
    assert " - '" in line
    assert password not in line


def test_a_path_of_the_pbx_is_told_whatever_the_password() -> None:
    """A password that spells the path hides no path, and a method that spells the password is hidden."""
    discretion = Discretion.of([("u", "cdrapi")], ("/cdrapi",))
    assert discretion.target("/cdrapi?caller=1") == "/cdrapi?caller=1"
    assert discretion.word("CDRAPI") == "***"


def test_basic_credentials_are_a_secret_too() -> None:
    """The Basic form of the PBX's credentials is hidden wherever it stands, and so is a parameter named for one."""
    discretion = Discretion.of([("u", "pass word")], ())
    basic = b64encode(b"u:pass word").decode()
    assert discretion.target(f"/x?y={basic}") == "/x?y=***"
    assert discretion.target("/x?Authorization=Basic+abc") == "/x?Authorization=***"


@pytest.mark.parametrize(
    "name",
    ["api_key", "apikey", "access_token", "X-Amz-Signature", "cookie", "sid", "jwt", "client%5Fsecret", "Pass", "auth"],
)
def test_a_parameter_that_is_called_a_secret_has_no_value(name: str) -> None:
    """However it is spelled, whatever a vendor puts there is masked."""
    assert Discretion(()).target(f"/x?{name}=hush&b=1") == f"/x?{name}=***&b=1"


@pytest.mark.parametrize("name", ["format", "caller", "author", "monkey", "passenger", "keyword", "session_count"])
def test_other_parameters_are_told(name: str) -> None:
    """A name that only looks like that of a secret hides nothing."""
    assert Discretion(()).target(f"/x?{name}=told") == f"/x?{name}=told"


BITS = st.sampled_from([
    "a", "to", "-", "ken", "pass", "word", "user", "sid", "key", "api", "%2F", "%252f", "/", ":", "%3A", "@", "%40", "%2540", "+", "=",
    "&", "%", "s", "%73id", "jwt", "http",
])  # fmt: skip


@given(bits=st.lists(BITS, max_size=12))
def test_what_is_told_at_once_is_what_is_told_piece_by_piece(bits: list[str]) -> None:
    """The quick look at a whole query passes none over in which there is something to mask."""
    query, discretion = "".join(bits), Discretion(())
    piece_by_piece = "&".join(map(discretion._piece, discretion.target(f"/x?{query}").removeprefix("/x?").split("&")))
    assert discretion.target(f"/x?{query}") == f"/x?{piece_by_piece}"
    assert may_tell(query) or not in_url(f"/x?{query}")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("https%3A%2F%2Fjoe%3Ahush%40x%2F", "***"),
        ("https%253A%252F%252Fjoe%253Ahush%2540x", "***"),
        ("https://joe:hush@x/", "https://***@x/"),
        ("https%3A%2F%2Fx%2F40", "https%3A%2F%2Fx%2F40"),
    ],
)
def test_a_url_within_a_url_has_no_credentials(value: str, told: str) -> None:
    """What stands before its host is masked, also where it is encoded."""
    assert Discretion(()).target(f"/x?next={value}") == f"/x?next={told}"


# Headers and forms


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("User-Agent", "curl/8.5", "curl/8.5"),
        ("Authorization", "Basic am9lOmxldG1laW4=", "Basic ***"),
        ("Authorization", "Bearer abc.def", "Bearer ***"),
        ("Authorization", "nonsense", "***"),
        ("Authorization", "s3cr3t t0ken", "***"),
        ("aUTHORIZATION", "bAsIc  am9lOmxldG1laW4=", "bAsIc ***"),
        ("Authorization", "Basic\tam9lOmxldG1laW4=", "***"),
        ("X-Pwd", "1", "***"),
        ("Authorization", "!!! x", "***"),
        (
            "AUTHORIZATION",
            'Digest username="joe", realm="asterisk", nonce="4a", uri="/x?password=a", response="00", qop=auth, nc=01, x=y',
            'Digest username="***", realm="asterisk", nonce="4a", uri="/x?password=***", response="***", qop=auth, nc=01, x="***"',
        ),
        ("Proxy-Authorization", "Digest response=00", 'Digest response="***"'),
        ("Cookie", "session=1", "***"),
        ("X-Api-Key", "1", "***"),
        ("X-Auth-Token", "1", "***"),
        ("Referer", "https://joe:letmein@pbx/?token=1", "https://***@pbx/?token=***"),
        ("X-Something", f"a{PASSWORD}b", "***"),
        (f"X-{PASSWORD}", "1", "1"),
    ],
)
def test_credentials_in_headers_are_masked(name: str, value: str, told: str) -> None:
    """Who it is and what was made of the password are left out; nonce, nc, realm and qop can be read."""
    discretion = Discretion.of([("joe", PASSWORD)], ("/cdrapi",))
    shown_name = "***" if PASSWORD in name else name
    assert discretion.headers([(name, value)]) == ((shown_name, told),)


def test_of_many_headers_the_first_are_told() -> None:
    """A request may have as many as the register lets it have."""
    assert len(Discretion(()).headers([("X", "1")] * 1000)) == 32


def test_a_form_is_told_like_a_query() -> None:
    """The body of a POST has its credentials masked."""
    discretion = Discretion.of([("joe", PASSWORD)], ())
    assert discretion.form("caller=1&password=2") == "caller=1&password=***"
    assert discretion.form(f"caller={PASSWORD}") == "caller=***"
    assert discretion.form("") == ""


def event_of(spelled: str, password: str, place: int) -> str:
    """Return the event of a request to a PBX with this *password*, which stands *spelled* in a place of the request."""
    pbx = make_pbx(api={"tls_authentication_name": "joe", "tls_authentication_password": password})
    basic = b64encode(f"joe:{password}".encode()).decode()
    lines = {
        0: {"x_one": spelled}, 1: {"authorization": f"Basic {basic}"}, 2: {"authorization": f"Bearer {spelled}"},
        3: {"authorization": f'Digest username="{spelled}", uri="/cdrapi?x={spelled}"'}, 4: {"referer": f"https://joe:{spelled}@x/"},
        5: {"cookie": spelled},
    }.get(place, {})  # fmt: skip
    asked = request("/cdrapi", **lines)
    if place == 6:
        asked = request("/cdrapi", "POST", form=f"caller={spelled}".encode())
    if place == 7:
        asked = request(f"/cdrapi?caller=1&{quote(spelled)}={quote(spelled)}")
    reply = Client(pbx, user="joe", password=password).ask(asked.target)
    pbx.record(exchange(asked.target, refusal=reply.refusal, note=reply.note), asked)
    (entry,) = pbx.journal.entries()
    told = json.dumps(entry, ensure_ascii=False)
    assert basic not in told
    return told.replace("joe", "")


ANYWAY = [event_of("z!z!z!", "z!z!z!", place) for place in range(8)]
"""What an event has whoever asks: a password may be a word of it."""


@settings(deadline=None)
@given(way=st.sampled_from(["raw", "percent", "plus"]), password=passwords, place=st.integers(0, 7))
def test_a_password_is_nowhere_in_the_journal(way: str, password: str, place: int) -> None:
    """Wherever a client puts it, encoded or not, the event has neither the password nor its encoded form."""
    spelled = WAYS[way](password)
    assume(spelled.isascii() and spelled.isprintable() and len(spelled) > 5 and spelled not in ANYWAY[place])
    assert spelled not in event_of(spelled, password, place)


def test_a_long_header_is_looked_through_in_no_time() -> None:
    """Half a megabyte without an equals sign, or with one at the very end, costs what its length does."""
    discretion = Discretion.of([("joe", PASSWORD)], ())
    for value in ("a" * 500_000, "a " * 250_000, " " * 500_000 + "=", 'a="' * 170_000, "a=" * 250_000):
        began = time.process_time()
        discretion.headers([("Authorization", f"Digest {value}")])
        assert time.process_time() - began < 1.0


def test_a_long_form_is_told_as_far_as_it_goes() -> None:
    """It is cut, and what stands at the cut is left out: half a password would be told otherwise."""
    discretion = Discretion.of([("joe", PASSWORD)], ())
    for length in range(4080, 4100):
        form = "a=1&b=2&" + "b" * (length - 8) + f"&caller={PASSWORD}&c=1&{'d' * 5000}"
        told = discretion.form(form)
        assert PASSWORD[:5] not in told
        assert told.startswith("a=1&")
        assert told.endswith("&***")
