"""Reads a configuration and judges all of it: the settings, the faults, and the files they name.

`ucmsim check` and the service share this, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ucmsim import acl, keyfiles
from ucmsim.defects import DEFECTS
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.faults import FaultRefused, arming
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings import Settings, Source, load

DEFECT_IDS = tuple(defect.id for defect in DEFECTS)

_DEMO = "the built-in demo"


def _demo_text() -> str:
    return (files("ucmsim") / "data" / "demo.yaml").read_text("utf-8")


def is_demo(file: Path | None) -> bool:
    """Return whether *file* is the built-in demo, or a copy of it: its password is ucmsim's own."""
    return file is None or file.read_text("utf-8") == _demo_text()


def read(file: Path | None) -> Settings:
    """Return the settings in *file*, those of the built-in demo without one.

    Raises `ConfigurationError` with every problem at once.
    """
    if file is None:
        return load(_demo_text(), Path("demo.yaml"), _DEMO)[0]
    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        said = f"byte {error.start + 1} is not UTF-8"
        raise ConfigurationError([Problem("", said, "save the file as UTF-8", str(file), 1)]) from None
    except OSError as error:
        said = f"it cannot be read: {error.strerror}"
        raise ConfigurationError([Problem("", said, "name a configuration file", str(file))]) from None
    return load(text, file, judges=(_faults, _key_files, _import_files))[0]


def warnings(settings: Settings) -> Iterator[str]:
    """Yield a sentence for everything that is allowed and probably not meant."""
    for name, pbx in settings.pbxs.items():
        for said in pbx_warnings(pbx):
            yield f"{name}: {said}"


def pbx_warnings(pbx: PbxSettings) -> Iterator[str]:
    """Yield what is probably not meant in the settings of one PBX."""
    api = pbx.api
    if not api.enable:
        yield "api.enable is false, so nothing listens on the API port; the device's default is the same"
        return
    if not api.authenticates:
        given = " although a password is set" if api.tls_authentication_password else ""
        yield f"no tls_authentication_name is set{given}: requests are not authenticated"
    elif not api.tls_authentication_password:
        yield "no tls_authentication_password is set: Digest is computed with an empty password"
    if not api.permitted_ips:
        yield "permitted_ips is blank, so every address is denied; add address/netmask entries"
    elif not acl.permitted(api.entries, "127.0.0.1")[0] and api.tls_bind_address.host.startswith("127."):
        yield "it listens on loopback, and permitted_ips denies 127.0.0.1"


def _pbxs(source: Source) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the PBXs as they were written, right or wrong."""
    value = source.tree.value
    pbxs = value.get("pbxs") if isinstance(value, dict) else None
    for name, pbx in pbxs.items() if isinstance(pbxs, dict) else ():
        if isinstance(pbx, dict):
            yield name, pbx


def _faults(source: Source, _folder: Path) -> Iterator[Problem]:
    for name, pbx in _pbxs(source):
        faults = pbx.get("faults")
        taken: list[str] = []
        for at, spec in enumerate(faults if isinstance(faults, list) else ()):
            if not isinstance(spec, dict):
                continue
            try:
                taken.append(arming(spec, defects=DEFECT_IDS, taken=taken).name)
            except FaultRefused as refused:
                for said in refused.said:
                    yield source.problem(("pbxs", name, "faults", at, *said.path), said.wrong, said.right)


def _key_files(source: Source, folder: Path) -> Iterator[Problem]:
    for name, pbx in _pbxs(source):
        api = pbx.get("api")
        named = [api.get(key) for key in ("tls_private_key", "tls_cert")] if isinstance(api, dict) else [None]
        if all(isinstance(file, str) for file in named):
            key, certificate = (folder / Path(str(file)).expanduser() for file in named)
            for setting, wrong, right in keyfiles.read(key, certificate)[1]:
                yield source.problem(("pbxs", name, "api", setting), wrong, right)


def _import_files(source: Source, folder: Path) -> Iterator[Problem]:
    for name, pbx in _pbxs(source):
        history = pbx.get("history")
        file = history.get("import") if isinstance(history, dict) else None
        if isinstance(file, str) and not (folder / Path(file).expanduser()).is_file():
            path = ("pbxs", name, "history", "import")
            yield source.problem(path, f"there is no file '{file}'", "name a device CSV, JSON or XML file")
