"""How the device names what it records, and which names it can have written. Spec 5.8, 6.2, 6.4. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

MONITOR = "monitor"
MEETME = "meetme"
MAILBOXES = "voicemail/default/"

_LONGEST = 255
"""Bytes of a path in `monitor`: a file system takes no longer name, and `/recapi` no longer path."""
_UNSERVED = re.compile(r"^/|//|/$|(^|/)\.(/|$)|\.\.|[ ,\\]")
"""Besides what cannot be printed: what `/recapi` refuses (spec 6.2), and what would break the line of a listing."""


def call(epoch: str, caller: str, callee: str) -> str:
    """Return the name of a call's recording; *epoch* in seconds of UTC, *callee* as it was dialled."""
    return f"auto-{epoch}-{caller}-{callee}.wav"


def of_month(month: str) -> str:
    """Return the directory of the recordings of a *month*, YYYY-MM, where a firmware has such directories."""
    return f"{MONITOR}/{month}"


def in_monitor(directory: str, name: str) -> str:
    """Return the path of a file from `monitor` on, as `recordfiles` has it; "" when it is not in there."""
    if directory == MONITOR:
        return name
    return f"{directory[len(MONITOR) + 1 :]}/{name}" if directory.startswith(f"{MONITOR}/") else ""


def listed(recordfiles: str) -> Iterator[tuple[str, str] | None]:
    """Yield directory and name of every file that *recordfiles* names; None for what no device can have recorded."""
    for path in filter(None, recordfiles.split("@")):
        if not path.isprintable() or _UNSERVED.search(path) or len(path.encode()) > _LONGEST:
            yield None
        else:
            directory, _, name = f"{MONITOR}/{path}".rpartition("/")
            yield directory, name


def conference(room: str, uniqueid: str, epoch: int | None) -> str:
    """Return the name of a conference's recording, which ends with *epoch*, in seconds of UTC, if there is one."""
    return f"meetme-conf-rec-{room}-{uniqueid}{'' if epoch is None else f'-{epoch}'}.wav"


def of_channel(channel: str, *, whole: bool) -> str:
    """Return what a recording is called that a program begins on a *channel* over AMI, without its technology or *whole*.

    Whole is what Asterisk's own Monitor does that is told no name (res/res_monitor.c).
    """
    technology, _, rest = channel.partition("/")
    return f"{technology}-{rest.replace('/', '-')}.wav" if whole else f"{rest.replace('/', '-')}.wav"


def of_mailbox(number: str) -> str:
    """Return the directory of mailbox *number*, which has its greetings."""
    return f"{MAILBOXES}{number}"


def mailbox(number: str) -> str:
    """Return the directory of the new messages of mailbox *number*."""
    return f"{of_mailbox(number)}/INBOX"


def heard(number: str) -> str:
    """Return the directory of the messages of mailbox *number* that were heard."""
    return f"{of_mailbox(number)}/Old"


def message(count: int) -> str:
    """Return the name, without extension, of the message that has *count* before it."""
    return f"msg{count:04}"
