"""What is told when everything listens: the ready report for programs, the banner for people.

The report is a file of mode 0600, written at once or not at all; to a pipe it goes in one write.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ucmsim.assembling.curlconfig import keep_curl_config
from ucmsim.errors import UcmsimError
from ucmsim.privatefile import put
from ucmsim.service.pbxservice import PbxService

MOST = 10
"""PBXs that are told of one by one."""
_SOME = 3
"""Of more than that, so many are."""
_DEVICES = Path("/dev")


def reachable(service: PbxService) -> str | None:
    """Return the URL of a PBX for a client on this machine; None when nothing listens."""
    address = service.address
    if address is None:
        return None
    if address.everywhere:
        host = "[::1]" if ":" in address.host else "127.0.0.1"
    else:
        host = f"[{address.host}]" if ":" in address.host else address.host
    return f"https://{host}:{address.port}"


def described(service: PbxService) -> dict[str, Any]:
    """Return the entry of one PBX in the ready report."""
    api = service.appliance.pbx.settings.api
    return {
        "url": reachable(service),
        "username": api.tls_authentication_name,
        "password": api.tls_authentication_password,
        "ca": str(service.appliance.ca_file.absolute()),
    }


def report(
    instance: str, control: Mapping[str, str] | None, services: Iterable[PbxService], ca: Path | None = None
) -> str:
    """Return the ready report as JSON on one line; *ca* is that of all PBXs, if there is one."""
    pbxs = {service.name: described(service) for service in services}
    shared = {} if ca is None else {"ca": str(ca)}
    return json.dumps({"instance": instance, "pid": os.getpid(), **shared, "control": control, "pbxs": pbxs}) + "\n"


def check_report(path: str | None) -> None:
    """Raise `UcmsimError` when the ready report could not be written to *path*: somebody would wait for ever."""
    if path is None:
        return
    folder = Path(path).absolute().parent
    why = "there is no such folder" if not folder.is_dir() else "it is a folder" if Path(path).is_dir() else ""
    if not why and _DEVICES not in Path(path).absolute().parents and not os.access(folder, os.W_OK):
        why = "its folder cannot be written"
    if why:
        raise UcmsimError(f"the ready report cannot be written to {path}: {why}")


def write_report(path: Path, text: str) -> None:
    """Write *text* to *path*; raises `OSError`."""
    data = text.encode()
    if _DEVICES in path.absolute().parents or (path.exists() and not stat.S_ISREG(path.stat().st_mode)):
        pipe = os.open(path, os.O_WRONLY)
        try:
            os.write(pipe, data)
        finally:
            os.close(pipe)
        return
    put(path, data)


def banner(
    services: Iterable[PbxService], *, show_passwords: bool, control: tuple[Mapping[str, str], Path] | None = None
) -> str:
    """Return the start-up banner: for each PBX its URL, its CA, and a curl line that works as it stands; of many, for some.

    A password is shown only where ucmsim chose it itself; else curl reads it from a file of mode 0600. *control* is what the
    ready report has of the control plane, and the file that its token stands in.
    """
    every = list(services)
    shown = every if len(every) <= MOST else every[:_SOME]
    blocks = [_block(service, show_passwords) for service in shown]
    if rest := every[len(shown) :]:
        places = "the ready report (--ready-file), the control plane and the log have their URLs"
        blocks.append(f"PBX {rest[0].name} ... {rest[-1].name}  {len(rest)} more: {places}")
    if control:
        plane, token = control
        ca = f"\n  CA     {plane['ca']}" if "ca" in plane else ""
        blocks.append(f"control plane  {plane['url']}\n  token  {token.absolute()}{ca}")
    return "\n" + "\n\n".join(blocks) + "\n"


def _block(service: PbxService, show_password: bool) -> str:
    url, pbx = reachable(service), service.appliance.pbx
    title = f"PBX {service.name} ({pbx.settings.personality.id})"
    if url is None:
        return f"{title}  nothing listens: api.enable is false"
    lines = [
        f"{title}  {url}",
        f"  CA     {service.appliance.ca_file.absolute()}",
        f"  rows   {len(pbx.history)}{', kept from before (--fresh begins anew)' if service.appliance.kept else ''}",
    ]
    return "\n".join([*lines, f"  try    {_tried(service, url, show_password)}"])


def _tried(service: PbxService, url: str, show_password: bool) -> str:
    """Return a curl command that gets a page from *service*, or why none can."""
    settings = service.appliance.pbx.settings
    if not settings.access.permitted(urlsplit(url).hostname or "")[0]:
        return "nothing from this machine: permitted_ips denies it"
    if settings.authenticates and not settings.api.tls_authentication_name:
        return "nothing: no user name is set, so every request is refused (quirk blank-name)"
    return shlex.join(_curl(service, url, show_password))


def _curl(service: PbxService, url: str, show_password: bool) -> list[str]:
    """Return the words of a curl command that gets a page from *service*, whatever its certificate and TLS are like."""
    appliance, settings = service.appliance, service.appliance.pbx.settings
    verifies = appliance.verifies(urlsplit(url).hostname or "", service.wall)
    words = ["curl", "--cacert", str(appliance.ca_file.absolute())] if verifies else ["curl", "--insecure"]
    if settings.tls_profile == "device" or settings.api.tls_cert is not None or settings.tls_range[1] < "1.2":
        words += ["--ciphers", "DEFAULT@SECLEVEL=0"]
    if settings.tls_range[1] < "1.2":
        words += ["--tlsv1.0"]
    api = settings.api
    if settings.authenticates:
        user = f"{api.tls_authentication_name}:{api.tls_authentication_password or ''}"
        words += ["--digest", *(["--user", user] if show_password else ["--config", str(keep_curl_config(appliance))])]
    return [*words, f"{url}/cdrapi?format=JSON&numRecords=5"]
