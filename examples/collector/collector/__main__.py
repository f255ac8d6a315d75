"""`python -m collector`: polls once, and prints what came and what each caller owes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from collector import Collector, Device, DeviceError, Store


def main() -> int:
    """Poll; return 0 when all was read, 1 when the PBX did not let us, which a scheduler may try again."""
    parser = argparse.ArgumentParser(prog="collector", description="Collect CDRs and recordings once.")
    parser.add_argument("--url", default=os.environ.get("UCM_URL"), help="https://address:port; or UCM_URL")
    parser.add_argument("--user", default=os.environ.get("UCM_USER"), help="or UCM_USER; UCM_PASSWORD has the password")
    parser.add_argument("--ca", default=os.environ.get("UCM_CA"), help="the PEM file to trust; or UCM_CA")
    parser.add_argument("--store", type=Path, default=Path("collected"), help="the folder to collect into")
    options = parser.parse_args()
    if not (options.url and options.user and options.ca):
        parser.error("--url, --user and --ca must be given, or UCM_URL, UCM_USER and UCM_CA be set")
    if not Path(options.ca).is_file():
        parser.error(
            f"there is no CA file '{options.ca}'; --ca or UCM_CA names the one that the start of the PBX prints"
        )
    options.store.mkdir(parents=True, exist_ok=True)
    store = Store(options.store / "cdr.sqlite")
    device = Device(options.url, options.user, os.environ.get("UCM_PASSWORD", ""), options.ca)
    try:
        found = Collector(device, store, options.store / "recordings").collect()
        print(f"{found.rows} new rows, {found.recordings} recordings, {len(found.missing)} still missing")
        for caller, seconds in sorted(store.invoice().items()):
            print(f"{caller:>12} {seconds:>8} s")
    except DeviceError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
