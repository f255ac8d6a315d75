"""The error page of the device, written out from the protocol and nothing of the product."""

from __future__ import annotations


def error_page(status: str, text: str, heading: str | None = None) -> bytes:
    """Return the page for a *status* such as ``404 Not Found``, whose *heading* leaves out its number where none is given."""
    return (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\r\n'
        "<html><head>\r\n"
        f"<title>{status}</title>\r\n"
        "</head><body>\r\n"
        f"<h1>{status.partition(' ')[2] if heading is None else heading}</h1>\r\n"
        f"<p>{text}</p>\r\n"
        "<hr />\r\n"
        "<address>Asterisk Server</address>\r\n"
        "</body></html>\r\n"
    ).encode()
