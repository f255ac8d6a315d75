"""Python's requests with its own Digest, told by the XML."""

import sys
from xml.etree import ElementTree as ET

import requests
from requests.auth import HTTPDigestAuth

url, name, password, ca = sys.argv[1:]
offset, count = 0, 1000
with requests.Session() as session:
    session.trust_env = False
    session.auth, session.verify = HTTPDigestAuth(name, password), ca
    while count == 1000:
        asked = {"format": "XML", "numRecords": "1000", "offset": str(offset)}
        response = session.get(f"{url}/cdrapi", params=asked, timeout=20)
        response.raise_for_status()
        rows = ET.fromstring(response.content).findall("cdr")
        for row in rows:
            print(row.findtext("AcctId"))
        offset, count = offset + 1000, len(rows)
