"""Collects the CDRs and recordings of a Grandstream UCM, and bills from them."""

from collector.collecting import Collector, Found, Moved
from collector.device import Broken, Denied, Device, DeviceError, LoggedOut, Unreachable, Untrusted
from collector.patience import Patience
from collector.store import Store

__all__ = [
    "Broken",
    "Collector",
    "Denied",
    "Device",
    "DeviceError",
    "Found",
    "LoggedOut",
    "Moved",
    "Patience",
    "Store",
    "Unreachable",
    "Untrusted",
]
