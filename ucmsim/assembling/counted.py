"""What a unit that goes on with a history has counted so far: AcctIds, and the messages of its mailboxes."""

from __future__ import annotations

from collections.abc import Mapping

from ucmsim.calls import filenames
from ucmsim.calls.writing import Past
from ucmsim.store.history import History


def past_of(history: History, *, monthly: bool) -> Past:
    """Return what a unit that goes on with *history* has counted so far; an import may have rows in any order."""
    if counted := history.counted():
        return Past(int(counted["AcctId"]), counted["month"], messages_of(history))
    return Past(*history.highest(monthly=monthly), messages_of(history))


def messages_of(history: History) -> Mapping[str, int]:
    """Return the number of the next message of each mailbox."""
    recordings, found = history.recordings, {}
    for directory in recordings.directories():
        number = directory.removeprefix(filenames.MAILBOXES).partition("/")[0]
        if directory == filenames.mailbox(number):
            found[number] = recordings.next_message(directory)
    return found
