"""What the benchmark stands on: tools, cores, and the versions that a figure means nothing without."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("Twisted", "pyOpenSSL", "cryptography")
_OPENSSL = "from cryptography.hazmat.backends.openssl import backend; print(backend.openssl_version_text())"
# Debian keeps nginx where a user's PATH does not lead.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def tool(name: str) -> str | None:
    """Return the path of the program *name*, or None when it is not installed."""
    return shutil.which(name, path=_PATH)


@dataclass(frozen=True, slots=True)
class Cores:
    """Where servers and where clients run; None is "wherever the kernel likes"."""

    server: int | None
    client: int | None

    @classmethod
    def chosen(cls, notes: list[str]) -> Cores:
        """Return the first two cores that may be used; what stands in the way is added to *notes*."""
        usable = sorted(os.sched_getaffinity(0))
        if tool("taskset") is None:
            notes.append("taskset is not installed (Debian: util-linux), so server and client share all cores.")
        elif len(usable) < 2:
            notes.append("There is one core only, so server and client share it.")
        else:
            return cls(usable[0], usable[1])
        return cls(None, None)

    def serving(self, command: list[str]) -> list[str]:
        """Return *command* bound to the server's core."""
        return _pinned(self.server, command)

    def asking(self, command: list[str]) -> list[str]:
        """Return *command* bound to the client's core."""
        return _pinned(self.client, command)


def _pinned(core: int | None, command: list[str]) -> list[str]:
    taskset = tool("taskset")
    return command if core is None or taskset is None else [taskset, "-c", str(core), *command]


def described() -> dict[str, str]:
    """Return machine and versions as texts."""
    facts = {
        "machine": f"{os.cpu_count()} x {_cpu()}, {_memory()} GiB",
        "system": f"{_distribution()}, {platform.system()} {platform.release()}",
        "python": f"{platform.python_version()}, {ssl.OPENSSL_VERSION}",
    }
    for package in _PACKAGES:
        try:
            facts[package.lower()] = version(package)
        except PackageNotFoundError:
            facts[package.lower()] = "not installed"
    facts["openssl of cryptography"] = _said([sys.executable, "-c", _OPENSSL])
    facts["nginx"] = _said([tool("nginx") or "nginx", "-v"]).removeprefix("nginx version: ")
    facts["ab"] = _said([tool("ab") or "ab", "-V"]).partition("\n")[0].removeprefix("This is ApacheBench, ")
    facts["wrk"] = _said([tool("wrk") or "wrk", "-v"]).partition("\n")[0].removeprefix("wrk ").partition(" Copy")[0]
    facts["load average at start"] = " ".join(f"{load:.2f}" for load in os.getloadavg())
    return facts


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "not installed"
    return (done.stdout + done.stderr).strip()


def _cpu() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown distribution"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
