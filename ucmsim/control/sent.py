"""What came with a request to the control plane: its query, and its body as decoded JSON. Raises `ApiError`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from ucmsim.control.answer import ApiError

_JSON = re.compile(r"|application/(.+\+)?json|application/x-www-form-urlencoded|text/plain", re.IGNORECASE)
"""What a body may be called. curl calls whatever it sends a form, and a browser text, unless somebody says otherwise."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Where half of a character may stand, and what is one: nobody can write it down."""


def query_of(uri: bytes) -> dict[str, list[str]]:
    """Return all values of each parameter in the query of *uri*."""
    return parse_qs(uri.partition(b"?")[2].decode("ascii", "replace"), keep_blank_values=True)


def no_query(uri: bytes) -> None:
    """Raise `ApiError` where *uri* has a query, of which its route knows nothing."""
    for name in query_of(uri):
        raise ApiError(400, "invalid", f"'{name}' is no parameter here; this takes none", name)


def body_of(data: bytes, media_type: str, limit: int, *, many: bool, bare: bool) -> Any:
    """Return the object, or one of *many*, a list, that *data* is: {} where nothing is sent and it may be *bare*."""
    if len(data) > limit:
        raise ApiError(413, "too-large", f"a body may have {limit} bytes at most")
    if not data.strip() and bare:
        return {}
    if not _JSON.fullmatch(kind := media_type.partition(";")[0].strip()):
        raise ApiError(415, "unsupported-media-type", f"'{kind}' is no JSON; send application/json")
    if not data.strip():
        raise ApiError(400, "not-json", "there is no body; send a JSON object")
    try:
        body = json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "not-json", f"the body is not JSON: {error}") from None
    if not isinstance(body, dict | list if many else dict):
        raise ApiError(400, "invalid", f"the body must be a JSON object{', or a list of them' if many else ''}")
    if _HALF.search(data):
        _whole(body)
    return body


def _whole(body: Any) -> None:
    """Raise `ApiError` where a text in *body* has half a character."""
    for path, text in _texts(body):
        if half := _SURROGATE.search(text):
            raise ApiError(
                400, "invalid", f"{half[0]!a} is half a character, so this is no text", ".".join(path) or None
            )


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in *value* and the keys that lead to it; a key stands where its object does."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, path)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield path, key
            yield from _texts(one, (*path, key))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
