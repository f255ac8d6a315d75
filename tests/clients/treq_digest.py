"""Twisted's treq, which has no Digest: the response is computed here. Told by the JSON."""

import re
import secrets
import sys
from hashlib import md5
from pathlib import Path
from urllib.parse import urlsplit

from treq.client import HTTPClient
from twisted.internet.ssl import Certificate
from twisted.internet.task import react
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS

url, name, password, ca = sys.argv[1:]


def hashed(*parts: str) -> str:
    return md5(":".join(parts).encode()).hexdigest()


def credentials(challenge: str, target: str) -> str:
    """Return what answers *challenge* for a GET of *target*."""
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    realm, nonce, cnonce = given["realm"], given["nonce"], secrets.token_hex(8)
    response = hashed(hashed(name, realm, password), nonce, "00000001", cnonce, "auth", hashed("GET", target))
    return (
        f'Digest username="{name}", realm="{realm}", nonce="{nonce}", uri="{target}", algorithm=MD5, '
        f'qop=auth, nc=00000001, cnonce="{cnonce}", response="{response}", opaque="{given["opaque"]}"'
    )


async def asked(client: HTTPClient, address: str) -> dict:
    """Return the JSON at *address*, challenge and all."""
    parts = urlsplit(address)
    refused = await client.get(address, timeout=20)
    assert refused.code == 401, refused.code
    await refused.content()
    (challenge,) = refused.headers.getRawHeaders("www-authenticate")
    authorization = credentials(challenge, f"{parts.path}?{parts.query}")
    response = await client.get(address, headers={"Authorization": authorization}, timeout=20)
    assert response.code == 200, response.code
    return await response.json()


async def main(reactor: object) -> None:
    trust = Certificate.loadPEM(Path(ca).read_bytes())
    client = HTTPClient(Agent(reactor, BrowserLikePolicyForHTTPS(trustRoot=trust), connectTimeout=20))
    offset, count = 0, 1000
    while count == 1000:
        page = await asked(client, f"{url}/cdrapi?format=JSON&numRecords=1000&offset={offset}")
        for row in page["cdr"]:
            print(row["AcctId"])
        offset, count = offset + 1000, len(page["cdr"])


react(main)
