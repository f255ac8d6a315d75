"""Faults on the data plane that act before the rows are read: `Sight` in, `Sight` out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ucmsim.cdr.sight import Gap, Sight
from ucmsim.faults.fields import Seconds
from ucmsim.faults.planes import Moment

Some = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]


@dataclass(frozen=True, slots=True)
class Drop:
    """Have lost the rows that `when` chooses, or each *every*-th AcctId; what follows moves up."""

    every: Annotated[int, Field(ge=1, strict=True)] = 10

    moment: ClassVar[Moment] = Moment.SEARCH
    of_store: ClassVar[bool] = True

    def __call__(self, sight: Sight) -> Sight:
        gap = Gap(every=self.every) if sight.about is None else Gap(sight.about)
        return replace(sight, gaps=(*sight.gaps, gap))


@dataclass(frozen=True, slots=True)
class Late:
    """Show a row no sooner than so many *seconds* of PBX time after its end."""

    seconds: Seconds = 60.0

    moment: ClassVar[Moment] = Moment.SEARCH
    of_store: ClassVar[bool] = True

    def __call__(self, sight: Sight) -> Sight:
        try:
            until = datetime.fromisoformat(sight.now[:19]) - timedelta(seconds=self.seconds)  # local text
            ended_by = until.isoformat(" ", "seconds")
        except OverflowError:  # the clock stands at the beginning of time
            ended_by = ""
        return replace(sight, gaps=(*sight.gaps, Gap(sight.about, ended_by=ended_by)))


def _moved(sight: Sight, rows: int) -> Sight:
    """Return *sight* with its page so many *rows* later; the first page stays where it is."""
    query = sight.query
    return replace(sight, query=replace(query, offset=max(query.offset + rows, 0))) if query.offset else sight


@dataclass(frozen=True, slots=True)
class Insert:
    """Have so many *rows* come in before the page that is read, unless it is the first: the last ones come again."""

    rows: Some = 1

    moment: ClassVar[Moment] = Moment.SEARCH

    def __call__(self, sight: Sight) -> Sight:
        return _moved(sight, -self.rows)


@dataclass(frozen=True, slots=True)
class Delete:
    """Have so many *rows* gone before the page that is read, unless it is the first: as many are never seen."""

    rows: Some = 1

    moment: ClassVar[Moment] = Moment.SEARCH

    def __call__(self, sight: Sight) -> Sight:
        return _moved(sight, self.rows)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the page before in place of each but the first."""

    moment: ClassVar[Moment] = Moment.SEARCH

    def __call__(self, sight: Sight) -> Sight:
        return _moved(sight, -sight.query.limit)


@dataclass(frozen=True, slots=True)
class Unfiltered:
    """Pass over one *parameter* of the query as if it had not been sent."""

    parameter: Literal["caller", "callee", "answeredby", "startTime", "endTime", "minDur", "maxDur"]

    moment: ClassVar[Moment] = Moment.SEARCH

    def __call__(self, sight: Sight) -> Sight:
        field = {"startTime": "earliest", "endTime": "latest", "minDur": "shortest", "maxDur": "longest"}
        nothing: dict[str, Any] = {field.get(self.parameter, self.parameter): None}
        return replace(sight, query=replace(sight.query, **nothing))
