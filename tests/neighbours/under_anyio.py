"""Asynchronous clients with anyio's own plugin, on asyncio and on trio."""

import anyio
import anyio.to_thread
import httpx
import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture
async def client(ucm):
    login = httpx.DigestAuth(ucm.username, ucm.password)
    async with httpx.AsyncClient(base_url=ucm.url, auth=login, verify=ucm.ssl_context()) as client:
        yield client


async def test_a_page(ucm, client):
    answer = await client.get("/cdrapi?format=json")
    assert len(answer.json()["cdr"]) == 3
    assert ucm.wait_for_request("/cdrapi").rows == 3


async def test_a_slow_page(ucm, client):
    ucm.fault("http.stall")
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/cdrapi", timeout=0.5)


async def test_waiting_in_a_thread(ucm, client):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.get, "/cdrapi")
        assert (await anyio.to_thread.run_sync(ucm.wait_for_request, "/cdrapi")).rows == 3
