"""Reads a configuration and judges all of it: the settings, the faults, and the files they name.

`ucmsim check` and the service share this, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeGuard

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ucmsim import regularfile, schedule
from ucmsim.cdr import devicefile
from ucmsim.certificates import keyfiles
from ucmsim.certificates.authority import common_name
from ucmsim.certificates.defects import DEFECTS
from ucmsim.certificates.keyfiles import Upload
from ucmsim.clock import PbxClock
from ucmsim.errors import readable
from ucmsim.faults import FaultRefused, arming
from ucmsim.register import BY_ID
from ucmsim.secrecy import is_content
from ucmsim.settings import Judge, Settings, load, load_pbx
from ucmsim.settings import Pbx as PbxSettings
from ucmsim.settings.keys import placed
from ucmsim.settings.rules import Broken

DEFECT_IDS = MappingProxyType({row.id: "" if row.available else row.made for row in DEFECTS})
"""Every defect, and why it cannot be shown where it cannot."""
REFUSABLE_DEFECT_IDS = frozenset(defect.id for defect in DEFECTS if defect.careful_client == "refuse")
"""Those that a careful client refuses."""

_A_DAY = timedelta(days=1)
_BEGINNING = 4 << 20
"""Bytes in which it is found whether a file is one of a device's."""
_NOTHING: Mapping[str, Upload] = MappingProxyType({})
_DEMO = "the built-in demo"


def demo_text() -> str:
    """Return the configuration of the built-in demo, as a file has it."""
    return (files("ucmsim") / "data" / "demo.yaml").read_text("utf-8")


def is_demo(settings: Settings) -> bool:
    """Return whether *settings* are those of the built-in demo, whose password is ucmsim's own."""
    return settings == read(None)


def read(file: Path | None) -> Settings:
    """Return the settings in *file*, those of the built-in demo without one.

    Raises `ConfigurationError` with every problem at once.
    """
    if file is None:
        return load(demo_text(), Path("demo.yaml"), _DEMO)[0]
    with readable(str(file), "name a configuration file"):
        text = file.read_text("utf-8")
    return load(text, file, judges=_JUDGES, of_all=(_control_files,))[0]


def read_pbx(
    value: Mapping[str, Any],
    folder: Path,
    beside: tuple[str, ...] = (),
    *,
    before: PbxSettings | None = None,
    uploads: Mapping[str, Upload] = _NOTHING,
    looks: bool = True,
) -> PbxSettings:
    """Return the settings of one PBX given as JSON, with files relative to *folder*; keys *beside* them were taken out.

    *uploads* stand in place of key files. Files that settings named *before* are not looked at again: they were read;
    unless it *looks* none is. Raises `ConfigurationError`.
    """
    known = {} if before is None else written(before)

    def as_before(*path: str) -> bool:
        return bool(_at(value, path) == _at(known, path))

    def key_files(pbx: Mapping[str, Any], base: Path) -> Iterator[Broken]:
        return _key_files(pbx, base, uploads)

    judges: list[Judge] = [_faults]
    if not looks:
        return load_pbx(value, folder, judges, beside)
    named = [("api", "tls_private_key"), ("api", "tls_cert"), ("tls_profile",)]
    judges += [] if all(as_before(*path) for path in named) and not uploads else [key_files]
    judges += [] if as_before("history") else [_import_file]
    return load_pbx(value, folder, judges, beside)


def _at(value: Any, path: Iterable[str]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def written(settings: PbxSettings) -> dict[str, Any]:
    """Return *settings* as somebody writes them who means the same: without what was left to its default."""
    return settings.model_dump(mode="json", by_alias=True, exclude_unset=True)


def warnings(settings: Settings, wall: float) -> Iterator[tuple[str, str]]:
    """Yield a PBX and a sentence for everything that is allowed and probably not meant, at *wall* seconds."""
    for name, pbx in settings.pbxs.items():
        clock = PbxClock.of(pbx.clock, wall)
        now, begun = clock.at(wall).pbx, clock.world(wall)
        for said in (*pbx_warnings(pbx), *clock_warnings(now, wall), *schedule.warnings(pbx, begun)):
            yield name, said


def clock_warnings(now: datetime, wall: float) -> Iterator[str]:
    """Yield what follows from a PBX clock that says *now* at *wall* seconds of the epoch."""
    real = datetime.fromtimestamp(wall, UTC)
    if abs(now - real) > _A_DAY:
        yield (
            f"the PBX clock says {now:%Y-%m-%d} and the real date is {real:%Y-%m-%d}: certificates are minted against "
            "the PBX clock, so a client that verifies them by the real date may refuse them"
        )


def pbx_warnings(pbx: PbxSettings) -> Iterator[str]:
    """Yield what is probably not meant in the settings of one PBX."""
    api = pbx.api
    yield from _name_warnings(pbx)
    yield from _quirk_warnings(pbx)
    if not api.enable:
        yield "api.enable is false, so nothing listens on the API port; the device's default is the same"
        return
    yield from _account_warnings(pbx)
    if pbx.access.permitted("127.0.0.1")[0]:
        return
    if not api.permitted_ips:
        yield "permitted_ips is blank, so every address is denied; add address/netmask entries"
    elif not api.entries:
        yield "permitted_ips has an entry that cannot be read, so every address is denied (quirk acl-unparsable)"
    elif api.tls_bind_address.host.startswith("127."):
        yield "it listens on loopback, and permitted_ips denies 127.0.0.1"


def _quirk_warnings(pbx: PbxSettings) -> Iterator[str]:
    personality = pbx.personality
    register = pbx.register
    for row in (BY_ID[name] for name in pbx.quirks):
        if not row.shows(personality.generation, register.values):
            yield f"quirk '{row.id}' changes nothing on {personality.id}: it is shown {row.shown}"


def _account_warnings(pbx: PbxSettings) -> Iterator[str]:
    api = pbx.api
    open_to_all = "requests are not authenticated"
    if not api.tls_authentication_name:
        given = " although a password is set" if api.tls_authentication_password else ""
        said = "every request is refused (quirk blank-name)" if pbx.authenticates else open_to_all
        yield f"no tls_authentication_name is set{given}: {said}"
    elif not api.tls_authentication_password:
        digest = "Digest is computed with an empty password"
        said = digest if pbx.authenticates else f"{open_to_all} (quirk blank-password)"
        yield f"no tls_authentication_password is set: {said}"


def _name_warnings(pbx: PbxSettings) -> Iterator[str]:
    api = pbx.api
    if api.tls_private_key is None or api.tls_cert is None or api.tls_bind_address.everywhere:
        return
    identity, _ = keyfiles.read(api.tls_private_key, api.tls_cert)
    name = common_name(identity.certificate) if identity else api.tls_bind_address.host
    if name != api.tls_bind_address.host:
        yield f"the bind address is '{api.tls_bind_address.host}' and the certificate's CN is '{name}'; the guide wants them equal"


def _faults(pbx: Mapping[str, Any], _folder: Path) -> Iterator[Broken]:
    faults = pbx.get("faults")
    taken: list[str] = []
    for at, spec in enumerate(faults if isinstance(faults, list) else ()):
        if not isinstance(spec, dict):
            continue
        try:
            taken.append(arming(spec, defects=DEFECT_IDS, taken=taken).name)
        except FaultRefused as refused:
            for said in refused.said:
                yield ("faults", at, *said.path), said.wrong, said.right


def _key_files(pbx: Mapping[str, Any], folder: Path, uploads: Mapping[str, Upload] = _NOTHING) -> Iterator[Broken]:
    api = pbx.get("api")
    named = [api.get(key) for key in ("tls_private_key", "tls_cert")] if isinstance(api, dict) else [None]
    if all(map(_names_file, named)):
        key, certificate = (_placed(folder, str(file)) for file in named)
        identity, objections = keyfiles.read(uploads.get("tls_private_key", key), uploads.get("tls_cert", certificate))
        for setting, wrong, right in objections:
            yield ("api", setting), wrong, right
        if identity and pbx.get("tls_profile") == "device" and not isinstance(identity.key, RSAPrivateKey):
            wrong = "the key is no RSA key, and tls_profile 'device' has RSA ciphers only"
            yield ("api", "tls_private_key"), wrong, "use an RSA key, or tls_profile 'modern'"


def _control_files(whole: Mapping[str, Any], folder: Path) -> Iterator[Broken]:
    tls = _at(whole, ("control", "tls"))
    named = [tls.get(name) for name in keyfiles.PLAINLY.values()] if isinstance(tls, dict) else [None]
    if all(map(_names_file, named)):
        _, objections = keyfiles.read(*(_placed(folder, str(file)) for file in named))
        for setting, wrong, right in objections:
            yield ("control", "tls", keyfiles.PLAINLY[setting]), wrong, right


def _import_file(pbx: Mapping[str, Any], folder: Path) -> Iterator[Broken]:
    history = pbx.get("history")
    file = history.get("import") if isinstance(history, dict) else None
    if not _names_file(file):
        return
    path, right = _placed(folder, file), "name a device CSV, JSON or XML file"
    try:
        objection = devicefile.objection(_text(path), path.name)
    except (FileNotFoundError, ValueError):
        yield ("history", "import"), f"there is no file '{file}' that can be read", right
        return
    except OSError as error:
        yield ("history", "import"), f"'{file}' cannot be read: {error.strerror}", right
        return
    if objection:
        yield ("history", "import"), f"'{file}' cannot be imported: {objection}", right


def _text(file: Path) -> str:
    """Return how *file* begins: what makes it none of a device's is found there, and it may be large."""
    first = next(regularfile.pieces(file, _BEGINNING), b"")
    return first.decode("utf-8", "replace").replace("\r\n", "\n")


def _names_file(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != "" and not is_content(value)


def _placed(folder: Path, file: str) -> Path:
    try:
        return placed(folder, file)
    except RuntimeError:  # the settings say that the home folder is nobody's
        return folder / file


_JUDGES = (_faults, _key_files, _import_file)
