"""Asynchronous clients under pytest-asyncio."""

import asyncio

import httpx
import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def client(ucm):
    login = httpx.DigestAuth(ucm.username, ucm.password)
    async with httpx.AsyncClient(base_url=ucm.url, auth=login, verify=ucm.ssl_context()) as client:
        yield client


@pytest.mark.asyncio
async def test_a_page(ucm, client):
    answer = await client.get("/cdrapi?format=json")
    assert len(answer.json()["cdr"]) == 3
    assert ucm.wait_for_request("/cdrapi").rows == 3


@pytest.mark.asyncio
async def test_a_slow_page(ucm, client):
    ucm.fault("http.stall")
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/cdrapi", timeout=0.5)


@pytest.mark.asyncio
async def test_waiting_in_a_thread(ucm, client):
    waiting = asyncio.create_task(asyncio.to_thread(ucm.wait_for_request, "/cdrapi"))
    await client.get("/cdrapi")
    assert (await waiting).rows == 3
