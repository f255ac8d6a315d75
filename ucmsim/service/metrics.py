"""What has happened on every PBX of a fleet, as Prometheus reads it. A PBX that is gone has no numbers any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ucmsim.appliance.pbx import Pbx
from ucmsim.service.fleet import Fleet

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

Samples = Iterable[tuple[Sequence[str], float]]
"""Values of the labels after `pbx`, and the number."""


class FleetCollector:
    """Makes the families of *fleet* when they are asked for, so that nothing is kept beside the PBXs."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def collect(self) -> Iterator[Metric]:
        """Yield each family with what every PBX has counted."""
        pbxs = [service.appliance.pbx for service in self._fleet]
        yield _counter(pbxs, "requests", "Requests that were answered, or not (status 0).", ("path", "status"),
                       lambda pbx: pbx.books.counts.requests.items())  # fmt: skip
        yield _counter(pbxs, "refusals", "Requests and connections that were refused, by the code of the refusal.", ("code",),
                       lambda pbx: (((code,), count) for code, count in pbx.books.counts.refusals.items()))  # fmt: skip
        yield _counter(pbxs, "faults_fired", "Faults that fired, by their kind.", ("kind",),
                       lambda pbx: (((kind,), count) for kind, count in pbx.books.counts.faults.items()))  # fmt: skip
        yield _counter(
            pbxs, "rows", "CDRs on the pages that were made and answered with a body, however much of it went out.", (),
            lambda pbx: [((), pbx.books.counts.rows)],
        )  # fmt: skip
        yield _counter(pbxs, "rows_delivered", "CDRs that went out whole, counted when their connection was over.", (),
                       lambda pbx: [((), pbx.books.counts.delivered)])  # fmt: skip
        yield _counter(pbxs, "bytes", "Bytes of heads and bodies that were handed out.", (),
                       lambda pbx: [((), pbx.books.counts.bytes)])  # fmt: skip
        yield _counter(pbxs, "connections", "Connections that were accepted, also if only to be closed.", (),
                       lambda pbx: [((), pbx.books.arrivals)])  # fmt: skip
        still = GaugeMetricFamily("ucmsim_connections_open", "Connections that are open.", labels=("pbx",))
        for pbx in pbxs:
            still.add_metric((pbx.name,), pbx.books.arrivals - pbx.books.counts.connections)
        yield still
        yield _counter(pbxs, "verdicts", "Connections by how the client took what it was shown in the handshake.", ("verdict",),
                       lambda pbx: (((word,), count) for word, count in pbx.books.counts.verdicts.items()))  # fmt: skip


def registry_of(fleet: Fleet) -> CollectorRegistry:
    """Return a registry of its own for *fleet*."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(fleet))
    return registry


def exposition(registry: CollectorRegistry) -> str:
    """Return everything in *registry* in Prometheus' text format."""
    return generate_latest(registry).decode()


def _counter(
    pbxs: Iterable[Pbx], name: str, told: str, labels: Sequence[str], samples: Callable[[Pbx], Samples]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"ucmsim_{name}", told, labels=("pbx", *labels))
    for pbx in pbxs:
        for values, number in samples(pbx):
            family.add_metric((pbx.name, *values), number)
    return family
