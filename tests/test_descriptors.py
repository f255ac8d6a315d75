"""How many descriptors the process may have open, and when that is said to be too few."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from tests.processes import TWISTD, Process, config
from ucmsim.service.descriptors import shortage


@pytest.mark.parametrize(
    ("limit", "pbxs", "more", "said"),
    [
        (1164, 500, {"durable": False}, None),
        (1163, 500, {"durable": False}, "about 1064: only about 99 clients can be connected at a time; raise its"),
        (1063, 500, {"durable": False}, "about 1064: some of them cannot start; raise its hard limit"),
        (2163, 500, {"durable": True}, "500 PBXs need about 2064: only about 99 clients"),
        (2164, 500, {"durable": True}, None),
        (2164, 500, {"durable": True, "spilling": 10}, "about 2094: only about 70 clients"),
        (1164, 500, {"durable": False, "spilling": 1}, "(ulimit -Hn) to 1165 or more, or let there be fewer PBXs"),
        (resource.RLIM_INFINITY, 5000, {"durable": True}, None),
        (1024, 3, {"durable": True}, None),
    ],
)
def test_what_is_too_few(limit, pbxs, more, said):
    """What PBXs hold by themselves must fit, and as many clients as one device serves."""
    found = shortage(limit, pbxs, **more)
    assert found is None if said is None else said in found


def test_the_limit_is_raised_to_what_the_process_may_have():
    """A soft limit below the hard one is that of an ordinary shell."""
    code = (
        "import json, resource as r; r.setrlimit(r.RLIMIT_NOFILE, (200, 300)); from ucmsim.service.descriptors import raise_limit; "
        "print(json.dumps([raise_limit(), raise_limit(), *r.getrlimit(r.RLIMIT_NOFILE)]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [300, 300, 300, 300]


def test_too_few_are_told_of_at_the_start(tmp_path):
    """On standard error, before any PBX is put together; what fits starts all the same."""
    runner = ["sh", "-c", 'ulimit -n 150 && exec "$@"', "sh", *TWISTD]
    with Process(tmp_path, "--config", config(tmp_path), runner=runner) as process:
        process.report()
        assert process.err.startswith(
            "this process may have 150 files and connections open, and 1 PBXs need about 66: "
        )
        assert process.stop() == 143
