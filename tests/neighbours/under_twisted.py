"""A reactor of the test's own process, with treq as the client."""

from pathlib import Path

import pytest_twisted
import treq
from twisted.internet import reactor  # noqa: TID251 - that of pytest-twisted
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.internet.threads import deferToThread
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS


def agent_for(ucm):
    trust = trustRootFromCertificates([Certificate.loadPEM(Path(ucm.ca).read_text())])
    return Agent(reactor, BrowserLikePolicyForHTTPS(trust))


@pytest_twisted.ensureDeferred
async def test_a_page(ucm_factory):
    ucm = ucm_factory(api={"tls_authentication_name": None})
    response = await treq.get(f"{ucm.url}/cdrapi?format=json", agent=agent_for(ucm))
    assert (response.code, len((await response.json())["cdr"])) == (200, 3)


@pytest_twisted.ensureDeferred
async def test_waiting_in_a_thread(ucm_factory):
    ucm = ucm_factory(api={"tls_authentication_name": None})
    waiting = deferToThread(ucm.wait_for_request, "/cdrapi")
    await (await treq.get(f"{ucm.url}/cdrapi", agent=agent_for(ucm))).content()
    assert (await waiting).rows == 3
