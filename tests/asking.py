"""What tests ask of a PBX in memory: a request in one line, and what is read from the reply to it. No Twisted."""

from __future__ import annotations

from tests.makers import CLIENT, GUIDE_CSV, at, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.http.reader import RequestReader
from ucmsim.http.reply import Content, Reply
from ucmsim.http.request import ApiRequest

HEADER_LINE = GUIDE_CSV.partition(b"\n")[0] + b"\n"
EMPTY = {
    "csv": HEADER_LINE,
    "xml": b"<root>\n</root>\n",
    "json": b'{\n"cdr":\n[\n]\n}\n',
}
TYPES = {"csv": "text/csv", "xml": "text/xml", "json": "application/json"}
BAD_QUERY = "/cdrapi?caler=5300"


def get(pbx: Pbx, target: str = "/cdrapi", method: str = "GET", *, seconds: float = 0.0, **more: str) -> Reply:
    """Return what *pbx* answers to one request without credentials."""
    return pbx.answer(request(target, method, **more), at(seconds))


def sent(pbx: Pbx, raw: bytes) -> Reply:
    """Return what *pbx* answers to the bytes of one request, read as its quirks have it."""
    found = RequestReader(pbx.reading).feed(raw)
    assert found is not None, "the request is not complete"
    if isinstance(found, Content):
        return pbx.malformed(found, CLIENT, at())
    return pbx.answer(ApiRequest.of(CLIENT, found.head, found.form, pbx.reading), at())


def posted(form: bytes, target: str = "/cdrapi", *headers: str) -> bytes:
    """Return the bytes of a POST of *form*."""
    lines = [f"POST {target} HTTP/1.1", *headers, f"Content-Length: {len(form)}", "", ""]
    return "\r\n".join(lines).encode() + form


def wire(reply: Reply) -> bytes:
    """Return everything that *reply* puts on the wire."""
    return reply.head + reply.body
