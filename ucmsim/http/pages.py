"""The pages the device answers errors with, exact to the byte. Spec 2.4, 2.5, 2.7; Asterisk main/http.c."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from ucmsim.errors import did_you_mean
from ucmsim.http.reply import Bytes, Content
from ucmsim.refusals import Code, Refusal

_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
    "<html><head>\r\n"
    "<title>{status} {title}</title>\r\n"
    "</head><body>\r\n"
    "<h1>{heading}</h1>\r\n"
    "<p>{text}</p>\r\n"
)
_FOOT = b"<hr />\r\n<address>%b</address>\r\n</body></html>\r\n"
_HTML = ("Content-type", "text/html")

SIGNATURE = "Asterisk Server"
"""The address line of pages that no PBX has signed."""


@dataclass(frozen=True, slots=True)
class Page(Bytes):
    """The body of an error page, which the PBX that answers with it signs."""

    def signed(self, signature: str) -> Bytes:
        """Return the page with the address line *signature*, raw as the device prints it."""
        if signature == SIGNATURE:
            return self
        return Bytes(self.data.removesuffix(_foot(SIGNATURE)) + _foot(signature))


def _foot(signature: str) -> bytes:
    return _FOOT % signature.encode()


def _body(status: int, title: str, heading: str, text: str) -> Page:
    page = _PAGE.format(status=status, title=title, heading=heading, text=text)
    return Page(page.encode() + _foot(SIGNATURE))


def _page(status: int, title: str, text: str, refusal: Refusal | None = None) -> Content:
    page = Content(status, title, (_HTML,), _body(status, title, title, text))
    return page.refused(refusal) if refusal else page


INVALID_REQUEST = _page(
    400,
    "Bad Request",
    "Invalid Request",
    Refusal.of(
        Code.NO_TARGET, "the request line has no URI", "a request line is: method, blank, target, blank, HTTP/1.1"
    ),
)
TIMEOUT = _page(
    400,
    "Bad Request",
    "Timeout",
    Refusal.of(
        Code.HEADERS_CUT,
        "the request ended, or paused for too long, inside its headers",
        "end the headers with an empty line",
    ),
)
DENIED = _page(403, "Permission denied", "Permission denied\n")
NOTHING_STATIC = _page(
    403,
    "Access Denied",
    "Sorry, I cannot let you do that, Dave.",
    Refusal.of(Code.NOTHING_STATIC, "no static content is served (quirk static-path)", "there are /cdrapi and /recapi"),
)
_NOWHERE = "no such path"
NOT_FOUND = _page(
    404,
    "Not Found",
    "The requested URL was not found on this server.",
    Refusal.of(Code.NO_SUCH_PATH, _NOWHERE, "there are /cdrapi and /recapi"),
)
SERVER_ERROR = _page(
    500,
    "Server Error",
    "Internal Server Error (out of memory)\n",
    Refusal.of(Code.FAILED, "ucmsim failed; the log says why above"),
)
NOT_IMPLEMENTED = _page(501, "Not Implemented", "Attempt to use unimplemented / unsupported method")


_PATHS = ("/cdrapi", "/recapi")
_NEAR = 20
"""Characters of a path that may be meant for one of the two."""


def not_found(path: str) -> Content:
    """Return the page for a *path* that nobody serves; its hint, which goes into logs alone, names one that is near."""
    hint = did_you_mean(path, _PATHS, 0.75) if len(path) <= _NEAR else ""
    if not hint:
        return NOT_FOUND
    refusal = Refusal.of(Code.NO_SUCH_PATH, _NOWHERE, hint)
    return NOT_FOUND.refused(refusal, str(refusal))


_TITLES = MappingProxyType({
    400: "Bad Request", 403: "Permission denied", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    413: "Request Entity Too Large", 429: "Too Many Requests", 500: "Server Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
})  # fmt: skip
_KNOWN = MappingProxyType({page.status: page for page in (DENIED, NOT_FOUND, SERVER_ERROR, NOT_IMPLEMENTED)})


def with_status(status: int) -> Content:
    """Return the page that the device has for *status*, or one like it; nothing is refused by it."""
    title = _TITLES.get(status, "Error")
    known = _KNOWN.get(status) or _page(status, title, title)
    return replace(known, refusal=None, note="")


def too_many_headers(limit: str) -> Content:
    """Return the 413 page for a request with more headers than *limit* says."""
    refusal = Refusal.of(Code.TOO_MANY_HEADERS, f"there are more than {limit}", "send fewer header lines")
    return _page(413, "Request Entity Too Large", "Too many headers", refusal)


def form_too_large(limit: int) -> Content:
    """Return the 413 for a form of more than *limit* bytes, which has no page."""
    hint = f"send at most {limit} bytes, or the parameters in the URI"
    content = Content(413, "Request Entity Too Large")
    return content.refused(Refusal.of(Code.FORM_TOO_LARGE, f"the form is longer than {limit} bytes", hint))


def unauthorized(realm: str, nonce: str, *, stale: bool) -> Content:
    """Return the 401 page with the Digest challenge; nonce and opaque are the same number."""
    quoted = realm.replace("\\", r"\\").replace('"', r"\"")
    challenge = f'Digest algorithm=MD5, realm="{quoted}", nonce="{nonce}", qop="auth", opaque="{nonce}"'
    header = ("WWW-authenticate", challenge + (", stale=true" if stale else ""))
    return Content(401, "Unauthorized", (header, _HTML), _body(401, "Unauthorized", "401 Unauthorized", ""))
