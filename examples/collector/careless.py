"""How not to collect: everything that field integrations do wrong, in one page. For the report on a bad collector.

It looks at no certificate, goes on from the start of the last row it saw, takes a
short page for the last one, counts rows twice, forgets recordings that are not there, and tries again at once.
"""

from __future__ import annotations

import argparse
import os
import warnings
from dataclasses import dataclass, field

import requests
from requests.auth import HTTPDigestAuth

PAGE = 100


@dataclass(slots=True)
class Careless:
    """Collects from the PBX at *url*, somehow; *seconds* is what it would bill."""

    url: str
    username: str
    password: str = field(repr=False)
    watermark: str = ""
    seconds: int = 0
    rows: list[dict[str, str]] = field(default_factory=list)
    recordings: int = 0

    def collect(self) -> None:
        """Poll once, three times if need be."""
        for _ in range(3):
            try:
                self._poll()
            except (requests.RequestException, ValueError, KeyError):
                continue
            return

    def _poll(self) -> None:
        offset = 0
        since = f"&startTime={self.watermark.replace(' ', 'T')}" if self.watermark else ""
        while True:
            page = self._get(f"/cdrapi?format=json&numRecords={PAGE}&offset={offset}{since}").json()
            entries = page.get("cdr") or page.get("cdr_root") or []
            for entry in entries:
                self._take(entry.get("main_cdr", entry))
            if len(entries) < PAGE:
                return
            offset += PAGE

    def _take(self, row: dict[str, str]) -> None:
        self.rows.append(row)
        self.seconds += int(row["billsec"])
        self.watermark = max(self.watermark, row["start"])
        for name in filter(None, row.get("recordfiles", "").split("@")):
            self.recordings += self._get(f"/recapi?filename={name}").ok

    def _get(self, target: str) -> requests.Response:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the certificate that is not looked at
            login = HTTPDigestAuth(self.username, self.password)
            with requests.Session() as session:
                return session.get(self.url + target, auth=login, verify=False, timeout=10)


def main() -> None:
    """Poll once and print what would be billed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=os.environ.get("UCM_URL"))
    parser.add_argument("--user", default=os.environ.get("UCM_USER"))
    options = parser.parse_args()
    careless = Careless(options.url, options.user, os.environ.get("UCM_PASSWORD", ""))
    careless.collect()
    print(f"{len(careless.rows)} rows, {careless.seconds} s, {careless.recordings} recordings")


if __name__ == "__main__":
    main()
