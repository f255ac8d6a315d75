"""What stays of what was asked of the control plane when ucmsim is started again on the same state folder."""

from __future__ import annotations

from pathlib import Path

from tests.processes import API, GUIDE, Process, config
from ucmsim.client import ControlClient

ACCOUNT = {**API, "tls_authentication_name": "cdrapi", "tls_authentication_password": "not-for-everybody"}
ADDED = {"history": {"days": 0}, "api": ACCOUNT, "clock": {"rate": 0}}


def client_of(process: Process) -> ControlClient:
    """Return a client of the control plane of *process*, once it runs."""
    plane = process.report()["control"]
    return ControlClient(plane["url"], plane["token"])


def test_a_pbx_that_was_added(tmp_path: Path) -> None:
    """It does not run; who creates it again has its keys and rows, under other settings if need be, which is then told."""
    file = config(tmp_path, top={"state": "kept", "control": {"bind": "127.0.0.1:0"}}, history=GUIDE)
    with Process(tmp_path, "--config", file) as process:
        control = client_of(process)
        first = control.create_pbx("added", ADDED)
        control.place_call("added", {"shape": "answered", "from": "1001", "to": "1002"})
        control.change_clock("added", {"advance": 120})
        control.arm_fault("added", {"fault": "http.latency", "seconds": 0.1})
        control.change_pbx("hq", {"tls_names": ["pbx.example.com"]})
        process.stop()

    with Process(tmp_path, "--config", file) as process:
        control = client_of(process)
        assert [one.name for one in control.pbxs()] == ["hq"]
        assert control.pbx("hq").settings["tls_names"] == []
        again = control.create_pbx("added", ADDED)
        assert (again.rows, again.ca_pem, list(again.warnings)) == (1, first.ca_pem, [])
        assert [call.dialled for call in control.calls("added")] == ["1002"]
        assert list(control.faults("added")) == []
        process.stop()

    with Process(tmp_path, "--config", file) as process:
        control = client_of(process)
        other = control.create_pbx("added", {**ADDED, "history": GUIDE})
        assert other.rows == 1
        assert ["kept history was made with" in one for one in other.warnings] == [True]
        assert control.reset("added").rows == 3
        control.delete_pbx("added")
        assert control.create_pbx("added", ADDED).rows == 0
        assert control.pbx("added").ca_pem != first.ca_pem
        process.stop()
