"""`when`: what must all hold for a fault to act, and what can be known at its moment. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, BaseModel, Field, field_validator

from ucmsim import personalities
from ucmsim.calls.shapes import BY_ID as SHAPES
from ucmsim.calls.shapes import no_shape
from ucmsim.cdr.sight import Chosen
from ucmsim.faults.fields import STRICT, AddressEntry, Numbers, concerns, some
from ucmsim.http.request import handler_of

OF_A_REQUEST = ("path", "page", "offset", "user", "format", "recording", "acctid", "shape")
"""The conditions that nothing is known of before there is a request."""


class Asked(Protocol):
    """What can be known of a request; each is found out when it is asked for, and None where it has no meaning.

    *page* counts from 1 in pages of the size asked for, *recordings* are names of files. `acctids` and `shapes` say of
    which rows the page would be, so that they cost what reading it costs.
    """

    @property
    def handler(self) -> str | None: ...
    @property
    def user(self) -> str | None: ...
    @property
    def format(self) -> str | None: ...
    @property
    def offset(self) -> int | None: ...
    @property
    def page(self) -> int | None: ...
    @property
    def recordings(self) -> Sequence[str]: ...
    @property
    def acctids(self) -> Collection[str]: ...
    def of_shape(self, shapes: Collection[str]) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when faults are settled: the *peer*, the *personality* of the PBX, and the request, if there is one.

    *handler* is how the path is found, None without a request or a path.
    """

    peer: str
    personality: str = ""
    handler: str | None = None
    asked: Asked | None = None


class Span(BaseModel):
    """Offsets *from* one *to* another, both included; what is left out has no bound."""

    model_config = STRICT

    first: Annotated[int, Field(ge=0, alias="from")] = 0
    last: Annotated[Annotated[int, Field(ge=0)] | None, Field(alias="to")] = None

    def has(self, offset: int) -> bool:
        return self.first <= offset and (self.last is None or offset <= self.last)


Names = Annotated[tuple[str, ...], Field(strict=False), AfterValidator(some)]


class Condition(BaseModel):
    """`when`: what must all hold for the fault to act; nothing given means everything.

    *path* is a path of the PBX, *nth* counts what matched the rest since arming from 1, *client* covers the peer, *page*
    counts from 1, *offset* is that of the query, *user* stands in the credentials, *recording* is a name or a pattern of
    names. *acctid* and *shape* are true of pages that have such a row; faults of rows act on these rows only, and of those
    rows of the store that are not there on every page.
    """

    model_config = STRICT

    path: Annotated[str, Field(pattern=r"^/")] | None = None
    nth: Annotated[Numbers, Field(strict=False), AfterValidator(some)] | None = None
    client: AddressEntry | None = None
    page: Annotated[Numbers, Field(strict=False), AfterValidator(some)] | None = None
    offset: Span | None = None
    user: str | None = None
    personality: str | None = None
    format: Literal["csv", "xml", "json"] | None = None
    recording: str | None = None
    acctid: Annotated[Numbers, Field(strict=False), AfterValidator(some)] | None = None
    shape: Names | None = None

    @field_validator("personality")
    @classmethod
    def _known_personality(cls, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            return personalities.personality(name).id
        except KeyError:
            raise ValueError("; ".join(personalities.objection(name))) from None

    @field_validator("shape")
    @classmethod
    def _known_shapes(cls, shapes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in shapes or ():
            if name not in SHAPES:
                raise ValueError(no_shape(name))
        return shapes

    @property
    def handler(self) -> str | None:
        return None if self.path is None else handler_of(self.path)

    def given(self) -> Iterator[str]:
        """Yield the names of the conditions there are."""
        return (name for name in type(self).model_fields if getattr(self, name) is not None)

    def holds(self, facts: Facts, *, of_store: bool = False) -> bool:
        """Return whether everything but *nth* holds; what costs most to find out is asked last.

        What is *of_store* is about rows on whatever page they would be, so that any search will do.
        """
        if not concerns(self.client, facts.peer):
            return False
        if self.handler is not None and self.handler != facts.handler:
            return False
        if self.personality is not None and self.personality != facts.personality:
            return False
        if facts.asked is None:  # without a request nothing about one is true
            return not any(name in OF_A_REQUEST[1:] for name in self.given())
        return self._holds_of(facts.asked, of_store=of_store)

    def _holds_of(self, asked: Asked, *, of_store: bool) -> bool:
        if self.user is not None and self.user != asked.user:
            return False
        if self.format is not None and self.format != asked.format:
            return False
        if self.offset is not None and (asked.offset is None or not self.offset.has(asked.offset)):
            return False
        if self.page is not None and asked.page not in self.page:
            return False
        if self.recording is not None and not self.files_of(asked):
            return False
        return not self.chooses_rows or of_store or bool(self.rows_of(asked))

    @property
    def chooses_rows(self) -> bool:
        return self.acctid is not None or self.shape is not None

    def files_of(self, asked: Asked) -> frozenset[str]:
        """Return the names of the recordings that are asked for and that *recording* is true of."""
        pattern = self.recording or "*"
        return frozenset(name for name in asked.recordings if fnmatchcase(name, pattern))

    @property
    def chosen(self) -> Chosen | None:
        """The rows of the store that *acctid* and *shape* choose, None if they choose none in particular."""
        if not self.chooses_rows:
            return None
        acctids = None if self.acctid is None else frozenset(map(str, self.acctid))
        return Chosen(acctids, None if self.shape is None else frozenset(self.shape))

    def rows_of(self, asked: Asked) -> frozenset[str]:
        """Return the AcctIds, of those on the page, that *acctid* and *shape* are true of."""
        found = frozenset(asked.acctids)
        if self.acctid is not None:
            found &= {str(number) for number in self.acctid}
        if self.shape is not None and found:
            found &= frozenset(asked.of_shape(self.shape))
        return found
