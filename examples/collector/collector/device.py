"""Talks to the PBX: HTTPS with Digest, one page or one recording at a time. Knows no store and never asks twice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlencode

import requests
from requests.auth import HTTPDigestAuth

from collector.rows import Row, rows_of

WAV_HEAD = 44
"""Bytes before the sound begins."""


class DeviceError(Exception):
    """Something went wrong with the PBX; the sentence says what."""


class Unreachable(DeviceError):
    """It cannot be reached, or says nothing in time; it may later."""


class Broken(DeviceError):
    """It answered, but not with what was asked for, or not with all of it; it may the next time."""


class Denied(DeviceError):
    """Our address is not permitted; it may be again."""


class LoggedOut(DeviceError):
    """User or password are wrong: to ask again cannot mend that."""


class Untrusted(DeviceError):
    """Its certificate is not to be trusted: to ask again cannot mend that, and to ask without looking is out of the question."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the device, and what its clock said when it answered."""

    rows: list[Row]
    date: datetime


@dataclass(slots=True)
class Device:
    """The PBX at *url*, whose certificate must be good by the PEM file *ca*; *timeout* is in seconds of silence."""

    url: str
    username: str
    password: str = field(repr=False)
    ca: str
    timeout: float = 30.0
    _login: HTTPDigestAuth = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._login = HTTPDigestAuth(self.username, self.password)

    def page(self, since: datetime | None, offset: int, size: int) -> Page:
        """Return *size* rows at most of calls that began at *since* or later, *offset* of them passed over."""
        asked = {"format": "json", "numRecords": str(size), "offset": str(offset)}
        if since is not None:
            asked["startTime"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"  # with its zone: without one it would be local time
        answer = self._get(f"/cdrapi?{urlencode(asked)}")
        if answer.status_code != 200:
            raise Broken(f"the page was answered with {answer.status_code} {answer.reason}")
        try:
            return Page(rows_of(json.loads(answer.content)), parsedate_to_datetime(answer.headers["Date"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Broken(f"the page cannot be read: {error!r}") from error

    def recording(self, path: str) -> bytes | None:
        """Return the recording that `recordfiles` calls *path*; None when the PBX does not have it."""
        answer = self._get(f"/recapi?filename={quote(path, safe='/')}")  # '+' and '#' must not stay what they are
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise Broken(f"{path} was answered with {answer.status_code} {answer.reason}")
        sound = answer.content
        if len(sound) < WAV_HEAD or not sound.startswith(b"RIFF"):
            raise Broken(f"{path} is no recording: it begins with {sound[:16]!r}")
        if len(sound) != 8 + int.from_bytes(sound[4:8], "little"):
            raise Broken(f"{path} is not whole: {len(sound)} bytes")
        return sound

    def _get(self, target: str) -> requests.Response:
        try:
            with requests.Session() as session:
                session.trust_env = False  # neither a proxy nor ~/.netrc has anything to do with the PBX
                answer = session.get(
                    self.url + target, auth=self._login, verify=self.ca, timeout=self.timeout, allow_redirects=False
                )
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error) or "match" in str(error):
                raise Untrusted(f"the certificate of {self.url} is not to be trusted: {error}") from error
            raise Unreachable(f"no TLS with {self.url}: {error}") from error
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
            raise Broken(f"the answer broke off: {error}") from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(f"{self.url} does not answer: {error}") from error
        if answer.status_code == 401:
            raise LoggedOut(f"{self.url} does not know user {self.username} with this password")
        if answer.status_code == 403:
            raise Denied(f"{self.url} does not permit our address")
        length = answer.headers.get("Content-Length", "")
        if length != str(len(answer.content)):
            raise Broken(f"the answer broke off: {len(answer.content)} of {length or 'unknown'} bytes")
        return answer
