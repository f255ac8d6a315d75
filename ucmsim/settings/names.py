"""What a PBX may be called, and a template of PBXs: lower-case letters, digits and hyphens, for the name is a folder's too."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from ucmsim.settings.control import TOKEN_FILE
from ucmsim.settings.keys import wrong
from ucmsim.settings.templates import MARK, MOST, is_template

LONGEST_NAME = 63
"""Characters of the name of a PBX."""


def name_objection(name: object) -> tuple[str, str] | None:
    """Return what is wrong with *name* as that of a PBX, and what would be right; None where nothing is."""
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9-]+", name):
        said = f"'{name}' is not a PBX name" if name else "a PBX needs a name"
        return said, "use lower-case letters, digits and hyphens"
    if name.startswith("-"):
        return _dash(name)
    if len(name) > LONGEST_NAME:
        return f"this name has {len(name)} characters", f"{LONGEST_NAME} are enough at most"
    if name == TOKEN_FILE:
        return f"'{name}' is the file that the token stands in", "choose another name"
    return None


def _dash(name: str) -> tuple[str, str]:
    return f"'{name}' begins with a hyphen, as an option of a command does", "let it begin with a letter or a digit"


def _pbx_name(name: str) -> str:
    if said := _template_objection(name) if is_template(name) else name_objection(name):
        raise wrong(*said)
    return name


def _template_objection(name: str) -> tuple[str, str] | None:
    """Return what is wrong with *name* as that of a template, and what would be right; None where nothing is."""
    if (times := name.count(MARK)) != 1:
        said = f"'{name}' has {MARK} in it {times} times" if times else f"'{name}' is not a PBX name"
        return said, f"a template has {MARK} in its name once, where its PBXs have their numbers, such as site-{MARK}"
    without = name.replace(MARK, "")
    if not re.fullmatch(r"[a-z0-9-]*", without):
        return f"'{name}' is not the name of a template", f"use lower-case letters, digits and hyphens beside {MARK}"
    if name.startswith("-"):
        return _dash(name)
    if len(without) + len(str(MOST)) > LONGEST_NAME:
        most = LONGEST_NAME - len(str(MOST))
        return f"there are {len(without)} characters beside {MARK}", f"{most} are enough at most: a number follows"
    return None


PbxName = Annotated[str, AfterValidator(_pbx_name)]
