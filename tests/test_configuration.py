"""A configuration is judged as a whole: settings, faults and the files it names, every problem with its place."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ucmsim.certificates.authority import Authority
from ucmsim.certificates.defects import DEFECTS
from ucmsim.configuration import DEFECT_IDS, is_demo, pbx_warnings, read, warnings
from ucmsim.errors import ConfigurationError, Problem
from ucmsim.settings import Address, load_pbx

FIXTURES = Path(__file__).parent.parent / "fixtures"
OPEN: dict[str, Any] = {
    "enable": True,
    "tls_authentication_name": "cdrapi",
    "tls_authentication_password": "s3cr3t",
    "permitted_ips": ["127.0.0.0/8"],
}


def written(folder: Path, text: str | bytes) -> Path:
    """Write a configuration and return its file."""
    file = folder / "sim.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def problems(folder: Path, text: str | bytes) -> tuple[Problem, ...]:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigurationError) as raised:
        read(written(folder, text))
    return raised.value.problems


def places(folder: Path, text: str) -> list[tuple[str, int]]:
    """Return key and line of everything that is wrong with a configuration."""
    return [(problem.key, problem.line) for problem in problems(folder, text)]


def said(quirks: dict[str, Any] | None = None, **api: Any) -> list[str]:
    """Return the warnings about a PBX with these settings of its API page, and these quirks."""
    return list(pbx_warnings(load_pbx({"api": {**OPEN, **api}, "quirks": quirks or {}}, Path())))


def test_without_a_file_it_is_the_demo() -> None:
    """No file means the built-in demo: one PBX on loopback that anybody on this machine may ask."""
    settings = read(None)
    (hq,) = settings.pbxs.values()
    assert (settings.state, settings.control, settings.seed) == (None, None, 42)
    assert (hq.api.enable, hq.api.tls_bind_address) == (True, Address("127.0.0.1", 8443))
    assert list(warnings(settings, time.time())) == []


def test_demo_is_the_fixture() -> None:
    """The demo and `fixtures/sim.yaml` are the same text, so both may show their password."""
    assert is_demo(read(None))
    assert is_demo(read(FIXTURES / "sim.yaml"))


def test_own_configuration_is_no_demo(tmp_path: Path) -> None:
    """A copy with another password is the user's own."""
    text = (FIXTURES / "sim.yaml").read_text().replace("cdrapi123", "cdrapi124")
    assert not is_demo(read(written(tmp_path, text)))


def test_defects_are_known() -> None:
    """Whoever judges a fault knows every defect of the table, and why some cannot be shown."""
    assert list(DEFECT_IDS) == [row.id for row in DEFECTS]
    assert {name for name, why in DEFECT_IDS.items() if why} == {row.id for row in DEFECTS if not row.available}


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process stands does not matter to the paths of a configuration."""
    (tmp_path / "calls.csv").write_bytes((FIXTURES / "guide-2013.csv").read_bytes())
    file = written(tmp_path, "state: kept\npbxs:\n  hq:\n    history: {import: calls.csv}\n")
    monkeypatch.chdir("/")
    settings = read(file)
    assert settings.state == tmp_path / "kept"
    assert settings.pbxs["hq"].history.import_ == tmp_path / "calls.csv"


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """A file that is not there, or is a folder, is one problem without a line."""
    with pytest.raises(ConfigurationError, match=r"it cannot be read: .*; name a configuration file") as raised:
        read(tmp_path / name)
    assert [(problem.file, problem.line) for problem in raised.value.problems] == [(str(tmp_path / name), 0)]


@pytest.mark.parametrize("data", [b"", b"\n# nothing\n", b"pbxs: [", b"pbxs:\n\thq: {}", b"\x00", b"\xff\xfep", b"- 1"])
def test_file_that_is_no_configuration(tmp_path: Path, data: bytes) -> None:
    """What is no YAML mapping is a problem with file and line."""
    found = problems(tmp_path, data)
    assert found
    assert all(problem.file.endswith("sim.yaml") and problem.line for problem in found)


EVERYTHING = """\
sed: 42
pbxs:
  hq:
    time_zone: America/Chikago
    api:
      enable: maybe
      permitted_ips: [10.0.0.0/99]
      tls_private_key: no.pem
      tls_cert: no.pem
    history: {import: no.csv}
    faults:
      - {fault: http.latencies, seconds: 1}
      - {fault: http.latency, seconds: -1, when: {pth: /cdrapi}}
      - {fault: tls.certificate, defect: expird}
      - {fault: api.deny, how: drop, when: {path: /cdrapi}}
  branch:
    quirks: {order: sideways}
"""


def test_everything_is_named_at_once(tmp_path: Path) -> None:
    """Keys, values, files and faults of every PBX are all named, in the order of their lines."""
    found = places(tmp_path, EVERYTHING)
    expected = {
        ("sed", 1), ("pbxs.hq.time_zone", 4), ("pbxs.hq.api.enable", 6), ("pbxs.hq.api.permitted_ips[0]", 7),
        ("pbxs.hq.api.tls_private_key", 8), ("pbxs.hq.api.tls_cert", 9), ("pbxs.hq.history.import", 10),
        ("pbxs.hq.faults[0].fault", 12), ("pbxs.hq.faults[1].seconds", 13), ("pbxs.hq.faults[1].when.pth", 13),
        ("pbxs.hq.faults[2].defect", 14), ("pbxs.hq.faults[3].when.path", 15), ("pbxs.branch.quirks.order", 17),
    }  # fmt: skip
    assert set(found) == expected
    assert [line for _, line in found] == sorted(line for _, line in found)


@pytest.mark.parametrize(
    "hint",
    ["'seed'", "'America/Chicago'", "'http.latency'", "'path'", "'expired'", "asc or desc", "no file 'no.csv'"],
)
def test_problems_say_what_was_meant(tmp_path: Path, hint: str) -> None:
    """A word that is nearly right is answered with the right one, another with the words there are."""
    assert hint in "\n".join(map(str, problems(tmp_path, EVERYTHING)))


def test_a_problem_is_one_line_with_its_place(tmp_path: Path) -> None:
    """Each problem reads file, line, key, what is wrong and what would be right."""
    (problem,) = problems(tmp_path, "pbxs:\n  hq:\n    seed: 1\n")
    assert str(problem).startswith(f"{tmp_path}/sim.yaml:3: pbxs.hq.seed: there is no key 'seed' here; ")


@pytest.mark.parametrize(
    ("faults", "where"),
    [
        ("[{seconds: 1}]", "pbxs.hq.faults[0]"),
        ("[{fault: http.latency}]", "pbxs.hq.faults[0]"),
        ("[{fault: http.latency, seconds: .nan}]", "pbxs.hq.faults[0].seconds"),
        ("[{fault: http.latency, seconds: 1, chance: 2}]", "pbxs.hq.faults[0].chance"),
        ("[{fault: http.latency, seconds: 1, ttl: 0}]", "pbxs.hq.faults[0].ttl"),
        ("[{fault: api.deny, address: 10.0.0.0/64}]", "pbxs.hq.faults[0].address"),
        (
            "[{name: a, fault: api.deny}, {fault: api.deny}, {name: a, fault: http.latency, seconds: 1}]",
            "pbxs.hq.faults[2].name",
        ),
    ],
)
def test_faults_are_judged_before_they_are_armed(tmp_path: Path, faults: str, where: str) -> None:
    """A fault that cannot be armed is a problem of the configuration, at its place in the list."""
    assert places(tmp_path, f"pbxs:\n  hq:\n    faults: {faults}\n") == [(where, 3)]


@pytest.mark.parametrize("faults", ["3", "{fault: api.deny}", "[3]", "[[]]", "[null]"])
def test_faults_of_the_wrong_shape(tmp_path: Path, faults: str) -> None:
    """A list of mappings is due, and something else is said so."""
    assert places(tmp_path, f"pbxs:\n  hq:\n    faults: {faults}\n")[0][0].startswith("pbxs.hq.faults")


@pytest.mark.parametrize("pbxs", ["3", "[hq]", "{hq: 3}", "{hq: {api: 3}}", "{hq: {history: 3}}", "null"])
def test_settings_of_the_wrong_shape(tmp_path: Path, pbxs: str) -> None:
    """Whatever stands where a mapping is due, the judges pass it by and the models say it."""
    assert places(tmp_path, f"pbxs: {pbxs}\n")[0][0].startswith("pbxs")


def own_pair(folder: Path) -> tuple[Path, Path]:
    """Write a key and its certificate."""
    now = datetime.now(UTC)
    identity = Authority.mint("own", now).issue(["127.0.0.1"], now)
    key, certificate = folder / "key.pem", folder / "cert.pem"
    key.write_bytes(identity.key_pem)
    certificate.write_bytes(identity.certificate_pem)
    return key, certificate


FILES = "pbxs:\n  hq:\n    api:\n      tls_private_key: {}\n      tls_cert: {}\n"


def test_key_files_are_judged(tmp_path: Path) -> None:
    """A key and its certificate are taken; turned round, or from another pair, each wrong file is named."""
    own_pair(tmp_path)
    (tmp_path / "other").mkdir()
    own_pair(tmp_path / "other")
    assert read(written(tmp_path, FILES.format("key.pem", "cert.pem"))).pbxs["hq"].api.tls_cert
    key, cert = ("pbxs.hq.api.tls_private_key", 4), ("pbxs.hq.api.tls_cert", 5)
    assert set(places(tmp_path, FILES.format("cert.pem", "key.pem"))) == {key, cert}
    assert set(places(tmp_path, FILES.format("other/key.pem", "cert.pem"))) <= {key, cert}
    assert places(tmp_path, FILES.format("key.pem", "nothing.pem")) == [cert]


def test_secrets_are_not_quoted(tmp_path: Path) -> None:
    """No problem quotes a password or token, however wrong it is written."""
    text = (
        "control: {token: 1234567890}\npbxs:\n  hq:\n    api: {tls_authentication_password: 0123456}\n"
        "  branch:\n    api: {tls_authentication_password: {really: 12345678}}\n"
    )
    told = "\n".join(map(str, problems(tmp_path, text)))
    assert not [secret for secret in ("1234567890", "0123456", "42798", "12345678") if secret in told]


# --- warnings ------------------------------------------------------------------------------------------------------


def test_good_settings_have_no_warning() -> None:
    """A PBX that can be asked by those who may says nothing."""
    assert said() == []


@pytest.mark.parametrize(
    ("api", "warning"),
    [
        ({"enable": False}, "api.enable is false, so nothing listens"),
        ({"tls_authentication_name": None}, "although a password is set"),
        ({"tls_authentication_name": ""}, "although a password is set"),
        ({"tls_authentication_name": None, "tls_authentication_password": None}, "requests are not authenticated"),
        ({"tls_authentication_password": None}, "Digest is computed with an empty password"),
        ({"permitted_ips": []}, "every address is denied"),
        ({"permitted_ips": ["10.0.0.0/8"], "tls_bind_address": "127.0.0.1:0"}, "permitted_ips denies 127.0.0.1"),
    ],
)
def test_what_is_probably_not_meant(api: dict[str, Any], warning: str) -> None:
    """What is allowed and surprising is one warning."""
    (only,) = said(**api)
    assert warning in only


NAMELESS = {"tls_authentication_name": None}
BLANK = {"tls_authentication_password": None}
DENIED = {"permitted_ips": []}
UNREADABLE = {"permitted_ips": ["127.0.0.0/8", "nonsense"], "tls_bind_address": "0.0.0.0:0"}


@pytest.mark.parametrize(
    ("quirks", "api", "warned"),
    [
        pytest.param(
            {"blank-name": "refuse"}, NAMELESS,
            ["no tls_authentication_name is set although a password is set: every request is refused (quirk blank-name)"],
            marks=pytest.mark.quirk("blank-name"),
        ),
        pytest.param(
            {"blank-name": "open"}, {**NAMELESS, **BLANK},
            ["no tls_authentication_name is set: requests are not authenticated"],
            marks=pytest.mark.quirk("blank-name"),
        ),
        pytest.param(
            {"blank-password": "open"}, BLANK,
            ["no tls_authentication_password is set: requests are not authenticated (quirk blank-password)"],
            marks=pytest.mark.quirk("blank-password"),
        ),
        pytest.param(
            {"blank-password": "digest"}, BLANK,
            ["no tls_authentication_password is set: Digest is computed with an empty password"],
            marks=pytest.mark.quirk("blank-password"),
        ),
        pytest.param({"acl-blank": "allow"}, DENIED, [], marks=pytest.mark.quirk("acl-blank")),
        pytest.param(
            {"acl-blank": "deny"}, DENIED,
            ["permitted_ips is blank, so every address is denied; add address/netmask entries"],
            marks=pytest.mark.quirk("acl-blank"),
        ),
        pytest.param(
            {"acl-unparsable": "deny-all"}, UNREADABLE,
            ["permitted_ips has an entry that cannot be read, so every address is denied (quirk acl-unparsable)"],
            marks=pytest.mark.quirk("acl-unparsable"),
        ),
    ],
)  # fmt: skip
def test_warnings_follow_the_quirks(quirks: dict[str, Any], api: dict[str, Any], warned: list[str]) -> None:
    """What a blank or unreadable setting comes to depends on the quirks, and the warning says which."""
    assert said(quirks, **api) == warned


def test_acl_that_denies_loopback_is_fine_elsewhere() -> None:
    """A PBX on the network need not serve this machine."""
    assert said(permitted_ips=["10.0.0.0/8"], tls_bind_address="0.0.0.0:0") == []


def test_a_pbx_that_does_not_listen_has_one_warning() -> None:
    """When nothing listens nothing else matters."""
    assert len(said(enable=False, permitted_ips=[], tls_authentication_name=None)) == 1


def test_warnings_name_their_pbx(tmp_path: Path) -> None:
    """With several PBXs each warning says whose it is."""
    settings = read(written(tmp_path, "pbxs:\n  hq: {}\n  branch: {}\n"))
    assert [name for name, _ in warnings(settings, time.time())] == ["hq", "branch"]


def test_a_clock_far_from_now_is_warned_of(tmp_path: Path) -> None:
    """Certificates follow the PBX clock, so a start that is more than a day from the real date is said, as at the start."""
    file = written(tmp_path, "pbxs:\n  hq: {clock: {start: '2026-03-02T12:00:00Z'}}\n  branch: {}\n")
    start = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()

    def of_the_clock(wall: float) -> list[str]:
        return [name for name, said in warnings(read(file), wall) if "the PBX clock says 2026-03-02 and" in said]

    assert [of_the_clock(start + hours * 3600) for hours in (-25, -23, 0, 23, 25)] == [["hq"], [], [], [], ["hq"]]


def test_file_that_is_no_device_file_is_a_problem(tmp_path: Path) -> None:
    """What cannot be imported at all is said before the service starts."""
    (tmp_path / "calls.csv").write_text("name,number\n")
    with pytest.raises(ConfigurationError, match="cannot be imported: this is no device CSV"):
        read(written(tmp_path, "pbxs:\n  hq:\n    history: {import: calls.csv}\n"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/dev/zero", "it is no regular file"),
        ("pipe", "it is no regular file"),
        ("folder", "it is no regular file"),
        ("sparse", "it has 1073741825 bytes, and 1073741824 are the most"),
    ],
)
def test_what_never_ends_is_not_read(tmp_path: Path, name: str, reason: str) -> None:
    """A device would take all memory, and a pipe that nobody writes to would be waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate((1 << 30) + 1)
    with pytest.raises(ConfigurationError, match=f"'{name}' cannot be read: {reason}"):
        read(written(tmp_path, f"pbxs:\n  hq:\n    history: {{import: {name}}}\n"))


def test_a_quirk_that_the_personality_does_not_show_is_warned_of() -> None:
    """A quirk of later columns is taken and changes nothing, which is hardly what was meant."""
    quirks = {"paging-unit": "entries", "order": "desc"}
    early, late = (load_pbx({"personality": name, "quirks": quirks}, Path()) for name in ("ucm6100", "ucm6510"))
    said = "quirk 'paging-unit' changes nothing on ucm6100-1.0.9: it is shown from G3 on"
    assert said in pbx_warnings(early)
    assert not [warning for warning in pbx_warnings(late) if "changes nothing" in warning]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            '{fault: tls.versions, low: 1.3, high: "1.3"}',
            'pbxs.hq.faults[0].low: text is due, and 1.3 is a number; quote it: "1.3"',
        ),
        ("{falt: http.latency, seconds: 2}", "pbxs.hq.faults[0].falt: there is no key 'falt'; did you mean 'fault'?"),
        (
            "{fault: tls.alert, alert: unrecognised_name}",
            "pbxs.hq.faults[0].alert: there is no alert 'unrecognised_name'; did you mean 'unrecognized_name'?",
        ),
    ],
)
def test_a_fault_in_a_file_is_refused_as_elsewhere(tmp_path: Path, fault: str, said: str) -> None:
    """The sentence of the fault, once, at its place."""
    (problem,) = problems(tmp_path, f"pbxs:\n  hq:\n    api: {{enable: false}}\n    faults: [{fault}]\n")
    assert str(problem) == f"{tmp_path / 'sim.yaml'}:4: {said}"
