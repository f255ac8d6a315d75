"""One poll: every row that may be new, page by page, then the recordings that are not here yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from collector.device import Broken, Device, Page
from collector.patience import Patience
from collector.rows import key_of
from collector.store import Store

LOOK_BACK = timedelta(hours=24)
"""Rows are sorted by when a call began, and written when it ends: this is the longest call that is not lost."""
RESTARTS = 3
"""How often a poll begins anew because rows went away under it."""


class Moved(Broken):
    """Rows went away while pages were read, so that others may have been passed over."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a poll came to: new rows, recordings that were fetched, and those that are still missing."""

    rows: int
    recordings: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects from *device* into *store*, recordings into *folder*; without one they are only noted.

    A page has *page_size* rows, 2 to 1000: each begins with the last row of the one before.
    """

    device: Device
    store: Store
    folder: Path | None = None
    patience: Patience = field(default_factory=Patience)
    page_size: int = 1000

    def collect(self) -> Found:
        """Poll once; raises `DeviceError`. What was read by then is kept, and how far we are stays where it was."""
        rows = sum(self.polling())
        fetched = self.fetch()
        return Found(rows, fetched, tuple(self.store.missed))

    def polling(self) -> Iterator[int]:
        """Yield after each page how many of its rows were new."""
        for _ in range(RESTARTS - 1):
            try:
                yield from self._pages()
            except Moved:
                continue
            return
        yield from self._pages()

    def _pages(self) -> Iterator[int]:
        polled = self.store.polled
        since = polled - LOOK_BACK if polled else None
        page = self._page(since, 0)
        began, offset = page.date, 0
        yield self.store.keep(page.rows)
        known = set(map(key_of, page.rows))
        # A page without rows may be an error that the device keeps to itself: it is no evidence of how far we are.
        if not known:
            return
        while len(known) > 1 or len(page.rows) == self.page_size:
            # The next page begins with the row that this one ends with. Is it gone, so are rows that we have not seen.
            offset += max(1, len(known) - 1)
            page = self._page(since, offset)
            yield self.store.keep(page.rows)
            keys = set(map(key_of, page.rows))
            if not keys & known:
                raise Moved(f"the row at {offset} is no longer where it was")
            if keys == known and len(keys) > 1:
                raise Moved(f"at {offset} is the page that was before it")
            if keys <= known:
                break
            known = keys
        self.store.reached(began)

    def _page(self, since: datetime | None, offset: int) -> Page:
        return self.patience.insist(lambda: self.device.page(since, offset, self.page_size))

    def fetch(self) -> int:
        """Fetch the recordings that are wanted; return how many came. One that does not come is for the next time."""
        if self.folder is None:
            return 0
        fetched = 0
        for path in self.store.wanted:
            try:
                place = _place(self.folder, path)
                sound = self.patience.insist(lambda path=path: self.device.recording(path))
            except Broken:
                sound = None
            if sound is None:
                self.store.missing(path)
                continue
            _write(place, sound)
            self.store.fetched(path, len(sound))
            fetched += 1
        return fetched


def _place(folder: Path, path: str) -> Path:
    """Return where the recording *path* belongs below *folder*; raises Broken where that would lead out of it."""
    parts = PurePosixPath(path).parts
    if not parts or {"..", "/"} & set(parts):
        raise Broken(f"{path!r} is no name of a recording")
    return folder.joinpath(*parts)


def _write(place: Path, sound: bytes) -> None:
    """Write a recording, so that there is all of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(place.name + ".part")
    part.write_bytes(sound)
    part.replace(place)
