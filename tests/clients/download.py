"""Python's requests with its own Digest; it encodes the parameters itself, / and @ among them."""

import sys

import requests
from requests.auth import HTTPDigestAuth

url, name, password, ca, filedir, filename = sys.argv[1:]
with requests.Session() as session:
    session.trust_env = False
    asked = {"filedir": filedir} if filedir else {}
    login = HTTPDigestAuth(name, password)
    answer = session.get(f"{url}/recapi", params=asked | {"filename": filename}, auth=login, verify=ca, timeout=20)
    answer.raise_for_status()
    sys.stdout.buffer.write(answer.content)
