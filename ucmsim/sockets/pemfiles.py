"""A key and certificates as the files that OpenSSL wants to read them from, there for a moment only."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written(key_pem: bytes, certificate_pem: bytes) -> Iterator[tuple[Path, Path]]:
    """Yield the paths of two files that hold these, in a folder that only we may enter."""
    with tempfile.TemporaryDirectory(prefix="ucmsim-tls-") as folder:
        key, certificate = Path(folder, "key"), Path(folder, "certificate")
        key.touch(0o600)
        key.write_bytes(key_pem)
        certificate.write_bytes(certificate_pem)
        yield key, certificate
