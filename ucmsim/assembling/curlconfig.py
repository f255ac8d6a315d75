"""The credentials of a PBX where curl reads them, `curl.conf` beside its keys: so that none stand in a command line."""

from __future__ import annotations

from pathlib import Path

from ucmsim.assembling.assembly import Appliance
from ucmsim.privatefile import put


def keep_curl_config(appliance: Appliance) -> Path:
    """Write user and password to the file, mode 0600, and return it. Raises `OSError`."""
    api = appliance.pbx.settings.api
    user = f"{api.tls_authentication_name}:{api.tls_authentication_password or ''}"
    quoted = user.replace("\\", "\\\\").replace('"', '\\"')
    path = _place(appliance)
    put(path, f'user = "{quoted}"\n'.encode())
    return path


def renew_curl_config(appliance: Appliance) -> None:
    """Write it anew where somebody was told of it; others know nothing of it. Raises `OSError`."""
    if _place(appliance).exists():
        keep_curl_config(appliance)


def _place(appliance: Appliance) -> Path:
    return appliance.ca_file.absolute().with_name("curl.conf")
