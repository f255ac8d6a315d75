"""When an armed fault acts, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faulting import DENY, DROP, EXPIRED, LATENCY, armed, is_slow, slow_ones
from tests.makers import ACCOUNT, BEGAN, CLIENT, STRANGER, Client, at, digest, make_pbx, request
from ucmsim.appliance.pbx import Pbx
from ucmsim.faults import Admission, Handshake, Moment
from ucmsim.http.reply import Reply, Wait
from ucmsim.streams import stream

# When a fault acts


def test_a_fault_without_conditions_always_acts():
    """Armed without more, it acts on every request, and its reply names it."""
    pbx = armed({**LATENCY, "name": "slow"})
    assert slow_ones(pbx, 3) == [1, 2, 3]
    assert pbx.answer(request("/cdrapi"), at()).faults == ("slow",)


def test_nth_counts_from_1():
    """The first request is number 1."""
    assert slow_ones(armed({**LATENCY, "when": {"nth": [1, 3]}}), 4) == [1, 3]


def test_nth_counts_since_arming():
    """What came before the fault was armed does not count."""
    pbx = armed()
    slow_ones(pbx, 2)
    pbx.faults.arm({**LATENCY, "when": {"nth": [1]}}, BEGAN)
    assert slow_ones(pbx, 2) == [1]


def test_nth_counts_what_matched_the_other_conditions():
    """Other paths, and other peers, do not count."""
    pbx = armed({**LATENCY, "when": {"nth": [2], "path": "/cdrapi", "client": "127.0.0.2"}})
    asked = [("/cdrapi", "127.0.0.2"), ("/other", "127.0.0.2"), ("/cdrapi", CLIENT), ("/cdrapi", "127.0.0.2")]
    assert [is_slow(pbx.answer(request(target, peer=peer), at())) for target, peer in asked] == [False] * 3 + [True]


def test_nth_of_a_denial_counts_the_peers_it_is_about():
    """The address of api.deny is one of the conditions that are counted."""
    pbx = armed({**DENY, "address": "127.0.0.2", "when": {"nth": [2]}})
    peers = [CLIENT, "127.0.0.2", CLIENT, "127.0.0.2", "127.0.0.2"]
    assert [pbx.answer(request("/cdrapi", peer=peer), at()).status for peer in peers] == [200, 200, 200, 403, 200]


def test_times_is_how_often_it_acts():
    """After so many times the fault stays armed and does nothing."""
    pbx = armed({**LATENCY, "name": "slow", "times": 2})
    assert slow_ones(pbx, 5) == [1, 2]
    one = pbx.faults.armed["slow"]
    assert (one.matched, one.fired) == (5, 2)


def test_times_counts_what_acted_not_what_matched():
    """Requests that nth passes over use nothing up."""
    assert slow_ones(armed({**LATENCY, "times": 2, "when": {"nth": [2, 4, 6]}}), 8) == [2, 4]


def test_faults_act_side_by_side():
    """Several faults act on one reply, are named in the order of arming, and count apart."""
    pbx = armed({**LATENCY, "name": "all"}, {**LATENCY, "seconds": 1.0, "name": "one", "when": {"nth": [2]}})
    found = [pbx.answer(request("/cdrapi"), at()) for _ in range(2)]
    assert [reply.faults for reply in found] == [("all",), ("all", "one")]
    assert {step.seconds for step in found[1].steps if isinstance(step, Wait)} == {1.0, 3.0}


# Chance


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_chance_draws_from_the_faults_own_stream(seed):
    """A chance is drawn from the stream that seed, PBX and fault name spell, one draw a match."""
    drawn = stream(seed, "hq", "fault", "slow")
    expected = [number for number in range(1, 9) if drawn.random() < 0.4]
    assert slow_ones(armed({**LATENCY, "name": "slow", "chance": 0.4}, seed=seed), 8) == expected


def test_another_fault_does_not_shift_the_draws():
    """Arming one more fault with a chance, before or after, leaves the first one's draws alone."""
    mine, other = {**LATENCY, "name": "slow", "chance": 0.5}, {**DENY, "address": STRANGER, "chance": 0.5}
    denying = {**LATENCY, "seconds": 0.0, "name": "other", "chance": 0.5}
    alone = fired(armed(mine))
    assert 0 < len(alone) < 32
    assert fired(armed(mine, denying)) == fired(armed(denying, mine)) == fired(armed(other, mine)) == alone


def fired(pbx: Pbx, name: str = "slow", count: int = 32) -> list[int]:
    """Return on which of *count* requests the fault called *name* acts."""
    return [number for number in range(count) if name in pbx.answer(request("/cdrapi"), at()).faults]


def test_the_draws_follow_seed_pbx_and_name():
    """The same seed draws the same, another seed, PBX or fault name something else."""
    slow = {**LATENCY, "name": "slow", "chance": 0.5}
    first = fired(armed(slow))
    assert fired(armed(slow)) == first
    assert fired(armed(slow, seed=43)) != first
    assert fired(armed(slow, name="branch")) != first
    assert fired(armed({**slow, "name": "late"}), "late") != first


def test_what_a_fault_draws_for_itself_follows_the_seed():
    """Waits, orders and bytes: the same for the same seed, others for another one, and others for each match."""
    found = []
    for seed in (42, 42, 43):
        pbx = armed(
            {**LATENCY, "spread": "normal"}, {"fault": "data.reorder"}, {"fault": "tls.garbage", "bytes": 64}, seed=seed,
        )  # fmt: skip
        replies = [pbx.answer(request("/cdrapi"), at()) for _ in range(8)]
        found.append(([reply.steps for reply in replies], [pbx.handshake(CLIENT, BEGAN).answer for _ in range(2)]))
        assert len({reply.steps[0] for reply in replies}) == 8
        assert len({reply.body for reply in replies}) > 1
    (waits, bytes_), again, (other_waits, other_bytes) = found
    assert (waits, bytes_) == again
    assert [steps[0] for steps in waits] != [steps[0] for steps in other_waits]
    assert [steps[2:] for steps in waits] != [steps[2:] for steps in other_waits]
    assert len({*bytes_, *other_bytes}) == 4


@pytest.mark.parametrize(("chance", "acts"), [(0, []), (1, [1, 2, 3]), (0.0, []), (1.0, [1, 2, 3])])
def test_the_ends_of_chance_are_never_and_always(chance, acts):
    """0 never acts, 1 always does."""
    assert slow_ones(armed({**LATENCY, "chance": chance}), 3) == acts


def test_chance_is_drawn_for_what_matches_only():
    """Requests that other conditions pass over draw nothing."""
    slow = {**LATENCY, "name": "slow", "chance": 0.5, "when": {"path": "/cdrapi"}}
    pbx, undisturbed = armed(slow), armed(slow)
    acted = []
    for number in range(32):
        pbx.answer(request("/other"), at())
        if is_slow(pbx.answer(request("/cdrapi"), at())):
            acted.append(number)
    assert acted == fired(undisturbed)


# Whom and what it is about


@pytest.mark.parametrize(
    ("entry", "peer", "acts"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.0/8", "127.9.9.9", True),
        ("127.0.0.0/255.0.0.0", "127.9.9.9", True),
        ("127.0.0.0/8", "::ffff:127.0.0.1", True),
        ("127.0.0.0/8", "128.0.0.1", False),
        ("!127.0.0.1", "127.0.0.1", False),
        ("!127.0.0.1", "127.0.0.2", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_a_client_is_an_address_entry(entry, peer, acts):
    """The condition client, and the address of a denial, cover peers as Permitted IPs do."""
    everybody = {"permitted_ips": ["0.0.0.0/0", "::/0"]}
    slow = armed({**LATENCY, "when": {"client": entry}}, api=everybody).answer(request("/cdrapi", peer=peer), at())
    denied = armed({**DENY, "address": entry}, api=everybody).answer(request("/cdrapi", peer=peer), at())
    assert is_slow(slow) is acts
    assert denied.status == (403 if acts else 200)


@pytest.mark.parametrize("written", ["/cdrapi", "/CDRAPI", "/cdrapi/", "/CdrApi/"])
@pytest.mark.parametrize("target", ["/cdrapi", "/CDRAPI/", "/cdrapi?format=json", "/%63drapi"])
def test_a_path_matches_as_the_device_compares_paths(written, target):
    """Letter case does not matter, nor one slash at the end, on either side; the query is no part of it."""
    assert slow_ones(armed({**LATENCY, "when": {"path": written}}), 1, target) == [1]


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("/cdrapi", "/cdrapi/x"),
        ("/cdrapi", "/cdr"),
        ("/cdrapi", "/cdrapi//"),
        ("/cdrapi", "cdrapi"),
        ("/cdr", "/cdrapi"),
        ("/x", "/cdrapi"),
        ("/", "*"),
        ("/", "cdrapi"),
    ],
)
def test_another_path_does_not_match(written, target):
    """Neither longer nor shorter paths match, nor what does not begin with a slash."""
    assert slow_ones(armed({**LATENCY, "when": {"path": written}}), 1, target) == []


def test_a_path_that_is_not_found_can_be_slow():
    """A path needs no handler to be matched."""
    assert slow_ones(armed({**LATENCY, "when": {"path": "/nowhere"}}), 1, "/nowhere") == [1]


# The Digest challenge is neither matched nor counted


def test_the_challenge_is_not_delayed():
    """Latency acts on the exchange with the credentials, not on the one that asks for them."""
    client = Client(armed(LATENCY, api=ACCOUNT))
    assert not is_slow(client.challenged())
    assert is_slow(client.ask())


def test_the_challenge_is_not_counted():
    """A client that is challenged each time has its second page delayed by nth 2."""
    pbx = armed({**LATENCY, "name": "slow", "when": {"nth": [2]}}, api=ACCOUNT)
    client = Client(pbx)
    assert [is_slow(client.ask()) for _ in range(3)] == [False, True, False]
    one = pbx.faults.armed["slow"]
    assert (one.matched, one.fired) == (3, 1)


def test_the_challenge_uses_no_times_up():
    """times: 1 is left for the page."""
    client = Client(armed({**LATENCY, "times": 1}, api=ACCOUNT))
    assert [is_slow(client.ask()) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("account", [{"user": "nobody"}, {"password": "wrong"}])
def test_a_challenge_after_wrong_credentials_is_not_counted_either(account):
    """Whatever ends in a 401 is none of the fault's exchanges."""
    pbx = armed({**LATENCY, "name": "slow"}, api=ACCOUNT)
    assert not is_slow(Client(pbx, **account).ask())
    assert pbx.faults.armed["slow"].matched == 0


def test_the_second_exchange_is_denied_without_a_challenge():
    """A denial comes before authentication: nth 2 lets one page through and then answers 403 at once."""
    pbx = armed({**DENY, "name": "no", "when": {"nth": [2]}}, api=ACCOUNT)
    client = Client(pbx)
    assert client.challenged().status == 401
    assert client.ask().status == 200
    assert client.challenged().status == 403
    assert [client.challenged().status, client.ask().status] == [401, 200]
    assert (pbx.faults.armed["no"].matched, pbx.faults.armed["no"].fired) == (3, 1)


def test_latency_counts_the_exchange_that_is_denied():
    """A 403 is no challenge: it is delayed and counted."""
    pbx = armed({**DENY, "times": 1}, {**LATENCY, "when": {"nth": [1]}}, api=ACCOUNT)
    assert is_slow(Client(pbx).challenged())


def test_the_challenge_draws_no_chance():
    """Denials by chance fall on the same exchanges whether or not each of them is challenged first."""
    maybe = {**DENY, "name": "maybe", "chance": 0.5}
    challenged = Client(armed(maybe, api=ACCOUNT))
    open_to_all = armed(maybe)
    expected = [open_to_all.answer(request("/cdrapi"), at()).status for _ in range(24)]
    assert {200, 403} == set(expected)
    assert [challenged.ask().status for _ in range(24)] == expected


# Denied at accept


def test_a_drop_is_settled_at_accept():
    """A dropped peer is not served; the reason names the fault."""
    pbx = armed(DROP)
    admission = pbx.admit(CLIENT, 0, BEGAN)
    assert not admission.serve
    assert "api.deny" in admission.why


def test_a_drop_is_no_page():
    """A request that is there all the same is answered as ever, and does not count."""
    pbx = armed({**DROP, "name": "gone", "when": {"nth": [1]}})
    assert pbx.answer(request("/cdrapi"), at()) == make_pbx().answer(request("/cdrapi"), at())
    assert pbx.faults.armed["gone"].matched == 0
    assert not pbx.admit(CLIENT, 0, BEGAN).serve


def test_a_page_is_no_drop():
    """A peer denied by page is admitted."""
    assert armed(DENY).admit(CLIENT, 0, BEGAN) == Admission()


def test_a_drop_counts_connections():
    """With nth and times it counts what was accepted, of the peers it is about."""
    pbx = armed({**DROP, "address": CLIENT, "when": {"nth": [2, 3]}, "times": 1})
    peers = [CLIENT, "127.0.0.2", CLIENT, CLIENT]
    assert [pbx.admit(peer, 0, BEGAN).serve for peer in peers] == [True, True, False, True]


# A bad certificate


def test_a_certificate_fault_shows_its_defect():
    """At the ClientHello the client is shown the certificate with that defect, without tickets."""
    assert armed(EXPIRED).handshake(CLIENT, BEGAN) == Handshake(defect="expired", tickets=False)


def test_without_a_certificate_fault_the_handshake_is_good():
    """The good identity, with tickets; faults of other planes change nothing."""
    assert armed(LATENCY, DENY, DROP).handshake(CLIENT, BEGAN) == Handshake(defect=None, tickets=True)


@pytest.mark.parametrize("terms", [{"when": {"client": STRANGER}}, {"when": {"nth": [9]}}, {"chance": 0.0}])
def test_tickets_are_off_while_a_certificate_fault_is_armed(terms):
    """A resumed session never looks at the certificate, so nobody is given a ticket, shown the defect or not."""
    assert armed({**EXPIRED, **terms}).handshake(CLIENT, BEGAN) == Handshake(defect=None, tickets=False)


def test_tickets_come_back_when_it_is_disarmed():
    """Disarmed, the handshake is as good as ever."""
    pbx = armed({**EXPIRED, "name": "bad", "times": 1})
    assert [pbx.handshake(CLIENT, BEGAN).defect for _ in range(2)] == ["expired", None]
    pbx.faults.disarm("bad")
    assert pbx.handshake(CLIENT, BEGAN) == Handshake()


def test_a_certificate_fault_counts_handshakes():
    """With nth it counts ClientHellos, not requests."""
    pbx = armed({**EXPIRED, "when": {"nth": [2]}})
    pbx.answer(request("/cdrapi"), at())
    assert [pbx.handshake(CLIENT, BEGAN).defect for _ in range(3)] == [None, "expired", None]


def test_the_last_of_two_certificate_faults_wins():
    """Faults are applied in the order of arming."""
    assert armed(EXPIRED, {**EXPIRED, "defect": "wrong-host"}).handshake(CLIENT, BEGAN).defect == "wrong-host"


# What a fault is not about

IDLE = [
    {**LATENCY, "name": "other-path", "when": {"path": "/recapi"}},
    {**LATENCY, "name": "other-client", "when": {"client": "203.0.113.0/24"}},
    {**LATENCY, "name": "other-number", "when": {"nth": [10_000]}},
    {**LATENCY, "name": "no-chance", "chance": 0.0},
    {**DENY, "name": "other-peer", "address": "203.0.113.7"},
    {**DROP, "name": "no-drop"},
    {**EXPIRED, "name": "no-request"},
]
GONE = [{**LATENCY, "name": "gone-1"}, {**DENY, "name": "gone-2"}, {**DENY, "name": "gone-3", "chance": 0.5}]

targets = st.sampled_from(["/cdrapi", "/CDRAPI/", "/nowhere", "/cdrapi?format=json", "/cdrapi?x", "*"]) | st.text(
    st.characters(min_codepoint=33, max_codepoint=126), max_size=30
).map("/cdrapi?".__add__)
requests = st.tuples(
    targets,
    st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    st.sampled_from([CLIENT, STRANGER, "::1"]),
    st.sampled_from(["ask", "digest", "close"]),
)


@settings(deadline=None)
@given(asked=st.lists(requests, min_size=1, max_size=6), locked=st.booleans())
def test_a_fault_that_does_not_match_changes_nothing(asked, locked):
    """With faults that were disarmed, or are about something else, every reply is the same value."""
    api = ACCOUNT if locked else {}
    broken, good = armed(*IDLE, *GONE, api=api), make_pbx(api=api)
    for spec in GONE:
        broken.faults.disarm(spec["name"])
    for target, method, peer, how in asked:
        assert answer(broken, target, method, peer, how) == answer(good, target, method, peer, how)


def answer(pbx: Pbx, target: str, method: str, peer: str, how: str) -> list[Reply]:
    """Return the replies to one request, and to one more with credentials if *how* says so."""
    first = pbx.answer(request(target, method, peer=peer, connection="close" if how == "close" else "x"), at())
    if how != "digest" or first.status != 401:
        return [first]
    credentials = digest(first, target, method)
    return [first, pbx.answer(request(target, method, peer=peer, authorization=credentials), at())]


@settings(deadline=None)
@given(asked=requests)
def test_latency_changes_nothing_but_the_wait(asked):
    """Without its first step, a delayed reply is the undelayed one."""
    target, method, peer, _ = asked
    slow = armed(LATENCY).answer(request(target, method, peer=peer), at())
    good = make_pbx().answer(request(target, method, peer=peer), at())
    assert replace(slow, steps=slow.steps[1:], faults=()) == good


def test_moments_know_a_path_once_there_is_a_request():
    """At accept and at the ClientHello there is none."""
    assert [moment for moment in Moment if not moment.knows_path] == [Moment.LISTEN, Moment.ADMIT, Moment.HANDSHAKE]
