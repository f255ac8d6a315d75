"""What a user asks for, read once at the edge into frozen values.

`model` declares the keys, with a file for each large group of them (`api`, `control`, `clock`, `office`, `traffic`, `phases`);
`rules` has what joins several keys, `templates` what makes many PBXs of one entry. `yamltree` reads YAML without its traps and
remembers lines, `loading` joins them and names every problem at once, in the words of `objections`.
"""

from ucmsim.secrecy import HIDDEN
from ucmsim.settings.addresses import Address
from ucmsim.settings.api import Api
from ucmsim.settings.clock import Clock, ClockChange
from ucmsim.settings.control import TLS_FOLDER, TOKEN_FILE, Control
from ucmsim.settings.loading import Judge, load, load_clock_change, load_pbx
from ucmsim.settings.model import (
    History,
    Journal,
    Pbx,
    Recording,
    Settings,
)
from ucmsim.settings.names import name_objection
from ucmsim.settings.objections import due_of
from ucmsim.settings.office import Extensions, Trunk
from ucmsim.settings.traffic import Traffic

__all__ = [
    "HIDDEN",
    "TLS_FOLDER",
    "TOKEN_FILE",
    "Address",
    "Api",
    "Clock",
    "ClockChange",
    "Control",
    "Extensions",
    "History",
    "Journal",
    "Judge",
    "Pbx",
    "Recording",
    "Settings",
    "Traffic",
    "Trunk",
    "due_of",
    "load",
    "load_clock_change",
    "load_pbx",
    "name_objection",
]
