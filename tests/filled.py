"""Fills a history in one go, where nobody else waits for its turn."""

from __future__ import annotations

from datetime import datetime

from ucmsim.assembling.filling import Filled, Watch, filling, unwatched
from ucmsim.calls.locales import Locales
from ucmsim.settings import Pbx
from ucmsim.steps import finished
from ucmsim.store.history import History


def fill(history: History, name: str, settings: Pbx, *, seed: int, until: datetime, watch: Watch = unwatched) -> Filled:
    """Fill *history*, if it is empty, as the *settings* of the PBX *name* say; calls end before *until*."""
    return finished(filling(history, name, settings, seed=seed, until=until, locales=Locales(), watch=watch))
