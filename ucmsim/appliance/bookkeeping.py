"""What one PBX keeps of what happened: its journal, what is counted of it, what its clients do carelessly, what they got.

A connection has its account, a `Visit`, from accept to its end; a request becomes an `Exchange` when the wire is done with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ucmsim.appliance.counts import Counts
from ucmsim.authentication.auth import Account
from ucmsim.clock import When
from ucmsim.faults import Admission
from ucmsim.http.request import ApiRequest
from ucmsim.http.served import Served
from ucmsim.journal import Exchange, Hygiene, Journal, Visit
from ucmsim.journal.masking import greeted, masked
from ucmsim.journal.visits import CLOSED_AT_ACCEPT
from ucmsim.store.deliveries import Deliveries, Sent


class Bookkeeping:
    """Keeps the books of the PBX called *name*."""

    def __init__(self, name: str, journal: Journal, hygiene: Hygiene, deliveries: Deliveries) -> None:
        self._name = name
        self._journal = journal
        self._deliveries = deliveries
        self.hygiene = hygiene
        self.counts = Counts()
        self.arrivals = 0

    def go_on(self, before: Bookkeeping) -> None:
        """Count on where *before* has left off."""
        self.counts, self.arrivals = before.counts, before.arrivals

    def keep_secret(self, account: Account, passwords: Iterable[str] = (), username: str | None = None) -> None:
        """Keep *passwords* that are right now, and that of the *account*, out of the journal, and out of what it has already.

        The *passwords* are those of *username*, or of the account's.
        """
        known, last = self._journal.passwords, self._journal.last
        for password in passwords:
            known.learn(username or account.username, password, last)
        # Behind them: the latest are remembered longest.
        known.learn(account.username, account.password, last)

    def remember(self, before: Bookkeeping) -> None:
        """Keep secret what was kept secret *before*."""
        self._journal.passwords.remember(before._journal.passwords, self._journal.last)

    def tell(self, event: dict[str, Any]) -> int:
        """Count *event* and take it into the journal; return its id there."""
        self.counts.take(event)
        return self._journal.add(event)

    def arrived(self, peer: str, port: int, admission: Admission, when: When) -> Visit:
        """Begin the account of a connection that was accepted, or refused, as *admission* has it."""
        self.arrivals += 1
        visit = Visit(self.arrivals, peer, port, when, faults=admission.faults)
        if not admission.serve:
            visit.refusal, visit.ended = admission.refusal, CLOSED_AT_ACCEPT
        self.hygiene.arrived(visit, when.wall)
        if not admission.serve:
            self.tell(visit.as_entry(self._name, when))
        return visit

    def left(self, visit: Visit, when: When) -> None:
        """Take the account of a connection that ended into the journal."""
        self.hygiene.left(visit, when.wall)
        if (less := visit.undelivered) is not None:
            self._deliveries.add(less)
            visit.delivered += less.sent.rows - (visit.carried.sent.rows if visit.carried else 0)
        self.tell(greeted(visit.as_entry(self._name, when), self._journal.passwords.discretion))

    def record(
        self,
        exchange: Exchange,
        request: ApiRequest | None,
        visit: Visit | None,
        served: Served | None,
        sent: Sent | None,
    ) -> Exchange:
        """Take *exchange* into the journal, and return it as it is told there, as `Pbx.record` does."""
        marks: tuple[str, ...] = ()
        discretion = self._journal.passwords.discretion
        if visit is not None:
            visit.requests += 1
        if request is not None:
            secret = discretion.hides(request.target.partition("?")[2])
            defect = visit.defect if visit else None
            marks = self.hygiene.marks(exchange, request, served, defect, secret=secret)
        delivered = sent.rows if sent else 0
        told = masked(
            exchange,
            request,
            discretion,
            connection=visit.number if visit else exchange.connection,
            port=visit.port if visit else exchange.port,
            acctids=served.acctids if served else "",
            delivered=None if exchange.rows is None else delivered,
            marks=marks,
        )
        number = self.tell(told.as_entry())
        carried = self._deliveries.take(number, exchange, sent)
        if visit is not None:
            visit.carried = carried
            visit.delivered += delivered
        return told
