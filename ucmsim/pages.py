"""The pages the device answers errors with, exact to the byte. Spec 2.4, 2.5, 2.7; Asterisk main/http.c."""

from __future__ import annotations

from ucmsim.reply import Bytes, Content

_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
    "<html><head>\r\n"
    "<title>{status} {title}</title>\r\n"
    "</head><body>\r\n"
    "<h1>{heading}</h1>\r\n"
    "<p>{text}</p>\r\n"
    "<hr />\r\n"
    "<address>Asterisk Server</address>\r\n"
    "</body></html>\r\n"
)
_HTML = ("Content-type", "text/html")


def _page(status: int, title: str, text: str, note: str = "") -> Content:
    body = _PAGE.format(status=status, title=title, heading=title, text=text)
    return Content(status, title, (_HTML,), Bytes(body.encode()), note=note)


INVALID_REQUEST = _page(400, "Bad Request", "Invalid Request", note="the request line has no URI")
TIMEOUT = _page(400, "Bad Request", "Timeout", note="the request ended, or paused for too long, inside its headers")
DENIED = _page(403, "Permission denied", "Permission denied\n")
NOT_FOUND = _page(404, "Not Found", "The requested URL was not found on this server.", note="no such path")
SERVER_ERROR = _page(
    500, "Server Error", "Internal Server Error (out of memory)\n", note="ucmsim failed; the log says why above"
)
NOT_IMPLEMENTED = _page(501, "Not Implemented", "Attempt to use unimplemented / unsupported method")


def too_many_headers(limit: str) -> Content:
    """Return the 413 page for a request with more headers than *limit* says."""
    return _page(413, "Request Entity Too Large", "Too many headers", note=f"there are more than {limit}")


def form_too_large(limit: int) -> Content:
    """Return the 413 for a form of more than *limit* bytes, which has no page."""
    return Content(413, "Request Entity Too Large", note=f"the form is longer than {limit} bytes")


def unauthorized(realm: str, nonce: str, *, stale: bool) -> Content:
    """Return the 401 page with the Digest challenge; nonce and opaque are the same number."""
    quoted = realm.replace("\\", r"\\").replace('"', r"\"")
    challenge = f'Digest algorithm=MD5, realm="{quoted}", nonce="{nonce}", qop="auth", opaque="{nonce}"'
    header = ("WWW-authenticate", challenge + (", stale=true" if stale else ""))
    body = _PAGE.format(status=401, title="Unauthorized", heading="401 Unauthorized", text="")
    return Content(401, "Unauthorized", (header, _HTML), Bytes(body.encode()))
