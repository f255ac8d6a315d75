"""Pages for the tests of how they look: the guide's rows, those of later firmware, and their JSON written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ucmsim.cdr.query import Format
from ucmsim.cdr.render import Layout, rendered
from ucmsim.columns import Row, row
from ucmsim.personalities import personality
from ucmsim.quirks import Value
from ucmsim.register import Quirks

GUIDE = (Path(__file__).parent.parent / "fixtures" / "guide-2013.csv").read_bytes()

G1 = (
    "AcctId,accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,"
    "disposition,amaflags,uniqueid,userfield,channel_ext,dstchannel_ext,service"
)
G2 = G1 + ",caller_name,recordfiles,dstanswer,chanext,dstchanext"
G3 = G2 + ",session,action_owner,action_type,src_trunk_name,dst_trunk_name"
HEADERS = {"G1": G1, "G2": G2, "G3": G3}
PERSONALITIES = {"G1": "ucm6100-1.0.9", "G2": "ucm6510-1.0.5", "G3": "ucm6100-1.0.18"}
"""One of each generation."""

FIRST_CSV = (
    '62,,5300,5301,from-internal,"pn01" <5300>,SIP/5300-00000000,SIP/5301-00000001,Dial,SIP/5301,60,,'
    "2013-12-03 11:46:40,2013-12-03 11:46:43,2013-12-03 11:46:49,9,6,ANSWERED,DOCUMENTATION,1386092800.0,EXT,5300,"
    "5301,s\n"
)
FIRST_XML = (
    "<cdr>\n<AcctId>62</AcctId>\n<accountcode></accountcode>\n<src>5300</src>\n<dst>5301</dst>\n"
    '<dcontext>from-internal</dcontext>\n<clid>"pn01" &lt;5300&gt;</clid>\n'
    "<channel>SIP/5300-00000000</channel>\n<dstchannel>SIP/5301-00000001</dstchannel>\n<lastapp>Dial</lastapp>\n"
    "<lastdata>SIP/5301,60,</lastdata>\n<start>2013-12-03 11:46:40</start>\n<answer>2013-12-03 11:46:43</answer>\n"
    "<end>2013-12-03 11:46:49</end>\n<duration>9</duration>\n<billsec>6</billsec>\n"
    "<disposition>ANSWERED</disposition>\n<amaflags>DOCUMENTATION</amaflags>\n<uniqueid>1386092800.0</uniqueid>\n"
    "<userfield>EXT</userfield>\n<channel_ext>5300</channel_ext>\n<dstchannel_ext>5301</dstchannel_ext>\n"
    "<service>s</service>\n</cdr>\n"
)
FIRST_JSON = (
    '{ "AcctId": "62", "accountcode": "", "src": "5300", "dst": "5301", "dcontext": "from-internal", '
    '"clid": "\\"pn01\\" <5300>", "channel": "SIP/5300-00000000", "dstchannel": "SIP/5301-00000001", '
    '"lastapp": "Dial", "lastdata": "SIP/5301,60,", "start": "2013-12-03 11:46:40", '
    '"answer": "2013-12-03 11:46:43", "end": "2013-12-03 11:46:49", "duration": "9", "billsec": "6", '
    '"disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": "1386092800.0", "userfield": "EXT", '
    '"channel_ext": "5300", "dstchannel_ext": "5301", "service": "s" }'
)
"""The guide's first row as each format has it."""

LATER = dict.fromkeys(G3.removeprefix(G1 + ",").split(","), "") | {
    "caller_name": "pn01",
    "recordfiles": "2013-12/auto-1386092800-5300-5301.wav@",
    "dstanswer": "5301",
    "action_owner": "5300",
    "action_type": "DIAL",
}


def guide() -> list[Row]:
    """Return the guide's rows, cut up by hand: nine fields from the left, twelve from the right, lastdata between."""
    rows = []
    for line in GUIDE.decode().splitlines()[1:]:
        pieces = line.split(",")
        fields = [*pieces[:9], ",".join(pieces[9:-12]), *pieces[-12:]]
        rows.append(row(dict(zip(G1.split(","), fields, strict=True))))
    return rows


def later(*sessions: str, **values: str) -> list[Row]:
    """Return the guide's rows, over and over, with the columns of later firmware and one of the *sessions* each."""
    front = [values_[:22] for values_ in guide()]
    return [
        row(dict(zip(G1.split(","), front[at % 3], strict=True)) | LATER | {"session": session} | values)
        for at, session in enumerate(sessions)
    ]


def page(form: Format, generation: str, rows: Sequence[Row] = (), quirks: Mapping[str, Value] | None = None) -> bytes:
    """Return the page with *rows* as a device of that *generation* with those *quirks* sends it."""
    return rendered(form, Layout.of(Quirks.of(personality(PERSONALITIES[generation]), quirks)), rows)


def root(rows: Sequence[Row], quirks: Mapping[str, Value] | None = None) -> list[dict]:
    """Return the entries of a G3 JSON page, parsed."""
    return json.loads(page(Format.JSON, "G3", rows, quirks))["cdr_root"]


def members(values: Row, generation: str = "G3", **changed: str) -> str:
    """Return the columns of a row as they stand inside the braces of a JSON row, for plain ASCII values.

    *changed* are the columns that are written otherwise, as they then stand.
    """
    names = HEADERS[generation].split(",")
    pairs = zip(names, values, strict=False)
    return ", ".join(f'"{name}": {changed.get(name, json.dumps(value))}' for name, value in pairs)


def listed(*entries: str, key: str = "cdr_root") -> bytes:
    """Return the JSON page with those *entries*, at least one."""
    inside = ",\n".join(entries)
    return f'{{\n"{key}":\n[\n{inside}\n]\n}}\n'.encode()


def main_cdr(generation: str = "G3", **values: str) -> str:
    """Return the members of the main_cdr of a group that begins with the guide's first row; *values* are its own."""
    first = {"src": "5300", "dst": "5301", "start": "2013-12-03 11:46:40", "action_type": "DIAL"}
    return members(row(first | values), generation)


def group(key: str, main: str, *subs: str) -> str:
    """Return the JSON entry of a group, made of the members of its objects."""
    rows = ", ".join(f'"sub_cdr_{at}": {{ {sub} }}' for at, sub in enumerate(subs, 1))
    return f'{{ "cdr": "{key}", "main_cdr": {{ {main} }}, {rows} }}'
