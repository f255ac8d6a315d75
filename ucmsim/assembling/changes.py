"""What the settings of a PBX become by a change, and which of their keys that changes. Pure, but for files that are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ucmsim.assembling.hidden import kept
from ucmsim.certificates.keyfiles import Upload
from ucmsim.configuration import read_pbx, written
from ucmsim.errors import ConfigurationError, Problem, listed
from ucmsim.overlay import patched
from ucmsim.settings import Api
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings.keys import is_upload

KEPT = MappingProxyType({"tls_private_key": "private.pem", "tls_cert": "certificate.pem"})
"""The files beside the history in which an upload is kept."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a PBX is to be: its *settings*, the dotted *keys* that differ from what they were, and what was uploaded."""

    settings: PbxSettings
    keys: tuple[str, ...]
    uploads: Mapping[str, Upload] = field(default_factory=dict, repr=False)

    @property
    def of_the_page(self) -> bool:
        """Whether it is about the device's API Configuration page alone, which takes effect while it runs."""
        return bool(self.keys) and all(key.startswith("api.") for key in self.keys)


def put(before: PbxSettings, document: Mapping[str, Any], folder: Path) -> Change:
    """Return the change to what the *document* says, where what is left out is a default; paths are relative to *folder*.

    Where it has what is told in the place of a secret, the secret stays.

    Raises `ConfigurationError`.
    """
    after = read_pbx(kept(document, written(before)), folder, before=before)
    return Change(after, tuple(differing(before, after)))


def merge(before: PbxSettings, patch: Mapping[str, Any], folder: Path) -> Change:
    """Return the change that a JSON merge patch makes, RFC 7396: null takes a key away, and with it what it was set to.

    Raises `ConfigurationError`.
    """
    return put(before, patched(written(before), patch), folder)


def on_page(before: PbxSettings, page: Mapping[str, Any], home: Path, folder: Path) -> Change:
    """Return the change that the keys of the API Configuration *page* make of a PBX that is kept in *home*.

    A text of several lines in place of a key file is an upload, a path is relative to *folder*. Raises
    `ConfigurationError`.
    """
    if not page:
        said = f"give {listed(Api.model_fields)}"
        raise ConfigurationError([Problem("", "there is nothing to change", said)])
    uploads = {key: Upload(page[key].encode("utf-8", "surrogatepass")) for key in KEPT if is_upload(key, page.get(key))}
    api = {**written(before).get("api", {}), **page, **{key: str(home / KEPT[key]) for key in uploads}}
    document = kept({**written(before), "api": api}, written(before))
    after = read_pbx(document, folder, before=before, uploads=uploads)
    uploaded = [f"api.{key}" for key in uploads]
    keys = dict.fromkeys([*differing(before, after), *uploaded])
    return Change(after, tuple(keys), uploads)


def differing(before: PbxSettings, after: PbxSettings) -> Iterator[str]:
    """Yield the dotted keys under which two settings are not the same, in their order; a list is one value."""
    one, other = (settings.model_dump(mode="json", by_alias=True) for settings in (before, after))
    yield from _differing(one, other, "")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], under: str) -> Iterator[str]:
    for key in dict.fromkeys([*before, *after]):
        one, other, path = before.get(key), after.get(key), f"{under}{key}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differing(one, other, f"{path}.")
        elif (key in before, one) != (key in after, other):
            yield path
