"""What is told in the place of a secret: of settings, in the journal, in a report, in sentences that quote. Standard library only."""

from __future__ import annotations

import re

HIDDEN = "***"

_KEYS = re.compile(
    r"-----BEGIN.*?(?:-----END[^-]*-----\n?|\Z)"
    # DER in base64, which begins with the length of a sequence; words of a sentence are shorter than its lines
    r"|(?<![A-Za-z0-9+/])M[ICH][A-Za-z0-9+/]{62}[A-Za-z0-9+/=]*(?:(?:\s|\\n)+[A-Za-z0-9+/=]{20,})*",
    re.DOTALL,
)


def is_content(text: str) -> bool:
    """Return whether *text* is what stands in a file, such as a key, rather than where it stands."""
    return "\n" in text or _KEYS.search(text) is not None


def without_keys(text: str) -> str:
    """Return *text*, a sentence that may quote anything, with `HIDDEN` in the place of PEM, and of keys in base64."""
    return _KEYS.sub(HIDDEN, text)
