"""Fails when a wheel or an sdist given as argument holds what must not be shipped, or lacks what must."""

import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

WANTED = ("twisted/plugins/ucmsim_plugin.py", "ucmsim/data/demo.yaml", "ucmsim/data/guide-2013.csv", "ucmsim/py.typed")


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file of *archive* with its content."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            yield from ((name, wheel.read(name)) for name in wheel.namelist())
    else:
        with tarfile.open(archive) as sdist:
            for member in sdist.getmembers():
                if file := sdist.extractfile(member):
                    yield member.name, file.read()


def faults(archive: Path) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with *archive*."""
    found = dict(members(archive))
    for name, content in found.items():
        if name.endswith("dropin.cache"):
            yield f"{name} is shipped"
        # The marker in two halves, so that this file is none itself.
        if b"PRIVATE KEY" + b"-----\n" in content:
            yield f"{name} holds a private key"
    for wanted in WANTED:
        if not any(name.endswith(wanted) for name in found):
            yield f"{wanted} is missing"
    if archive.suffix == ".whl" and any(name.endswith("twisted/__init__.py") for name in found):
        yield "twisted/__init__.py would shadow Twisted"


def main() -> int:
    """Judge every archive; return the exit code."""
    bad = 0
    for archive in map(Path, sys.argv[1:]):
        said = list(faults(archive))
        bad += len(said)
        print(f"{archive.name}: {'; '.join(said) if said else 'no private key, no dropin.cache, all there'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
