"""What stands below a TLS that is only a string."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from ucmsim.journal import Visit


def below(finish: Callable[[], object] = lambda: None) -> SimpleNamespace:
    """Return a socket of which nothing is held back, and the account of its connection; *finish* is called for a FIN."""
    return SimpleNamespace(finish=finish, visit=Visit(), sends=False)
