"""What a handler of the control plane answers, and what it raises where the caller is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ucmsim.errors import BindError, ConfigurationError, TooManyOpen
from ucmsim.secrecy import without_keys

JSON = "application/json"


class ApiError(Exception):
    """What the caller did wrong: an HTTP status, a code for programs, a sentence for people, and the field.

    A key that was sent where something else is due is not sent back.
    """

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        message, field = without_keys(message), field and without_keys(field)
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "field": field}}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the value that is sent as JSON, or as it is where it is of another *kind*; None sends no body."""

    value: Any
    status: int = 200
    kind: str = JSON


def listed(items: Iterable[Any], after: int | None = None) -> dict[str, Any]:
    """Return a page of a list: its *items*, and *after* which the next begins, None for the last."""
    return {"items": list(items), "next": after}


def invalid(error: ConfigurationError, below: str = "") -> ApiError:
    """Return what is answered to settings that are wrong: of several problems, all; the keys are those *below* one."""
    problems = [
        replace(one, key=one.key.removeprefix(f"{below}.") if one.key != below else "") for one in error.problems
    ]
    first, *others = problems
    said = map(str, problems) if others else [str(replace(first, key=""))]  # the field says it then
    return ApiError(400, "invalid", "; ".join(said), first.key or None)


def unbound(error: BindError, key: str) -> ApiError:
    """Return what is answered where a port cannot be had, which *key* says; another would not help where nothing more can be opened."""
    if isinstance(error, TooManyOpen):
        return ApiError(409, "conflict", str(error))
    return ApiError(409, "bind", str(error), key)
