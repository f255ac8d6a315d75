"""Makes docs/report-good.png and docs/report-bad.png: the reports of two collectors that lived through the same bad morning.

`python docs/screenshots.py` plays it for the collector of examples/collector and for its careless sibling, and takes a picture
of the top of each report with headless Chromium, whose path is in CHROMIUM or on the PATH. Seed and PBX clock are fixed, and of
what has another value in every run, instance and wall clock, a fixed one is shown: the same Chromium makes the same pictures.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
EXAMPLE = DOCS.parent / "examples" / "collector"
sys.path[:0] = [str(EXAMPLE), str(DOCS.parent)]

from careless import Careless  # noqa: E402
from collector import Collector, Device, DeviceError, Patience, Store  # noqa: E402
from ucmsim.child import Child  # noqa: E402
from ucmsim.client import ControlClient  # noqa: E402
from ucmsim.testing.fleet import UcmFleet  # noqa: E402
from ucmsim.testing.pbx import Ucm  # noqa: E402

SIZE = (1000, 1500)
EVENTS, MADE = "2026-03-02T08:00:00.000000+00:00 to 2026-03-02T08:00:02.000000+00:00", "2026-03-02 08:00:03+00:00"
INSTANCE = "0123456789abcdef"
SETTINGS: Mapping[str, Any] = {
    "personality": "ucm6510",
    "time_zone": "UTC",
    "history": {"days": 1, "calls_per_day": 60},
    "clock": {"start": "2026-03-02T08:00:00Z", "rate": 0},
}
Poll = Callable[[], object]


def morning(ucm: Ucm, poll: Poll) -> None:
    """Let calls be made and things go wrong, and let somebody *poll* in between."""
    poll()
    ucm.place_call("answered", "3125550123", "1001", talk=5400, recorded=True)  # up while everything else is read
    for number in range(6):
        ucm.clock.advance(minutes=3)
        ucm.place_call("answered", f"{1010 + number}", f"312555{1000 + number}", talk=90, recorded=True)
    ucm.clock.advance(minutes=10)
    with ucm.fault("http.truncate", share=0.5, when={"path": "/cdrapi"}, times=1):
        poll()
    with ucm.fault("media.missing", times=1):
        poll()
    with ucm.deny():
        poll()
    ucm.clock.advance(minutes=10)
    with ucm.identity("expired"):
        poll()
    ucm.clock.advance(hours=2)
    poll()
    poll()


def careful(ucm: Ucm, folder: Path) -> Poll:
    """Return how the example's collector polls."""
    store = Store(folder / "cdr.sqlite")
    device = Device(ucm.url, ucm.username or "", ucm.password or "", ucm.ca, timeout=5)
    patient = Patience(first=0.01)
    collector = Collector(device, store, folder / "recordings", patient)

    def poll() -> None:
        with suppress(DeviceError):  # it has said that it could not, and comes again
            collector.collect()

    return poll


def careless(ucm: Ucm, _folder: Path) -> Poll:
    """Return how the careless one does."""
    return Careless(ucm.url, ucm.username or "", ucm.password or "").collect


def reported(ucm: Ucm, control: ControlClient, folder: Path) -> Path:
    """Return the page of the report on *ucm*."""
    command = [sys.executable, "-m", "ucmsim", "report", "--out", str(folder / "run.zip"), "--pbx", ucm.name]
    where = {"UCMSIM_CONTROL_URL": control.url, "UCMSIM_CONTROL_TOKEN": control.token}
    subprocess.run(command, check=True, env={**os.environ, **where, "PYTHONPATH": str(DOCS.parent)})
    with zipfile.ZipFile(folder / "run.zip") as file:
        page = Path(file.extract("report.html", folder))
    page.write_text(unvarying(page.read_text("utf-8")), "utf-8")
    return page


def unvarying(page: str) -> str:
    """Return *page* as if it told of `EVENTS`, and had been made at `MADE` of `INSTANCE`."""
    page, instants = re.subn(r"(?<=events from )\S+ to \S+(?= \(wall)", EVENTS, page)
    page, made = re.subn(r"(?<=made )20[^ ]+ [^ ]+", MADE, page)
    page, instance = re.subn(r"(?<=instance <code>)[0-9a-f]{16}", INSTANCE, page)
    if not (instants and made and instance):
        sys.exit("the page does not say when it was made, by whom, and of when it tells, as it did")
    return page


def photographed(page: Path, picture: Path) -> None:
    """Take a picture of the top of *page*."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("there is no Chromium; install Debian's package chromium, or let CHROMIUM be its path")
    with tempfile.TemporaryDirectory(prefix="ucmsim-chromium-") as profile:
        subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
                f"--user-data-dir={profile}", f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={picture}",
                page.as_uri(),
            ],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip


def main() -> None:
    """Play, report and photograph."""
    child = Child(seed=42)
    try:
        control = ControlClient(child.ready["control"]["url"], child.ready["control"]["token"])
        fleet = UcmFleet(control, child.pid, child.log, 42)
        for name, who in (("bad", careless), ("good", careful)):
            with tempfile.TemporaryDirectory(prefix="ucmsim-report-") as folder:
                sys.stderr.write(f"the {name} collector\n")
                ucm = fleet.start(SETTINGS, name="hq")  # the same for both, so that the same happens
                morning(ucm, who(ucm, Path(folder)))
                photographed(reported(ucm, control, Path(folder)), DOCS / f"report-{name}.png")
                fleet.stop(ucm)
    finally:
        child.stop()


if __name__ == "__main__":
    main()
