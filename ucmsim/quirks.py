"""The quirk register: every behaviour that the documents leave open or that surprises a client, one row each.

A quirk is how a unit always behaves; a fault is armed for a while. Spec 0b decides the defaults. To add a quirk, add a
row, read it where the behaviour is decided, name it in a test (`@pytest.mark.quirk`), and let `python -m tests.golden
--changes` say which transcripts it changes. What a PBX makes of the rows is `ucmsim.register`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from ucmsim.errors import listed

Value = str | int


@dataclass(frozen=True, slots=True)
class Quirk:
    """One row: *values* are the words and numbers it takes; a default that is a number or a text may be left out of them.

    *number* says that any whole number from that one up is taken too, *text* that any text is. *confidence* is one of
    `CONFIDENCES`. *since* is the first column generation that shows the behaviour. A row that is no quirk to switch says
    so: *setting* names the setting that switches it, *later* what it comes with while it is not simulated yet, *fixed*
    why there is no other value. *needs* is what another quirk must be for this one to show. *changes* are the golden transcripts
    that another value changes, as file name patterns.
    """

    id: str
    default: Value
    values: tuple[Value, ...]
    statement: str
    source: str
    confidence: str
    number: int | None = None
    text: bool = False
    since: str = "G1"
    setting: str = ""
    later: str = ""
    fixed: str = ""
    needs: tuple[str, Value] | None = None
    changes: tuple[str, ...] = ()

    @property
    def switchable(self) -> bool:
        """Whether `quirks:` can set it."""
        return not (self.setting or self.later or self.fixed)

    def shows(self, generation: str, register: Mapping[str, Value]) -> bool:
        """Return whether it can be seen on a device with columns of that *generation* and quirks as in *register*."""
        return self.since <= generation and (self.needs is None or register[self.needs[0]] == self.needs[1])

    @property
    def shown(self) -> str:
        """Where it can be seen, in words."""
        if self.needs:
            return f"where {self.needs[0]} is {self.needs[1]}"
        return "all" if self.since == "G1" else f"from {self.since} on"

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool):
            return False
        if isinstance(value, int):
            return value in self.values or (self.number is not None and value >= self.number)
        return isinstance(value, str) and (value in self.values or (self.text and value.isprintable() and value != ""))

    @property
    def allowed(self) -> str:
        words = [str(value) for value in self.values]
        if self.number is not None:
            words.append(f"a whole number from {self.number}")
        if self.text:
            words.append("a text")
        return listed(words)


CONFIDENCES = ("documented", "seen", "inferred", "assumed")
"""How well the default of a row is known: stated by the vendor, in a capture or a client's code, following from one of
these or from Asterisk's source, or none of these. That another value was seen says nothing of the default."""

PERSONALITY = "personality"
"""The default of quirks that a column of the personality decides."""

_TRANSPORT = (
    Quirk("session-cap", 100, ("none",), "Connections at a time; the next one is closed before TLS without a byte.",
          "spec 2.2, 0b", "inferred", number=1, changes=("conn-cap",)),
    Quirk("inactivity-timeout", 30, ("none",), "Seconds without a byte until a connection is given up: in silence before "
          "the request line, with 400 Timeout inside the headers. Only late releases of Asterisk have it.", "spec 2.2, 0b", "assumed", number=1,
          changes=("conn-silence", "conn-timeout")),
    Quirk("stalled-reader", "reset", ("reset", "kept"), "A client that reads nothing of its answer for as long as "
          "inactivity-timeout says is reset, or waited for.", "spec 0b, 9 Q24", "assumed"),
    Quirk("keep-alive", "none", ("none",), "One request per connection, or seconds that a connection waits for the next "
          "one (15 on Asterisk 13).", "spec 2.2, 7 #25, 9 Q16", "seen", number=1,
          changes=("acl-denied", "conn-cap", "conn-kept", "conn-silence", "http-bare-header", "http-headers",
                   "http-line-end", "http-lines", "http-request-line")),
    Quirk("head-order", PERSONALITY, (PERSONALITY, 11, 13), "The response head has the order of Asterisk 1.8 to 11, or of "
          "13 (Content-Length last).", "spec 2.3, 0b", "inferred",
          changes=("acl-blank", "acl-denied", "auth-*", "clock-*", "conn-*", "http-*", "page-*", "query-*", "rec-*",
                   "rows-*", "shapes-*")),
    Quirk("server", PERSONALITY, (PERSONALITY,), "The value of the Server header.", "spec 2.3, 9 Q2", "assumed", text=True,
          changes=("acl-blank", "acl-denied", "auth-*", "clock-*", "conn-*", "http-*", "page-*", "query-*", "rec-*",
                   "rows-*", "shapes-*")),
    Quirk("extra-line", "none", ("none", "one"), "Nothing stands between head and body, or one more empty line, as "
          "Asterisk 1.8.0 to 1.8.5 sent it: the body then ends two bytes early for the client.", "spec 2.3", "inferred",
          changes=("acl-blank", "acl-denied", "auth-*", "clock-*", "conn-*", "http-*", "page-*", "query-*", "rec-*",
                   "rows-*", "shapes-*")),
    Quirk("content-type", "own", ("own", "plain"), "CSV, XML and JSON have content types of their own, or all are "
          "text/plain.", "spec 2.3, 9 Q2", "assumed",
          changes=("clock-*", "http-form", "http-form-type", "http-plus", "page-*", "query-*", "rec-directories",
                   "rec-list", "rec-list-made-up", "rec-list-missing", "rec-list-odd", "rec-list-several",
                   "rec-made-up-file", "rows-*", "shapes-*")),
    Quirk("error-signature", "Asterisk Server", ("Asterisk Server",), "The address line of error pages; Asterisk 13 "
          "prints its http_server_name there.", "spec 2.4, 0b", "inferred", text=True,
          changes=("acl-blank", "acl-denied", "auth-*", "conn-*", "http-bare-header", "http-escape", "http-headers",
                   "http-line-end", "http-lines", "http-methods", "http-paths", "http-request-line", "http-static",
                   "rec-bad-name", "rec-default-directory", "rec-empty-value", "rec-long-name", "rec-missing",
                   "rec-plus", "rec-repeated", "rec-two-directories")),
    Quirk("range-requests", "ignored", ("ignored",), "A Range header is ignored and nothing is compressed: the whole "
          "answer is sent.", "spec 2.2", "inferred", fixed="no unit is known that answers ranges"),
    Quirk("transfer-limit", "none", ("none",), "No limit of time or size ends an answer that the client goes on reading.",
          "spec 9 Q24", "assumed", fixed="an answer that is cut short is a fault, not a habit"),
    Quirk("header-case", "device", ("device", "canonical"), "Heads say Content-type and WWW-authenticate, or Content-Type "
          "and WWW-Authenticate.", "spec 2.3", "inferred",
          changes=("acl-blank", "acl-denied", "auth-*", "clock-*", "conn-*", "http-*", "page-*", "query-*", "rec-*",
                   "rows-*", "shapes-*")),
    Quirk("line-end", "lf", ("lf", "crlf"), "A line feed ends a line of the request, with or without CR before it, or only "
          "both together do.", "spec 0b", "inferred", changes=("http-line-end",)),
    Quirk("bare-header", "ignored", ("ignored", "refused"), "A header line without a colon is ignored, or answered with 400 "
          "Invalid Request.", "spec 0b", "assumed", changes=("http-bare-header",)),
    Quirk("request-line", "lenient", ("lenient", "strict"), "HTTP version, Host and letter case of the method are not "
          "looked at, or another version than 1.0 and 1.1, or 1.1 without Host, is answered with 400 Invalid Request, "
          "and a method in lower case with 501.", "spec 2.2, 2.5", "inferred", changes=("http-request-line",)),
    Quirk("line-limit", 4095, ("none",), "Bytes after which the request line or a header line is cut; the rest is the "
          "next header line. Without a limit it is 512 KiB.", "spec 2.2, 0b", "inferred", number=64,
          changes=("http-lines",)),
    Quirk("headers-cut", "refuse", ("refuse", "answer"), "Input that ends inside the headers is answered with 400 "
          "Timeout, or counts as their end, as before Asterisk 1.8.32.", "spec 2.2", "assumed",
          changes=("conn-cut",)),
    Quirk("header-limit", 100, ("none",), "Headers that a request may have; one more is answered with 413. "
          "Without a limit it is 512 KiB of them.",
          "spec 2.2, 0b", "assumed", number=1, changes=("http-headers",)),
    Quirk("form-limit", 1024, ("none",), "Bytes of form that are read, 512 KiB at the most; a longer one is "
          "answered with 413 and no page.",
          "spec 2.5", "assumed", number=1, changes=("http-form",)),
    Quirk("head-error-body", "sent", ("sent", "omitted"), "A HEAD request for what is answered with 400 and more gets the "
          "page all the same, or only its head.", "spec 2.5", "inferred", changes=("http-methods",)),
    Quirk("head", "accept", ("accept", "refuse"), "HEAD is taken like GET, or answered with 501.", "spec 2.5, 0b",
          "inferred", changes=("http-methods", "rec-head")),
    Quirk("method-check", "first", ("first", "last"), "A method that is not taken is answered with 501 before credentials "
          "are asked for, or after.", "spec 2.9", "assumed", changes=("http-methods",)),
    Quirk("post", "accept", ("accept", "refuse"), "A form sent by POST is taken like a query, or answered with 501.",
          "spec 2.5, 9 Q17 (guide p17)", "inferred", changes=("http-form", "http-form-type", "rec-form")),
    Quirk("post-type", "form", ("form", "any"), "A POST of another Content-Type has no parameters at all, or its body "
          "is read as a form.", "spec 2.5, 0b", "assumed", changes=("http-form-type",)),
    Quirk("post-parameters", "replace", ("replace", "join"), "The form of a POST replaces the parameters of the URI, or "
          "follows them.", "spec 0b", "assumed", changes=("http-form",)),
    Quirk("path-match", "loose", ("loose", "exact"), "Paths match in any letter case and with one slash at the end, or "
          "only as they are written.", "spec 2.6", "inferred", changes=("http-paths",)),
    Quirk("unknown-path", "first", ("first", "last"), "A path that nobody serves is answered with 404 before anything "
          "is checked, or after Permitted IPs, method and credentials.", "spec 2.6, 2.9, 0b", "inferred",
          changes=("acl-blank", "acl-denied", "conn-cap", "conn-kept", "conn-silence", "http-bare-header",
                   "http-escape", "http-headers", "http-line-end", "http-lines", "http-methods", "http-paths",
                   "http-request-line", "http-static")),
    Quirk("static-path", 404, (404, 403), "/static and what is below are a path like any unknown one, or are answered "
          "with Asterisk's 403 Access Denied before anything is checked. /httpstatus is 404 either way.", "spec 2.6",
          "assumed", changes=("http-static",)),
    Quirk("bad-escape", "kept", ("kept", "refused"), "A % without two hexadecimal digits stays as it is, or is "
          "answered with 400 Invalid Request.", "spec 2.6", "inferred", changes=("http-escape",)),
    Quirk("plus", "space", ("space", "plus"), "A + in a query is a space, so that offsets and numbers need %2B, or stays "
          "a +.", "spec 2.6, 7 #9", "documented", changes=("http-plus", "rec-plus")),
    Quirk("tls-version", PERSONALITY, (PERSONALITY,), "The lowest and highest TLS version.", "spec 2.1, 0b", "assumed",
          setting="tls_min and tls_max"),
    Quirk("tls-keys", "modern", ("modern", "device"), "Keys and handshake are of today, or the unit's own: "
          "self-signed, with Diffie-Hellman parameters of 1024 bits that current clients refuse (DH_KEY_TOO_SMALL).", "spec 2.1, 7 #19", "assumed", setting="tls_profile"),
    Quirk("certificate-name", "bind-address", ("bind-address",), "The certificate's CN is the address that the API is bound "
          "to, as the guide wants it; of a unit bound to all addresses the first of tls_names, or localhost.", "spec 1, 0b",
          "assumed", setting="api.tls_cert"),
    Quirk("certificate-dates", "pbx-clock", ("pbx-clock",), "The certificate is made at the unit's own time, so that a client "
          "refuses it while that is far from the real one.", "spec 0b", "assumed", setting="clock.start"),
    Quirk("api-enabled", "disabled", ("disabled", "enabled"), "The API is off until it is switched on: connections are "
          "refused.", "spec 1", "documented", setting="api.enable"),
    Quirk("bind-address", "0.0.0.0:8443", ("0.0.0.0:8443",), "The API listens on port 8443 of every interface; the "
          "guides' examples say 8088.", "spec 1", "documented", setting="api.tls_bind_address"),
)  # fmt: skip

_ACCESS = (
    Quirk("acl-blank", "deny", ("deny", "allow"), "Blank Permitted IPs deny everybody, so that the first contact always "
          "fails, or allow everybody.", "spec 1, 7 #20", "documented", changes=("acl-blank",)),
    Quirk("acl-denial", "page", ("page", "drop"), "A peer outside Permitted IPs gets a 403 page, or its connection is "
          "closed right after accept.", "spec 2.8, 9 Q5", "assumed", changes=("acl-blank", "acl-denied")),
    Quirk("acl-unparsable", "reject", ("reject", "deny-all"), "An unreadable Permitted IPs entry is refused when ucmsim "
          "is configured, or denies everybody as Asterisk's access lists do.", "spec 1, 0b", "assumed",
          changes=("acl-unreadable",)),
    Quirk("factory-account", "none", ("none",), "There is no user until one is set (first guides), or the factory's "
          "cdrapi and cdrapi123 (units of the UCM62xx era).", "spec 1", "documented", setting="api.tls_authentication_name"),
    Quirk("blank-name", "open", ("open", "refuse"), "Without a user name nobody is asked for one, or everybody is "
          "refused.", "spec 1, 0b", "documented", changes=("auth-nameless",)),
    Quirk("blank-password", "digest", ("digest", "open"), "A user name without a password means Digest with an empty "
          "password, or no authentication.", "spec 0b", "assumed", changes=("auth-no-password",)),
    Quirk("basic-auth", "refuse", ("refuse", "accept"), "Basic credentials are answered with the Digest challenge, or "
          "accepted as some firmware did before 2019.", "spec 2.7, 7 #18", "seen", changes=("auth-basic",)),
    Quirk("digest-without-qop", "accept", ("accept", "refuse"), "Digest credentials without qop are computed as in RFC 2069, "
          "or are none.", "spec 2.7", "inferred", changes=("auth-without-qop",)),
    Quirk("digest-uri", "unchecked", ("unchecked", "checked"), "The uri of Digest credentials may be any, or must be what "
          "was asked for.", "spec 2.7", "inferred", changes=("auth-other-uri",)),
    Quirk("user-case", "any", ("any", "exact"), "The user name of Digest credentials is compared in any letter case, "
          "or exactly; the unit's own spelling is hashed either way.", "spec 2.7", "inferred",
          changes=("auth-user-case",)),
    Quirk("realm", "asterisk", ("asterisk",), "The realm of the challenge, with which passwords are hashed.",
          "spec 2.7, 9 Q3", "inferred", text=True,
          changes=("auth-algorithm", "auth-basic", "auth-challenge", "auth-no-password", "auth-nonce-count",
                   "auth-nonce-table", "auth-old-nonce", "auth-other-uri", "auth-realm", "auth-unknown-nonce",
                   "auth-user-case", "auth-without-qop")),
    Quirk("client-realm", "ignored", ("ignored", "checked"), "The realm that Digest credentials name is not looked at, "
          "or must be that of the challenge, which is hashed either way.", "spec 2.7", "inferred",
          changes=("auth-realm",)),
    Quirk("digest-algorithm", "md5", ("md5", "any"), "Digest credentials that name another algorithm than MD5 are none, or "
          "computed with MD5 all the same.", "spec 2.7", "inferred", changes=("auth-algorithm",)),
    Quirk("nonce-table", 4096, (), "Nonces that are remembered; with one more the oldest is forgotten.", "spec 0b",
          "assumed", number=1, changes=("auth-nonce-table",)),
    Quirk("nonce-lifetime", 62, ("none",), "Seconds until a nonce is stale.", "spec 2.7, 0b", "inferred", number=1,
          changes=("auth-old-nonce",)),
    Quirk("nonce-count", "checked", ("checked", "ignored"), "The nc of a nonce must increase, or is not looked at.",
          "spec 2.7", "inferred", changes=("auth-nonce-count",)),
    Quirk("unknown-nonce", "refuse", ("refuse", "accept"), "A nonce that this PBX never issued is challenged anew, or "
          "accepted on first use as Asterisk does.", "spec 2.7, 0b", "assumed", changes=("auth-unknown-nonce",)),
)  # fmt: skip

_QUERY = (
    Quirk("parameter-case", "any", ("any", "exact"), "Parameter names are taken in any letter case (numrecords), or only "
          "as the guide writes them.", "spec 3.1", "seen", changes=("query-name-case", "rec-name-case")),
    Quirk("format-case", "any", ("any", "exact"), "The value of format is taken in any letter case, or in lower case "
          "only.", "spec 3.1", "documented", changes=("query-format-case",)),
    Quirk("default-format", "csv", ("csv", "xml", "json"), "The format when none is asked for.", "spec 3.1", "documented",
          changes=("query-ampersand", "query-csv", "query-no-parameters")),
    Quirk("wrong-format", "csv", ("csv", "blank"), "A format that does not exist, whatever else is wrong, is answered "
          "with the CSV header, or with an empty body.", "spec 3.4 E3", "documented", changes=("query-wrong-format",)),
    Quirk("error-status", 200, (200, 400), "A wrong request is answered with 200 and an empty container, or with 400.",
          "spec 3.4, 7 #1", "inferred",
          changes=("http-plus", "query-ampersand", "query-bad-number", "query-characters", "query-date-zone",
                   "query-empty-item", "query-empty-value", "query-epoch", "query-fraction", "query-hyphens",
                   "query-impossible-time", "query-repeated", "query-space", "query-unknown-name",
                   "query-wrong-format")),
    Quirk("empty-page", "container", ("container", "blank"), "A page without rows is an empty container, or an empty "
          "body.", "spec 4.4", "documented",
          changes=("http-plus", "query-ampersand", "query-bad-number", "query-characters", "query-date",
                   "query-date-zone", "query-empty-item", "query-empty-value", "query-epoch", "query-failure",
                   "query-fraction", "query-hyphens", "query-impossible-time", "query-limit", "query-literal",
                   "query-nothing", "query-open-range", "query-pattern", "query-repeated", "query-reversed-range",
                   "query-space", "query-unknown-name", "query-wrong-format")),
    Quirk("error-container", "asked", ("asked", "csv"), "A wrong request gets the container of the format that it asks "
          "for, wherever format stands, or always the CSV header.", "spec 3.4", "documented",
          changes=("http-plus", "query-ampersand", "query-bad-number", "query-characters", "query-date-zone",
                   "query-empty-item", "query-empty-value", "query-epoch", "query-fraction", "query-hyphens",
                   "query-impossible-time", "query-repeated", "query-space", "query-unknown-name")),
    Quirk("database-failure", "container", ("container", 500), "A database that fails is an empty container, or the 500 "
          "page.", "spec 3.4 E10", "documented", changes=("query-failure",)),
    Quirk("unknown-parameter", "refuse", ("refuse", "ignore"), "A parameter that does not exist (sstartTime) makes the "
          "page empty, or is passed over.", "spec 3.4 E7", "documented", changes=("query-unknown-name",)),
    Quirk("repeated-parameter", "refuse", ("refuse", "first", "last"), "A parameter given twice makes the page empty, or "
          "one of the two counts.", "spec 3.4 E9", "documented", changes=("query-repeated", "query-wrong-format")),
    Quirk("repeated-list", "join", ("join", "refuse"), "Repeated caller or callee are one list, or a parameter given "
          "twice.", "spec 3.3", "documented", changes=("query-repeated-list",)),
    Quirk("empty-value", "refuse", ("refuse", "ignore"), "A parameter without a value makes the page empty, or is passed "
          "over.", "spec 3.4 E5", "documented", changes=("query-empty-value",)),
    Quirk("empty-time", "open", ("open", "refuse"), "An empty startTime or endTime leaves that end open, or is an empty "
          "value like any other.", "spec 3.4, 9 Q7", "documented", changes=("query-empty-time",)),
    Quirk("trailing-ampersand", "refuse", ("refuse", "ignore"), "An empty piece of the query (an & at its end, &&, "
          "nothing after the ?) makes the page empty, or is passed over.", "spec 3.4 E8", "documented",
          changes=("query-ampersand",)),
    Quirk("empty-item", "refuse", ("refuse", "skip"), "An empty item of an extension list makes the page empty, or is "
          "passed over.", "spec 3.4 E6", "documented", changes=("query-empty-item",)),
    Quirk("trailing-comma", "ignore", ("ignore", "refuse"), "One comma at the end of an extension list is ignored, or is "
          "an empty item.", "spec 3.4, 0b", "assumed", changes=("query-trailing-comma",)),
    Quirk("several-hyphens", "refuse", ("refuse", "skip"), "A range with two hyphens makes the page empty, or is passed "
          "over: the guide says both.", "spec 3.4 E4, 9 Q9", "documented", changes=("query-hyphens",)),
    Quirk("list-characters", "strict", ("strict", "any"), "Only letters, digits and + * # . @ _ - are allowed in "
          "extension lists, or any character is.", "spec 3.2, 9 Q10", "assumed", changes=("query-characters",)),
    Quirk("bad-number", "refuse", ("refuse", "leading"), "A number with a character that is no digit makes the page "
          "empty, or counts up to that character.", "spec 3.4 E2", "documented", changes=("query-bad-number",)),
    Quirk("underscore", "wildcard", ("wildcard", "literal"), "An underscore in an extension list is one character "
          "whichever, or itself.", "spec 3.3", "documented", changes=("query-answeredby", "query-wildcards")),
    Quirk("at-sign", "wildcard", ("wildcard", "literal"), "An @ in an extension list is any run of characters, so that the "
          "address of a SIP phone is a pattern, or itself.", "spec 3.3", "documented", changes=("query-wildcards",)),
    Quirk("pattern-match", "whole", ("whole", "part"), "A pattern describes the whole value, so that what contains 53 is "
          "@53@, or any part of it.", "spec 3.3", "documented", changes=("query-pattern",)),
    Quirk("pattern-hyphen", "literal", ("literal", "refuse"), "A hyphen beside a wildcard is itself, or makes the page "
          "empty.", "spec 3.3", "documented", changes=("query-pattern",)),
    Quirk("literal-case", "exact", ("exact", "any"), "An item without wildcard or hyphen matches letters exactly, or in any "
          "case.", "spec 3.3, 9 Q11", "assumed", changes=("query-literal",)),
    Quirk("wildcard-case", "any", ("any", "exact"), "Patterns match letters in any case, or exactly.",
          "spec 3.3, 9 Q11", "assumed", changes=("query-answeredby", "query-wildcards")),
    Quirk("zero-range", "non-numbers", ("non-numbers", "zero"), "The range 0-0 finds all values that are no number, the "
          "empty ones too, or only the number 0.", "spec 3.3", "documented",
          changes=("query-open-range", "query-zero-range")),
    Quirk("range-digits", "leading", ("leading", "all"), "In a range a value counts by the digits it begins with (x5300 "
          "is 0), or by all its digits (x5300 is 5300): the guide's words allow both.", "spec 3.3, 0b", "assumed",
          changes=("query-open-range", "query-zero-range")),
    Quirk("open-range", "zero", ("zero", "open"), "A range with one end missing has 0 there, so that 5300- finds nothing, "
          "or is open at that end.", "spec 3.3", "assumed", changes=("query-open-range",)),
    Quirk("reversed-range", "nothing", ("nothing", "turned"), "A range whose first number is the greater one finds "
          "nothing, or is turned around.", "spec 3.3", "assumed",
          changes=("query-open-range", "query-reversed-range")),
    Quirk("integer-limit", "saturate", ("saturate", "refuse"), "A number beyond 63 bits counts as the greatest one, or "
          "makes the page empty.", "spec 0b", "assumed", changes=("query-large-number",)),
    Quirk("page-limit", 1000, (), "Rows on a page at most, and when numRecords is left out.", "spec 3.1, 7 #3",
          "documented", number=1,
          changes=("clock-*", "page-*", "query-answeredby", "query-csv", "query-durations", "query-no-parameters",
                   "query-open-range", "query-page-of-rows", "query-range", "query-repeated-list", "query-sessions",
                   "query-zero-range", "rows-*", "shapes-*")),
    Quirk("numrecords-over-limit", "clamp", ("clamp", "refuse"), "A numRecords beyond the limit means the limit, or makes "
          "the page empty.", "spec 3.4, 9 Q8", "assumed", changes=("query-limit",)),
    Quirk("numrecords-zero", "none", ("none", "limit"), "numRecords=0 gives no rows, or as many as there may be.",
          "spec 3.4", "inferred", changes=("query-limit",)),
    Quirk("offset", "applied", ("applied", "ignored"), "offset skips rows, or is ignored, so that every page is the "
          "first.", "spec 7 #6", "documented", changes=("query-offset", "query-page-of-rows", "query-sessions")),
    Quirk("paging-unit", "rows", ("rows", "entries"), "numRecords and offset count rows, so that a JSON page has fewer "
          "entries and cuts calls in two, or they count entries, in every format.", "spec 3.3, 7 #5", "seen", since="G3",
          changes=("query-page-of-rows", "query-sessions")),
    Quirk("order", "asc", ("asc", "desc"), "Rows come oldest first, or newest first.", "spec 4.5, 9 Q22b", "seen",
          changes=("clock-*", "http-plus", "page-*", "query-answeredby", "query-csv", "query-durations",
                   "query-empty-time", "query-format-case", "query-large-number", "query-name-case",
                   "query-no-parameters", "query-offset", "query-open-range", "query-page-of-rows", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-zero-range", "rows-*",
                   "shapes-*")),
    Quirk("sort-key", "start", ("start", "acctid"), "Rows are sorted by start, so that a long call appears before rows "
          "already read, or by AcctId.", "spec 4.5, 7 #4", "seen",
          changes=("clock-*", "page-*", "query-answeredby", "query-csv", "query-no-parameters", "query-offset",
                   "query-sessions", "rows-*", "shapes-*")),
    Quirk("answeredby", "accept", ("accept", "unknown"), "The filter answeredby, which one edition of the guide lacks, "
          "is taken everywhere, or is an unknown parameter.", "spec 3.1, 0b", "documented",
          changes=("query-answeredby",)),
    Quirk("answeredby-rows", "answered", ("answered", "all"), "Where there is no dstanswer, answeredby looks at "
          "dstchannel_ext of ANSWERED rows, or of all rows.", "spec 0b, 9 Q19", "assumed",
          needs=("columns", "G1"), changes=("query-answeredby",)),
    Quirk("time-bounds", "inclusive", ("inclusive", "half-open"), "endTime itself is inside, so that two windows that meet "
          "both have a call on their border, or is outside.", "spec 3.3", "documented", changes=("query-times",)),
    Quirk("duration-bounds", "inclusive", ("inclusive", "half-open"), "maxDur itself is inside, or outside.", "spec 3.3",
          "documented", changes=("query-durations",)),
    Quirk("duration-basis", "billsec", ("billsec", "duration"), "minDur and maxDur compare talk time, or the whole "
          "duration.", "spec 3.3", "documented", changes=("query-durations",)),
    Quirk("time-basis", "start", ("start", "end"), "startTime and endTime compare when a call began, or when it ended.",
          "spec 3.3", "documented", changes=("http-plus", "query-fraction", "query-times")),
    Quirk("date-only", "utc", ("utc", "local"), "A date without a time of day is midnight UTC, though records are in "
          "local time, or local midnight.", "spec 3.3, 7 #7", "documented", changes=("query-date",)),
    Quirk("missing-date", "2000-01-01", ("2000-01-01", "today"), "A time of day without a date is on the first day of "
          "2000, or today.", "spec 3.3", "documented", changes=("query-time-of-day",)),
    Quirk("naive-time", "local", ("local", "utc"), "A time of day without a zone is PBX local time, or UTC.",
          "spec 3.3, 9 Q6", "seen", changes=("query-date", "query-fraction", "query-times")),
    Quirk("time-fraction", "cut", ("cut", "keep"), "A fraction of a second in a bound is cut off, or kept in the text "
          "that start is compared with.", "spec 0b", "assumed", changes=("query-fraction",)),
    Quirk("fraction-digits", "three", ("three", "any"), "A fraction of a second has three digits, or any number of them.",
          "spec 3.2", "documented", changes=("query-fraction",)),
    Quirk("space-for-t", "refuse", ("refuse", "accept"), "A space where the letter T is due makes the page empty, or is "
          "taken.", "spec 3.3", "seen", changes=("query-space",)),
    Quirk("date-zone", "refuse", ("refuse", "accept"), "A zone stands after a time of day only, or after a date alone "
          "too.", "spec 3.2, 3.3", "inferred", changes=("query-date-zone",)),
    Quirk("epoch-digits", "ten", ("ten", "milliseconds"), "An epoch has ten digits, or thirteen are taken too, as "
          "milliseconds.", "spec 3.2", "documented", changes=("query-epoch",)),
    Quirk("now-case", "exact", ("exact", "any"), "now is in lower case, or in any letter case.", "spec 3.2", "assumed",
          changes=("query-epoch",)),
    Quirk("impossible-time", "refuse", ("refuse", "carry"), "A time that does not exist (2013-13-40) makes the page empty, "
          "or is carried over as in C's mktime (2014-02-09).", "spec 3.4", "assumed",
          changes=("query-impossible-time",)),
)  # fmt: skip

_PAGE = (
    Quirk("columns", PERSONALITY, (PERSONALITY, "G1", "G2", "G3"), "The columns that are written and shown; "
          "firmware appends some, and nothing announces it. In rows written before, those that are new are blank.",
          "spec 4.1, 7 #17", "seen",
          changes=("clock-*", "http-form", "http-plus", "page-*", "query-ampersand", "query-answeredby", "query-csv",
                   "query-durations", "query-empty-time", "query-format-case", "query-fraction", "query-large-number",
                   "query-limit", "query-name-case", "query-no-parameters", "query-nothing", "query-offset",
                   "query-open-range", "query-page-of-rows", "query-pattern", "query-range", "query-repeated-list",
                   "query-sessions", "query-time-of-day", "query-times", "query-trailing-comma", "query-wildcards",
                   "query-wrong-format", "query-zero-range", "rows-*", "shapes-*")),
    Quirk("csv-quoting", "none", ("none", "rfc4180"), "CSV has no quoting at all, so that lines have more commas than "
          "columns, or is quoted.", "spec 4.2, 7 #2", "documented",
          changes=("clock-*", "page-csv", "query-csv", "query-no-parameters", "rows-csv", "shapes-csv")),
    Quirk("csv-line-end", "lf", ("lf", "crlf"), "Lines of CSV end with LF, or with CR and LF.", "spec 4.2, 9 Q22",
          "inferred",
          changes=("clock-*", "page-csv", "query-ampersand", "query-csv", "query-no-parameters", "query-nothing",
                   "query-wrong-format", "rows-csv", "shapes-csv")),
    Quirk("csv-header", "sent", ("sent", "omitted"), "A page of CSV begins with the line of the column names, or has rows "
          "only.", "spec 4.2", "documented",
          changes=("clock-*", "page-csv", "query-ampersand", "query-csv", "query-no-parameters", "query-nothing",
                   "query-wrong-format", "rows-csv", "shapes-csv")),
    Quirk("csv-group-column", "none", ("none", "first"), "CSV has no column for the cdr of a JSON entry, or has it first, as "
          "a CSV that the GUI exports.", "spec 4.2, 9 Q14", "assumed", since="G3",
          changes=("clock-*", "page-csv", "query-ampersand", "query-csv", "query-no-parameters", "query-nothing",
                   "query-wrong-format", "rows-csv", "shapes-csv")),
    Quirk("xml-root", "root", ("root", "json"), "The outermost element of XML is root, or named like the JSON root.",
          "spec 4.3, 9 Q1", "assumed", changes=("page-xml", "query-nothing", "rows-xml")),
    Quirk("xml-escaping", "entities", ("entities", "none"), "XML escapes & < >, or writes caller IDs raw.",
          "spec 4.3, 7 #24", "assumed", changes=("page-xml", "rows-xml")),
    Quirk("xml-declaration", "omitted", ("omitted", "sent"), "XML begins with its outermost element, or with an XML "
          "declaration.", "spec 4.3, 9 Q1", "assumed", changes=("page-xml", "query-nothing", "rows-xml")),
    Quirk("xml-layout", "lines", ("lines", "compact"), "Every element of XML has a line of its own, or all stand on one.",
          "spec 0b, 9 Q1", "assumed", changes=("page-xml", "query-nothing", "rows-xml")),
    Quirk("json-layout", "lines", ("lines", "printed", "compact"), "JSON has a line for each entry with a space after : "
          "and , and inside braces, the same with a blank before each line, as the guide prints it, or no white space.",
          "spec 4.4, 0b", "assumed",
          changes=("http-form", "http-plus", "page-json", "query-ampersand", "query-answeredby", "query-bad-number",
                   "query-characters", "query-date", "query-date-zone", "query-durations", "query-empty-item",
                   "query-empty-time", "query-empty-value", "query-epoch", "query-failure", "query-format-case",
                   "query-fraction", "query-hyphens", "query-impossible-time", "query-large-number", "query-limit",
                   "query-literal", "query-name-case", "query-nothing", "query-offset", "query-open-range",
                   "query-page-of-rows", "query-pattern", "query-range", "query-repeated", "query-repeated-list",
                   "query-reversed-range", "query-sessions", "query-space", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-unknown-name", "query-wildcards", "query-zero-range", "rows-json",
                   "shapes-json")),
    Quirk("json-quotes", "escaped", ("escaped", "raw"), "A quote inside a JSON text has a backslash, or is raw, so that no "
          "caller ID can be parsed.", "spec 4.4, 7 #24", "documented",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-page-of-rows", "query-pattern", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-wildcards", "query-zero-range", "rows-json", "shapes-json")),
    Quirk("json-controls", "escaped", ("escaped", "raw"), "A backslash and control characters up to U+001F are escaped in "
          "JSON, or raw.", "spec 4.4, 7 #24", "assumed", changes=("page-json", "query-range", "query-repeated-list")),
    Quirk("json-numbers", "texts", ("texts", "numbers"), "Every JSON value is a text, or AcctId, duration and billsec are "
          "numbers.", "spec 4.4", "documented",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-page-of-rows", "query-pattern", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-wildcards", "query-zero-range", "rows-json", "shapes-json")),
    Quirk("json-missing", "blank", ("blank", "nulls"), "A missing JSON value is an empty text, or null.", "spec 4.4",
          "documented",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-page-of-rows", "query-pattern", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-wildcards", "query-zero-range", "rows-json", "shapes-json")),
    Quirk("json-non-ascii", "utf-8", ("utf-8", "escaped"), "Letters beyond ASCII are UTF-8 in JSON, or escaped.",
          "spec 4.4", "assumed", changes=("page-json",)),
    Quirk("json-root", PERSONALITY, (PERSONALITY, "cdr", "cdr_root"), "The key that JSON entries stand under.",
          "spec 4.1, 7 #17", "seen",
          changes=("http-form", "http-plus", "page-json", "query-ampersand", "query-answeredby", "query-bad-number",
                   "query-characters", "query-date", "query-date-zone", "query-durations", "query-empty-item",
                   "query-empty-time", "query-empty-value", "query-epoch", "query-failure", "query-format-case",
                   "query-fraction", "query-hyphens", "query-impossible-time", "query-large-number", "query-limit",
                   "query-literal", "query-name-case", "query-nothing", "query-offset", "query-open-range",
                   "query-page-of-rows", "query-pattern", "query-range", "query-repeated", "query-repeated-list",
                   "query-reversed-range", "query-sessions", "query-space", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-unknown-name", "query-wildcards", "query-zero-range", "rows-json",
                   "shapes-json")),
    Quirk("json-groups", PERSONALITY, (PERSONALITY, "sessions", "rows"), "A JSON entry is a session with its rows, or one "
          "row.", "spec 4.4", "seen",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-page-of-rows", "query-pattern", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-wildcards", "query-zero-range", "rows-json", "shapes-json")),
    Quirk("single-row-entry", "flat", ("flat", "grouped"), "A session of one row is a flat JSON entry, or has main_cdr "
          "and sub_cdr_1 like the others.", "spec 4.4, 9 Q15", "seen", since="G3",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-pattern", "query-range", "query-repeated-list",
                   "query-sessions", "query-time-of-day", "query-trailing-comma", "query-wildcards",
                   "query-zero-range", "rows-json", "shapes-json")),
    Quirk("main-cdr-sums", "sum", ("sum", "first"), "main_cdr has the sums of its rows' durations, which overbills, or "
          "those of the first row.", "spec 4.4, 7 #11", "seen", since="G3",
          changes=("page-json", "query-page-of-rows", "query-sessions", "rows-json", "shapes-json")),
    Quirk("main-cdr-columns", "few", ("few", "all"), "main_cdr has src, dst, start, session and action_type only, or "
          "every column of the first row.", "spec 4.4", "seen", since="G3",
          changes=("page-json", "query-page-of-rows", "query-sessions", "rows-json", "shapes-json")),
    Quirk("main-cdr-acctid", "blank", ("blank", "first"), "main_cdr has no AcctId, or that of the first row.",
          "spec 4.4, 7 #10", "seen", since="G3",
          changes=("page-json", "query-page-of-rows", "query-sessions", "rows-json", "shapes-json")),
    Quirk("group-member-end", "kept", ("kept", "blank"), "Rows inside a group have their end, or a blank one, as one "
          "client found.", "spec 4.4", "seen", since="G3",
          changes=("page-json", "query-page-of-rows", "query-sessions", "rows-json", "shapes-json")),
    Quirk("group-shift", "none", ("none", "one"), "Groups hold one session each, or start one row early and repeat the "
          "first group's main_cdr, as a captured firmware did.", "spec 4.4, 7 #11", "seen", since="G3",
          changes=("page-json", "query-durations", "query-range", "query-repeated-list", "query-sessions",
                   "rows-json", "shapes-json")),
    Quirk("blank-session", "apart", ("apart", "together"), "Rows without a session are an entry each, or one together.",
          "spec 0b", "assumed", since="G3", changes=("page-json",)),
    Quirk("group-rows", "all", ("all", "adjacent"), "All rows of a session on the page are one entry, at the place of the "
          "first, or only those that follow each other.", "spec 0b", "assumed", since="G3",
          changes=("page-json", "query-sessions", "rows-json", "shapes-json")),
    Quirk("group-key", "session", ("session", "blank"), "The cdr of an entry is its session, which clients take as the "
          "call's id, or blank, as in a capture of later firmware.", "spec 4.4, 9 Q14", "seen", since="G3",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-page-of-rows", "query-pattern", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-trailing-comma",
                   "query-wildcards", "query-zero-range", "rows-json", "shapes-json")),
    Quirk("null-entry", "none", ("none", "last"), "JSON lists hold entries only, or a null after the last, which one "
          "client filters out.", "spec 4.4", "seen",
          changes=("http-form", "http-plus", "page-json", "query-answeredby", "query-durations", "query-empty-time",
                   "query-format-case", "query-fraction", "query-large-number", "query-limit", "query-name-case",
                   "query-offset", "query-open-range", "query-page-of-rows", "query-pattern", "query-range",
                   "query-repeated-list", "query-sessions", "query-time-of-day", "query-times",
                   "query-trailing-comma", "query-wildcards", "query-zero-range", "rows-json", "shapes-json")),
)  # fmt: skip

ROWS = (
    Quirk("acctid", PERSONALITY, (PERSONALITY, "continuous", "monthly"), "AcctId counts on for ever, or restarts at 1 with "
          "each calendar month (2661 rows of a UCM62xx).", "https-api 5.2, spec 0b", "seen", changes=("rows-*",)),
    Quirk("acctid-gaps", "none", ("none",), "AcctId has no gaps, or every so many-th is missing: rows of helper legs and "
          "deleted ones.", "spec 7 #21", "assumed", number=2, changes=("clock-*", "rows-*")),
    Quirk("unanswered", PERSONALITY, (PERSONALITY, "blank", "stamped", "busy-blank"), "Calls that nobody took have a blank "
          "answer, or answer = end, or both blank when BUSY or FAILED.", "spec 5.1, https-api 5.2", "seen",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("missing-time", "blank", ("blank", "zeros"), "A time that is missing is blank, or 0000-00-00 00:00:00, which "
          "one integrator guards against.", "spec 5.1", "seen", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("local-times", "local", ("local",), "start, answer and end are local text without a zone, and bounds of a query "
          "are compared as such texts, so that an hour comes twice when clocks go back; uniqueid, session and the names of "
          "recordings go by UTC.", "spec 3.3, 7 #8", "documented",
          setting="time_zone"),
    Quirk("duration-rounding", "apart", ("apart", "displayed"), "duration and billsec are floors of what passed, so that "
          "they differ from the displayed times by a second, or differences of the displayed times.", "spec 5.1, 7 #14",
          "seen", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("userfield", PERSONALITY, (PERSONALITY, "ext", "direction"), "userfield is EXT, or the direction of the call.",
          "spec 5.1", "documented", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("trunk-userfield", "ext", ("ext", "direction"), "Where userfield is EXT, calls over trunks say EXT too, or their "
          "direction.", "spec 5.1", "assumed", needs=("userfield", "ext"), changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("outbound-context", PERSONALITY, (PERSONALITY, "from-internal", "outbound-route"), "dcontext of an outbound call is "
          "from-internal, or outbound-route- and the number of the trunk.", "spec 5.3, https-api 5.2", "seen",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("internal-context", "from-internal", ("from-internal", "ext-local"), "dcontext of a call between extensions is "
          "from-internal, or ext-local: the guide has both.", "spec 5.3", "documented", changes=("clock-*", "rows-*",
                                                                                                 "shapes-*")),
    Quirk("inbound-context", PERSONALITY, (PERSONALITY, "ext-did", "did-local", "from-did-direct"), "dcontext of an inbound "
          "call is ext-did- and the number of the trunk, as documented, or did-local as in both rows of a UCM62xx that were "
          "printed whole, or from-did-direct, which units of that family have too.", "spec 5.3, 0b, https-api 5.2, 5.3", "documented",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("channel-technology", PERSONALITY, (PERSONALITY, "SIP", "PJSIP"), "Channels of phones and trunks, and dial "
          "strings in lastdata, are SIP/..., or PJSIP/... since the UCM62xx.", "spec 5.2", "documented",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("outbound-channel", PERSONALITY, (PERSONALITY, "number", "counter"), "The channel of an outbound leg ends with "
          "the number dialled, or with the channel counter.", "spec 5.2", "documented", changes=("clock-*", "rows-*",
                                                                                                 "shapes-*")),
    Quirk("failed-channel", "blank", ("blank", "dialled"), "FAILED rows have no dstchannel, or that of the callee.",
          "https-api 5.2, spec 9 Q21 (94 rows of a UCM62xx)", "seen", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("busy-channel", "kept", ("kept", "blank"), "BUSY rows have the dstchannel of the callee, or none.",
          "https-api 5.2 (44 rows of a UCM62xx)", "seen", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("conference-channel", "blank", ("blank", "pseudo"), "The row of a conference has no dstchannel, or DAHDI/pseudo- and "
          "a number.", "spec 5.2, 5.6", "assumed", changes=("rows-*", "shapes-*")),
    Quirk("uniqueid-step", PERSONALITY, (PERSONALITY, 1, 2), "The number in uniqueid counts channels one by one, or in steps of "
          "2, so that a call of two channels advances it by 4, as a capture of a UCM62xx shows.", "https-api 5.2", "seen",
          changes=("clock-*", "rec-list-made-up", "rows-*", "shapes-*")),
    Quirk("clid-without-name", "quotes", ("quotes", "bare"), 'A caller ID without a name begins with "", or is the '
          "number alone, without brackets.", "spec 5.1", "seen", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("chanext", "blank", ("blank", "extensions"), "chanext and dstchanext are blank, or repeat the extensions.",
          "spec 5.1", "seen", since="G2", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("amaflags", "DOCUMENTATION", ("DOCUMENTATION", "BILLING", "OMIT"), "The value of amaflags.", "spec 5.1",
          "documented", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("service", "s", ("s",), "The value of service of a call over SIP.", "spec 5.1, https-api 5.2", "documented", text=True,
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("lastdata-limit", 255, ("none",), "Characters after which lastdata is cut.", "spec 5.1", "seen", number=1,
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("dial-string", PERSONALITY, (PERSONALITY, "plain", "contact"), "lastdata of Dial is the guide's form "
          "(SIP/5301,60,), or names the phone's contact and the callee-handler.", "spec 5.6, https-api 5.2", "seen",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("dial-options", PERSONALITY, (PERSONALITY, "z", "ztTkKxX"), "The options of Dial before the callee-handler, when a "
          "phone is rung, are z alone (a UCM62xx), or ztTkKxX: both sides may transfer, park and record (CAP22, a UCM63xx).",
          "https-api 5.2, spec 5.6", "seen", needs=("dial-string", "contact"), changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("recorded-dial-string", "shown", ("shown", "hidden"), "A dial string with a callee-handler has "
          "M(record-check,StartMonitor) before it when the call is to be recorded, or hides that.", "https-api 5.2, 5.3",
          "seen", since="G3", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("busy-duration", "rung", ("rung", "zero"), "duration of BUSY rows is the time until the caller heard it, or 0.",
          "spec 7 #12", "seen", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("failed-duration", "passed", ("passed", "zero"), "duration of FAILED rows is the time that it took, 0 to 7 seconds, "
          "or 0.", "https-api 5.2 (94 rows of a UCM62xx, 34 of them 0), spec 9 Q21", "seen", changes=("rows-*",
                                                                                                      "shapes-*")),
    Quirk("congestion", "FAILED", ("FAILED", "CONGESTION"), "A call that meets congestion is FAILED, or has the "
          "disposition that Asterisk 11 added.", "spec 5.1, https-api 5.2, 5.3", "seen", changes=("rows-*", "shapes-*")),
    Quirk("session-microseconds", "unpadded", ("unpadded", "padded"), "The microseconds in session are not padded with "
          "zeros, so that texts of sessions do not sort by time, or padded to six digits.", "spec 5.1", "seen", since="G3",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("voicemail-row", PERSONALITY, (PERSONALITY, "second", "none"), "A call that voicemail takes has a second row, or "
          "one only, answered by the mailbox.", "spec 5.6, https-api 5.2", "seen", changes=("clock-*", "rows-*",
                                                                                            "shapes-*")),
    Quirk("one-row-lastapp", PERSONALITY, (PERSONALITY, "Dial", "VoiceMail"), "lastapp of a call that voicemail took, where "
          "it has one row, is Dial as seen on UCM62xx, or VoiceMail.", "https-api 5.2", "assumed", needs=("voicemail-row", "none"),
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("voicemail-reason", PERSONALITY, (PERSONALITY, "option-u", "option-n"), "lastdata of VoiceMail ends with u "
          "(unavailable) after @default, as on a UCM62xx, or with n (CAP22).", "https-api 5.2, spec 5.4, 5.6", "seen", changes=("clock-*", "rows-*",
                                                                                                 "shapes-*")),
    Quirk("voicemail-text", "written", ("written", "none"), "A text, msgNNNN.txt, stands beside the sound of each voicemail "
          "message, or there is none.", "spec 5.8", "seen", changes=("rec-list-made-up",)),
    Quirk("voicemail-uniqueid", "shared", ("shared", "own"), "The second row shares the uniqueid of the first, so that "
          "clients keyed on it lose a row, or has one of its own.", "spec 5.6, 7 #10", "seen",
          needs=("voicemail-row", "second"),
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("conference-action", "numbered", ("numbered", "plain"), "action_type of a conference is CONFERENCE[6300], or "
          "CONFERENCE.", "spec 5.5", "assumed", since="G3", changes=("rows-*", "shapes-*")),
    Quirk("feature-context", "entry", ("entry", "ext"), "dcontext of a queue's own row is that of the call, of a conference "
          "from-internal, or they are ext-queues and ext-meetme as in FreePBX.", "spec 5.3", "assumed",
          changes=("rows-*", "shapes-*")),
    Quirk("recordfiles-end", "each", ("each", "between"), "Every name in recordfiles is followed by @, or an @ only parts "
          "them.", "spec 5.8, 7 #15", "seen", since="G2", changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("recording-directory", PERSONALITY, (PERSONALITY, "flat", "month"), "Recordings stand in monitor, or in a "
          "directory of their month below it, which recordfiles then names.", "spec 5.8", "seen",
          changes=("clock-*", "rec-list-made-up", "rec-made-up-file", "rows-*", "shapes-*")),
    Quirk("recording-epoch", "dial", ("dial", "answer"), "The epoch in a recording's name is the second after the "
          "phone began to ring, so after any PIN (CAP22, a UCM63xx; a UCM62xx had ten seconds), or that of the answer.",
          "spec 5.8, https-api 5.3", "seen",
          changes=("clock-*", "rec-list-made-up", "rec-made-up-file", "rows-*", "shapes-*")),
    Quirk("recording-length", "talk", ("talk", "billsec"), "A recording is as long as the talk was, parts of a second "
          "included, or has the whole seconds of billsec.", "spec 6.5", "seen", changes=("rec-made-up-file",)),
    Quirk("conference-recording-name", "epoch", ("epoch", "none"), "The recording of a conference ends its name with the "
          "second in which it began, or with the uniqueid as Asterisk has it.", "spec 5.8", "assumed",
          changes=("rec-list-made-up",)),
    Quirk("restart-counters", "restart", ("restart",), "Channel counters begin again when the PBX restarts, so that names "
          "and counters of uniqueids repeat.", "spec 5.1, 5.2", "inferred", fixed="every Asterisk counts from 0 after a start"),
    Quirk("outbound-caller-id", "trunk", ("trunk", "extension"), "clid of an outbound call is the caller ID of its trunk, where "
          "that has one, while src stays the extension, or is the extension too.", "spec 5.1, 5.6", "seen",
          changes=("shapes-*",)),
    Quirk("dialled-prefix", "kept", ("kept", "stripped"), "dst of an outbound call is the number as it was dialled, with its "
          "prefix, or the number alone.", "spec 5.1", "seen", changes=("shapes-*",)),
    Quirk("analogue-caller", "blank", ("blank",), "A call from an analogue line without caller ID has an empty src, and "
          "dst is s.", "spec 5.1, 5.6", "documented", fixed="no unit is known to write anything else"),
    Quirk("helper-channels", "shown", ("shown", "hidden"), "Rows of Local/... channels appear beside those of the calls that they "
          "help, in the same session, and the guide says to ignore them, or do not.", "spec 5.2", "documented",
          changes=("shapes-*",)),
    Quirk("analogue-service", PERSONALITY, (PERSONALITY, "p", "s"), "service of a call over an analogue line is p, as on a "
          "UCM62xx, or s like that of others and in every sample of older firmware.", "https-api 5.2, spec 5.1", "seen", changes=("shapes-*",)),
    Quirk("analogue-ports", "fxo-first", ("fxo-first",), "DAHDI channels number the FXO ports first, then the two FXS.",
          "spec 5.2", "documented", later="phones on FXS ports"),
    Quirk("own-caller-id", "session", ("session", "clid"), "Where an extension has a caller ID of its own, session ends with "
          "that instead of src, or only clid shows it.", "https-api 5.2 (888 rows of a UCM62xx)", "seen", since="G3",
          changes=("rows-*",)),
    Quirk("own-caller-id-calls", "outbound", ("outbound", "all"), "An extension's own caller ID is shown in its outbound calls, "
          "where it goes before the trunk's, or in all its calls.", "https-api 5.2", "assumed",
          changes=("clock-*", "rows-*")),
    Quirk("api-call", PERSONALITY, (PERSONALITY, "api", "extension"), "A call that the API began has api as src, action_owner, "
          "in clid and at the end of session, or, before firmware 1.0.20 brought that API and a program did it over AMI, who was "
          "called first; one that began over a trunk is Inbound either way.",
          "https-api 5.2 (15 calls of a UCM62xx), 1", "seen",
          changes=("shapes-*",)),
    Quirk("api-call-row", "two", ("two", "one"), "A call that the API began has a row of AppDial until who is called first takes it, "
          "and one of the talk, or this one only.", "https-api 5.2, spec 5.4", "inferred",
          changes=("shapes-*",)),
    Quirk("feature-codes", "rows", ("rows", "none"), "Codes that are dialled have rows, whose dst begins with * or #, or "
          "none.", "spec 5.6", "seen", changes=("shapes-*",)),
    Quirk("transfer-context", "from-internal-xfer", ("from-internal-xfer", "from-internal"), "dcontext of a call that was "
          "transferred or parked is from-internal-xfer (CAP22, a UCM63xx), or from-internal.", "spec 5.3", "seen",
          changes=("shapes-*",)),
    Quirk("account-code", "plain", ("plain",), "accountcode holds the account code that was dialled, as plain text.",
          "spec 5.1, 9 Q23", "assumed", fixed="no other form is known"),
    Quirk("pin-code", "shown", ("shown", "hidden"), "accountcode holds the PIN that a PIN group asked for, as an option of the group "
          "has it, or nothing.", "spec 5.1", "documented",
          changes=("shapes-*",)),
    Quirk("call-in-progress", "no-row", ("no-row",), "A call has no row until it ends; its legs have theirs when they do.",
          "spec 7 #23", "inferred", fixed="every unit writes at the end"),
    Quirk("did-row", PERSONALITY, (PERSONALITY, "own", "none"), "An inbound call that reaches an IVR or a group has a row of its "
          "own first, ForkCDR with ae, NO ANSWER with answer = end (CAP22, a UCM63xx), or none, as on a UCM62xx, where the "
          "IVR's own row is the first of two.", "spec 5.6, 0b, https-api 5.2 (155 groups of two rows)", "seen", changes=("clock-*",
                                                                                                                         "rows-*",
                                                                                                                         "shapes-*")),
    Quirk("ivr-exit-context", "ivr-from-internal", ("ivr-from-internal", "from-internal"), "dcontext of a call that left an "
          "IVR by a key is ivr-from-internal (CAP22, a UCM63xx), or from-internal.", "spec 5.3", "seen",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("ivr-row", "answered", ("answered",), "A call that hangs up in an IVR has a row ReadExten, ANSWERED for as long as "
          "it was there (CAP22, a UCM63xx).", "spec 5.6", "seen", fixed="every capture has it"),
    Quirk("ring-group-entry", PERSONALITY, (PERSONALITY, "unbilled", "billed"), "Rows of ForkCDR that are ANSWERED, as that of "
          "a ring group itself, have billsec 0 (CAP22, a UCM63xx), or as many seconds as they last: the IVR of a UCM62xx billed 11 "
          "of 23.", "spec 5.6, 7 #12, https-api 5.2 (main_cdr)", "seen",
          changes=("clock-*", "rows-*", "shapes-*")),
    Quirk("ring-group-winner", PERSONALITY, (PERSONALITY, "whole", "talk"), "The billsec of the agent who answers a ring group "
          "includes the time that it rang, from G3 on, or is that of the talk.", "spec 5.6, 7 #13", "seen", changes=("rows-*",
                                                                                                                     "shapes-*")),
    Quirk("ring-group-loser", "stamped", ("stamped",), "The rows of the other agents have answer = end.", "spec 5.6",
          "seen", since="G3", fixed="it is what unanswered says"),
    Quirk("ring-group-busy", "start", ("start", "end"), "The row of a busy agent has answer = end = start and a duration all "
          "the same (CAP22, a UCM63xx), or answer = end at the end of that.", "spec 5.6, 7 #12", "seen",
          needs=("unanswered", "stamped"), changes=("shapes-*",)),
    Quirk("parked-row", "answered", ("answered",), "The row of a parked leg is ANSWERED by its slot (CAP22, a UCM63xx).",
          "spec 5.6", "seen", fixed="the only capture has it"),
    Quirk("parked-call", "two-sessions", ("two-sessions", "one"), "A call that is parked and fetched shows in two sessions, "
          "or in that of the caller.", "spec 5.6, 5.7", "seen", since="G3", changes=("shapes-*",)),
    Quirk("group-recording-name", "group", ("group", "group-and-agent"), "The recording of a ring group's call has the group's "
          "number in its name, or the agent's too, after a #, as later firmware.", "spec 5.8, 7 #16", "seen",
          changes=("rec-list-made-up", "rec-made-up-file", "rows-*", "shapes-*")),
    Quirk("recorded-prefix", "kept", ("kept",), "The name of a recording keeps the outside-line prefix that was dialled.",
          "spec 5.8", "seen", fixed="no unit is known that strips it"),
    Quirk("fork-rows", "shown", ("shown", "hidden"), "The parts of a call before an IVR, a group or a queue rings somebody "
          "have rows of ForkCDR, which integrators drop, or none.", "spec 5.4", "seen", changes=("clock-*", "rows-*",
                                                                                                 "shapes-*")),
    Quirk("queue-row", "entry", ("entry", "none"), "A call to a queue has a row of Queue, NO ANSWER when it was abandoned, "
          "beside one for each agent that was rung, or has only these.", "spec 5.6", "assumed",
          changes=("shapes-*",)),
    Quirk("transfer-row", "TRANSFER", ("TRANSFER", "DIAL"), "A transferred call has one more row with the same uniqueid and "
          "session, whose action is TRANSFER, or DIAL.", "spec 5.6", "assumed", since="G3", changes=("shapes-*",)),
    Quirk("forward-row", "CFWD", ("CFWD", "DIAL"), "A forwarded call has a row for the extension and one for the target, whose "
          "action is CFWD, or DIAL.", "spec 5.6", "assumed", since="G3", changes=("shapes-*",)),
    Quirk("paging-row", "each", ("each",), "A page has a short row for each phone.", "spec 5.6", "assumed",
          fixed="nothing else is known"),
    Quirk("follow-me-row", "FOLLOWME", ("FOLLOWME", "DIAL"), "The action of what rings somebody's other phone after the first is "
          "FOLLOWME, or DIAL.", "spec 5.5", "assumed", since="G3", changes=("shapes-*",)),
    Quirk("queue-agent-row", "QUEUE", ("QUEUE", "DIAL"), "The action of the row of a queue's agent is QUEUE[6500], like that of "
          "the queue's own, or DIAL.", "spec 5.6", "assumed", since="G3", changes=("shapes-*",)),
    Quirk("fax-row", "FAX", ("FAX", "DIAL"), "A fax has a row of ReceiveFAX, whose action is FAX, or DIAL.", "spec 5.6",
          "assumed", since="G3", changes=("shapes-*",)),
    Quirk("disa-row", "two", ("two",), "A call by DISA has a row of DISA and one of the outbound call.", "spec 5.6", "assumed",
          fixed="nothing else is known"),
    Quirk("disa-action", "numbered", ("numbered", "plain"), "action_type of a call by DISA is DISA[7100], or DISA.", "spec 5.5",
          "assumed", since="G3", changes=("shapes-*",)),
    Quirk("page-action", "numbered", ("numbered", "plain"), "action_type of a page is PAGE[6700], or PAGE.", "spec 5.5",
          "assumed", since="G3", changes=("shapes-*",)),
    Quirk("callback-action", "CALLBACK", ("CALLBACK", "DIAL"), "The action of the rows of a callback is CALLBACK, or DIAL.",
          "spec 5.5, 5.6", "assumed", since="G3", changes=("shapes-*",)),
    Quirk("unregistered-row", PERSONALITY, (PERSONALITY, "Dial", "Playback"), "lastapp of a call to a phone that is not there is "
          "Dial, or Playback of a prompt: of 94 FAILED rows of a UCM62xx none was of Dial, and 51 of Playback.",
          "spec 5.6, https-api 5.2", "inferred", changes=("rows-*", "shapes-*")),
    Quirk("callback-row", "two", ("two", "one"), "A callback has two rows, CALLBACK: of the call that asked for it, and of that by "
          "which the unit calls, which is Inbound as its channel is the trunk's; or this one only.", "spec 5.6", "assumed",
          changes=("shapes-*",)),
    Quirk("external-calls", "external", ("external", "outbound"), "userfield of a call from trunk to trunk is External, or "
          "Outbound.", "spec 5.1", "seen", since="G2", changes=("shapes-*",)),
    Quirk("analogue-channel", PERSONALITY, (PERSONALITY, "o1", "1"), "The channel of an analogue line is DAHDI/o1-1, as on a "
          "UCM62xx, or as documented DAHDI/1-1.", "https-api 5.2, spec 5.2, 5.6", "documented", changes=("shapes-*",)),
    Quirk("analogue-extension", PERSONALITY, (PERSONALITY, "port", "trunk"), "channel_ext of an analogue line is its port as the "
          "channel has it (o1 on a UCM62xx), or trunk_ and the number of its trunk, by which the older GUI knows a call from "
          "outside.", "https-api 5.2, spec 5.1", "inferred", changes=("shapes-*",)),
    Quirk("ami-recordings", "channel", ("channel", "whole-channel"), "A recording that is begun over AMI is named by the "
          "caller's channel, without its technology, or with that and a hyphen for the slash, as Asterisk does that is told "
          "no name.", "spec 5.8", "seen"),
    Quirk("ami-recordfiles", "unnamed", ("unnamed", "named"), "recordfiles says nothing of a recording that was begun over "
          "AMI, or names it.", "spec 5.8", "assumed", since="G2"),
    Quirk("greetings", "gsm-and-wav", ("gsm-and-wav", "gsm", "wav", "none"), "A mailbox whose owner recorded a greeting has it "
          "as unavail.gsm and unavail.wav, or as one of these, or it is not in the spool.", "spec 5.8, 6.5", "seen",
          changes=("rec-list-made-up",)),
    Quirk("heard-messages", "old", ("old", "inbox"), "Messages that were heard go from INBOX to Old, numbered on there, and "
          "INBOX begins at msg0000 again, or they stay.", "spec 5.8", "inferred"),
    Quirk("clock-corrections", "shown", ("shown", "steady"), "When the unit's clock is corrected during a call, duration and "
          "billsec are odd or negative as its times say, or those of the true call.", "spec 7 #8", "inferred",
          changes=("clock-*",)),
    Quirk("acctid-after-delete", "restart", ("restart", "continue"), "AcctId begins again at 1 when no row is left, whether "
          "somebody deleted all or retention did, as a key of SQLite's does, or goes on.", "spec 7 #21, 9 Q20", "assumed"),
    Quirk("cleaner", "none", ("none",), "Recordings stay, or old ones go while their rows stay, so that recordfiles leads to "
          "404.", "spec 7 #22", "assumed", setting="retention.recordings"),
)  # fmt: skip
"""What a history is made with: these change no row that is stored already."""

_RECAPI = (
    Quirk("listing", "recursive", ("recursive", "flat"), "A directory listing descends into subdirectories, or not.",
          "spec 6.3, 9 Q13", "inferred", changes=("rec-list", "rec-list-made-up", "rec-list-odd", "rec-made-up-file")),
    Quirk("listing-header", "once", ("once", "each"), "The listing of several directories has one header line, or one "
          "each.", "spec 6.3", "seen", changes=("rec-list-made-up", "rec-list-several")),
    Quirk("listing-entries", "all", ("all", "files"), "A listing names directories too, mailboxes among them, or files "
          "only.", "spec 6.3", "seen", changes=("rec-list", "rec-list-made-up", "rec-list-odd", "rec-made-up-file")),
    Quirk("listing-quoting", "none", ("none", "rfc4180"), "Nothing in a listing is quoted, so that a comma in a name makes "
          "one field more, or fields are quoted that need it.", "spec 6.3", "seen",
          changes=("rec-list", "rec-list-made-up", "rec-list-odd", "rec-made-up-file")),
    Quirk("listing-line-end", "lf", ("lf", "crlf"), "Lines of a listing end with LF, or with CR and LF.", "spec 6.3",
          "seen",
          changes=("http-form-type", "rec-directories", "rec-list", "rec-list-made-up", "rec-list-missing",
                   "rec-list-odd", "rec-list-several", "rec-made-up-file")),
    Quirk("listing-directory", "path", ("path", "name"), "The Directory column can be used as filedir again, or is the "
          "last part of the path only.", "spec 6.3", "seen",
          changes=("rec-list", "rec-list-made-up", "rec-list-odd", "rec-made-up-file")),
    Quirk("listing-order", "name", ("name", "newest"), "Entries are sorted by name, or the newest comes first.",
          "spec 6.3", "assumed", changes=("rec-list", "rec-list-made-up", "rec-list-odd", "rec-made-up-file")),
    Quirk("spool-listing", "directory", ("directory", "directory-filename"), "Without parameters there is one column, "
          "Directory, or Filename stays as a second, empty one.", "spec 6.3, 9 Q12", "assumed",
          changes=("http-form-type", "rec-directories")),
    Quirk("recapi-missing-directory", "nothing", ("nothing", 404), "A directory that does not exist lists nothing, or is "
          "answered with 404.", "spec 6.3", "assumed", changes=("rec-list-missing", "rec-list-odd", "rec-list-several")),
    Quirk("recapi-bad-directory", "nothing", ("nothing", 404), "A filedir with .. or a slash in front lists nothing, as if "
          "it did not exist, or is answered with 404. Any other character is looked up.", "spec 6.3", "assumed",
          changes=("rec-list-odd",)),
    Quirk("recapi-spool-directory", "spool", ("spool", "missing"), "A filedir that is a lone dot is the spool itself, or "
          "does not exist.", "spec 6.1", "assumed", changes=("rec-list-odd",)),
    Quirk("recapi-empty-list", "nothing", ("nothing", 404), "A filedir of nothing but @ lists nothing, or is answered with "
          "404, as a filename of nothing but @ is.", "spec 6.1, 6.2", "assumed", changes=("rec-list-odd",)),
    Quirk("recapi-default-directory", "monitor", ("monitor", "monitor_local"), "The directory that is meant when filedir "
          "is left out.", "spec 6.1, 6.4", "documented", text=True,
          changes=("rec-bad-name", "rec-default-directory", "rec-empty-member", "rec-file", "rec-form", "rec-head",
                   "rec-month", "rec-month-named", "rec-name-case", "rec-one-of-two", "rec-same-file",
                   "rec-some-of-three", "rec-tar", "rec-type", "rec-unknown-name", "rec-user-file")),
    Quirk("recapi-many-directories", 404, (404, "search"), "Several directories with filename are answered with 404, or "
          "searched one after another.", "spec 6.1", "assumed", changes=("rec-two-directories",)),
    Quirk("recapi-repeated-parameter", 404, (404, "first"), "filedir or filename given twice is answered with 404, or the "
          "first counts.", "spec 6.2", "documented", changes=("rec-repeated",)),
    Quirk("recapi-empty-parameter", 404, (404, "ignore"), "An empty filedir or filename is answered with 404, or passed "
          "over.", "spec 6.2", "documented", changes=("rec-empty-value",)),
    Quirk("recapi-unknown-parameter", "ignore", ("ignore", 404), "A parameter other than filedir and filename, an empty "
          "piece of the query among them, is passed over, or answered with 404.", "spec 6.2", "assumed", changes=("rec-unknown-name",)),
    Quirk("recapi-empty-member", "ignore", ("ignore", 404), "The empty member of a list, as after the @ that recordfiles "
          "ends with, is passed over, or the answer is 404.", "spec 6.2, 7 #15", "assumed", changes=("rec-empty-member", "rec-list-odd")),
    Quirk("recapi-bad-name", "skip", ("skip", 404), "A file name that is not allowed (a space, ..) is skipped, or the "
          "answer is 404.", "spec 6.2, 0b", "documented", changes=("rec-bad-name",)),
    Quirk("recapi-name-limit", 256, ("none",), "Characters, as bytes, after which a file name is cut; its "
          "directories count.", "spec 6.2", "documented",
          number=1,
          changes=("rec-bad-name", "rec-empty-member", "rec-file", "rec-form", "rec-head", "rec-long-name",
                   "rec-made-up-file", "rec-month", "rec-month-named", "rec-name-case", "rec-one-of-two",
                   "rec-tar", "rec-unknown-name")),
    Quirk("recapi-subdirectory", "accept", ("accept", "refuse"), "A file name may begin with directories, such as that of "
          "the month, or is then not allowed.", "spec 6.5, 7 #15", "seen", changes=("rec-month-named", "rec-tar")),
    Quirk("recapi-month-search", "search", ("search", "none"), "A bare name that monitor does not have is looked for in "
          "its month directories, or not.", "spec 6.5", "assumed", changes=("rec-month",)),
    Quirk("recapi-same-file", "twice", ("twice", "once"), "A file that is named twice is in the tar twice, or counts as "
          "one.", "spec 6.1, 6.6", "assumed", changes=("rec-same-file",)),
    Quirk("recapi-one-found", "file", ("file", "tar"), "When one of several files exists, it is sent as it is, or as a "
          "tar of one.", "spec 6.1, 6.6", "documented", changes=("rec-bad-name", "rec-one-of-two")),
    Quirk("recapi-missing-member", "skip", ("skip", 404), "Files that do not exist are left out of the tar, or the answer "
          "is 404.", "spec 6.1, 6.6", "inferred", changes=("rec-one-of-two", "rec-some-of-three")),
    Quirk("recapi-not-found", 404, (404, 200), "What does not exist is answered with 404, or with the same page and 200, "
          "which one client fears.", "spec 6.1, 6.5", "documented",
          changes=("auth-challenge", "auth-nameless", "auth-no-password", "auth-nonce-count", "auth-nonce-table",
                   "auth-old-nonce", "auth-other-uri", "auth-realm", "auth-user-case", "auth-without-qop",
                   "http-request-line", "rec-bad-name", "rec-default-directory", "rec-empty-value", "rec-long-name",
                   "rec-missing", "rec-plus", "rec-repeated", "rec-two-directories")),
    Quirk("recapi-cache-control", "sent", ("sent", "omitted"), "Cache-Control is sent with files too, or not.",
          "spec 2.3, 0b", "assumed",
          changes=("http-methods", "http-paths", "rec-bad-name", "rec-empty-member", "rec-file", "rec-form",
                   "rec-head", "rec-made-up-file", "rec-month", "rec-month-named", "rec-name-case",
                   "rec-one-of-two", "rec-same-file", "rec-some-of-three", "rec-tar", "rec-type",
                   "rec-unknown-name", "rec-user-file")),
    Quirk("file-type", "by-name", ("by-name", "octet-stream"), "The Content-type of a file that is no WAV is that of "
          "Asterisk's table, text/ and its extension where that has none, or always application/octet-stream.", "spec 6.5", "inferred",
          changes=("rec-type",)),
    Quirk("wav-type", "audio/x-wav", ("audio/x-wav",), "The Content-type of a WAV.", "spec 2.3", "inferred", text=True,
          changes=("http-methods", "http-paths", "rec-bad-name", "rec-empty-member", "rec-file", "rec-form",
                   "rec-head", "rec-made-up-file", "rec-month", "rec-month-named", "rec-name-case",
                   "rec-one-of-two", "rec-unknown-name", "rec-user-file")),
    Quirk("tar-type", "application/x-tar", ("application/x-tar",), "The Content-type of a tar.", "spec 2.3, 9 Q2", "assumed",
          text=True, changes=("rec-same-file", "rec-some-of-three", "rec-tar")),
    Quirk("tar-format", "ustar", ("ustar", "gnu"), "The headers of a tar are those of ustar, or of old GNU tar.",
          "spec 6.6, 9 Q18", "assumed", changes=("rec-same-file", "rec-some-of-three", "rec-tar")),
    Quirk("tar-name", "epoch", ("epoch", "date", "none"), "The tar is named after the second in which it was asked for, "
          "in digits of the epoch or as a date, or is not named.", "spec 6.6", "assumed",
          changes=("rec-same-file", "rec-some-of-three", "rec-tar")),
    Quirk("tar-member-name", "base", ("base", "path"), "Members of a tar have their base name, or their path in the "
          "spool.", "spec 6.6, 9 Q18", "assumed", changes=("rec-same-file", "rec-some-of-three", "rec-tar")),
)  # fmt: skip

GROUPS = MappingProxyType(
    {
        "Connections, requests and heads": _TRANSPORT,
        "Who is let in": _ACCESS,
        "What a query finds": _QUERY,
        "How a page looks": _PAGE,
        "How a call is written down": ROWS,
        "Recordings": _RECAPI,
    }
)
"""The register by what its rows are about, in the order of the protocol."""

QUIRKS = tuple(chain.from_iterable(GROUPS.values()))
"""The register."""
