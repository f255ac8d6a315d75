"""The kinds of faults: what `"fault":` can say, all planes together."""

from __future__ import annotations

from types import MappingProxyType

from ucmsim.faults import api, data, http, media, tcp, tls

KINDS = (*tcp.KINDS, *tls.KINDS, *http.KINDS, *api.KINDS, *data.KINDS, *media.KINDS)
BY_ID = MappingProxyType({kind.id: kind for kind in KINDS})
