"""The keys of `sim.yaml`: names, types, defaults, limits. The same models validate the control API's bodies.

`api`, `clock`, `control`, `office` and `traffic` have the keys of their groups. Every value is converted here and
there, so that inside ucmsim there are no strings that mean things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from ucmsim import personalities
from ucmsim.acl import BLANK_DENIES, BLANK_PERMITS, UNREADABLE_DENIES, AccessList
from ucmsim.personalities import Personality
from ucmsim.quirks import QUIRKS, Quirk
from ucmsim.register import Quirks, objection
from ucmsim.settings.addresses import name_or_address
from ucmsim.settings.api import Api, readable
from ucmsim.settings.clock import Clock, Moment, Zone
from ucmsim.settings.control import Control
from ucmsim.settings.keys import FilePath, Keys, numbers_due, schema_text, text_due, wrong
from ucmsim.settings.names import PbxName
from ucmsim.settings.office import Extensions, Trunk
from ucmsim.settings.templates import MOST
from ucmsim.settings.traffic import Traffic

TLS_VERSIONS = ("1.0", "1.1", "1.2", "1.3")


def tls_range(row: Personality, device: bool, low: str | None, high: str | None) -> tuple[str, str]:
    """Return the lowest and highest TLS version: by personality, then the profile, then what is chosen. Spec 0b."""
    highest = high or ("1.2" if device else row.tls_max)
    return low or ("1.0" if device else min("1.2", highest)), highest


def _personality(value: object) -> Personality:
    name = text_due(value)
    try:
        return personalities.personality(name)
    except KeyError:
        raise wrong(*personalities.objection(name)) from None


def _trunks(trunks: tuple[Trunk, ...]) -> tuple[Trunk, ...]:
    if not trunks:
        raise wrong("there is nothing here", "1 or more entries are due")
    if all(trunk.kind == "analogue" for trunk in trunks):
        raise wrong("every trunk is analogue", "add one of kind sip, over which people outside call and are called")
    return trunks


Row = Annotated[
    Personality,
    PlainValidator(_personality),
    PlainSerializer(lambda row: row.id, return_type=str),
    schema_text(enum=list(personalities.names())),
]


def _quirk_schema(row: Quirk) -> dict[str, Any]:
    """Return the JSON Schema of what the *row* takes."""
    choices: list[dict[str, Any]] = [{"enum": list(row.values)}] if row.values else []
    if row.number is not None:
        choices.append({"type": "integer", "minimum": row.number})
    if row.text:
        choices.append({"type": "string", "minLength": 1})
    return {"description": row.statement, "default": row.default, "anyOf": choices}


Chosen = Annotated[
    dict[str, Any],
    WithJsonSchema({
        "type": "object",
        "additionalProperties": False,
        "properties": {row.id: _quirk_schema(row) for row in QUIRKS if row.switchable},
    }),
]  # fmt: skip
TlsVersion = Literal["1.0", "1.1", "1.2", "1.3"]


class Recording(Keys):
    """Which calls are recorded, if they are answered; voicemail always is."""

    share: float = Field(1.0, ge=0, le=1, strict=False, description="share of the calls that are recorded, 0 to 1")
    kinds: tuple[Literal["inbound", "outbound", "internal"], ...] = Field(
        ("inbound", "outbound", "internal"), strict=False, description="kinds of calls among which they are"
    )
    ami: float = Field(
        0.0, ge=0, le=1, strict=False, description="share of these that a program begins over AMI, and not the unit"
    )

    _numbers = numbers_due("share", "ami")


class History(Keys):
    """What the call records begin with: days of made-up calls, or a file."""

    days: int = Field(30, ge=0, le=3660, description="days of calls before the start of the PBX clock")
    calls_per_day: int = Field(400, ge=0, le=1_000_000, description="calls on each of those days, on average")
    import_: FilePath | None = Field(
        None,
        alias="import",
        description="a device CSV, JSON or XML file instead of days and calls_per_day, relative to this file",
    )


class Retention(Keys):
    """After how many days old rows and recordings go, as by the unit's cleaner; null keeps them."""

    rows: int | None = Field(None, ge=1, le=36_600, description="days after which CDRs are deleted; null = never")
    recordings: int | None = Field(
        None, ge=1, le=36_600, description="days after which recordings are; recordfiles then leads to 404"
    )


class Journal(Keys):
    """How much of what happened is kept, and what is noticed."""

    entries: int = Field(50_000, ge=1, le=1_000_000, description="connections and exchanges kept in memory")
    megabytes: int = Field(8, ge=1, le=1024, description="memory that they may take; the oldest go first")
    spill: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="so many are also kept in journal.sqlite beside the history; null = none",
    )
    connections: int = Field(4, ge=1, le=1000, description="more of one client at a time are marked")


class Pbx(Keys):
    """One simulated appliance."""

    personality: Row = Field(
        personalities.personality("ucm6100"),
        description="family-firmware, or a bare family",
        json_schema_extra={"default": "ucm6100"},
    )
    time_zone: Zone = Field(ZoneInfo("America/Chicago"), description="IANA name")
    clock: Clock = Field(default_factory=Clock)
    restarts: tuple[Moment, ...] = Field(
        (), strict=False, description="instants at which the unit restarts: calls end without rows, channels count anew"
    )
    tls_names: tuple[Annotated[str, AfterValidator(name_or_address)], ...] = Field(
        (), strict=False, description="more names and addresses for the minted certificate"
    )
    tls_profile: Literal["modern", "device"] = Field(
        "modern", description="device: TLS 1.0 to 1.2, DHE-1024, self-signed RSA-2048, security level 0"
    )
    tls_min: TlsVersion | None = Field(None, description="lowest TLS version, quoted; null = by profile")
    tls_max: TlsVersion | None = Field(None, description="highest TLS version, quoted; null = by personality")
    api: Api = Field(default_factory=Api)
    extensions: Extensions = Field(default_factory=Extensions)
    trunks: Annotated[tuple[Trunk, ...], AfterValidator(_trunks)] = Field(
        (Trunk(name="carrier-a", channels=12),),
        strict=False,
        description="name and channels of each; caller_id, caller_name and prefix of its calls; kind: sip, or analogue",
    )
    recording: Recording = Field(default_factory=Recording)
    history: History = Field(default_factory=History)
    traffic: Traffic = Field(default_factory=Traffic)
    retention: Retention = Field(default_factory=Retention)
    journal: Journal = Field(default_factory=Journal)
    quirks: Chosen = Field(default_factory=dict, description="id: value, see 'ucmsim show quirks'")
    faults: tuple[Mapping[str, Any], ...] = Field((), strict=False, description="armed from the start")

    @model_validator(mode="before")
    @classmethod
    def _device_reads_acl(cls, value: Any) -> Any:
        match value:
            case {"quirks": {"acl-unparsable": "deny-all"}, "api": {"permitted_ips": [*items], **others}, **rest}:
                api = {**others, "permitted_ips": [readable(item) for item in items]}
                return {**rest, "quirks": value["quirks"], "api": api}
        return value

    @field_validator("quirks")
    @classmethod
    def _known(cls, chosen: dict[str, Any]) -> dict[str, Any]:
        if names := [name for name, value in chosen.items() if objection(name, value)]:
            # The loader objects again: it knows how each value was written.
            raise PydanticCustomError("ucmsim_quirks", "{names}", {"names": names})
        return chosen

    @property
    def tls_range(self) -> tuple[str, str]:
        """The lowest and highest TLS version served."""
        return tls_range(self.personality, self.tls_profile == "device", self.tls_min, self.tls_max)

    @property
    def register(self) -> Quirks:
        """The value of every quirk of this PBX."""
        return Quirks.of(self.personality, self.quirks)

    @property
    def access(self) -> AccessList:
        """Who may pass: the Permitted IPs, and the quirk for blank ones."""
        if self.api.permitted_ips:
            return AccessList(self.api.entries, UNREADABLE_DENIES)
        return AccessList((), BLANK_PERMITS if self.register["acl-blank"] == "allow" else BLANK_DENIES)

    @property
    def authenticates(self) -> bool:
        """Whether credentials are asked for: the user name and the password, and the quirks for blank ones."""
        api = self.api
        if not api.tls_authentication_name:
            return self.register["blank-name"] == "refuse"
        return bool(api.tls_authentication_password) or self.register["blank-password"] == "digest"

    @property
    def names(self) -> tuple[str, ...]:
        """The certificate's names, its CN first. Spec 0b."""
        bound = self.api.tls_bind_address
        own = () if bound.everywhere else (bound.host,)
        everything = (*own, *self.tls_names, "localhost", "127.0.0.1", "::1")
        return tuple(dict.fromkeys(everything))


class Many(Keys):
    """How many PBXs a template makes."""

    count: int = Field(ge=1, le=MOST, description="only of a template: how many PBXs it makes, numbered from 1 on")


class Template(Many, Pbx):
    """Many PBXs that are alike; wherever a text has {n}, each of them has its number."""


class _WithTemplates:
    """Lets names with a place for a number have what a template has, in the schema."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core))
        template = handler(Template.__pydantic_core_schema__)
        schema["patternProperties"] = {r"\{n\}": {**template, "required": ["count"]}}
        return schema


class Settings(Keys):
    """The whole of `sim.yaml`."""

    seed: int = Field(
        42, description="everything generated derives from it, the name of the PBX, and a fixed clock.start"
    )
    state: FilePath | None = Field(
        None, description="histories and minted keys, relative to this file; omitted = a temporary directory"
    )
    one_ca: bool = Field(
        False,
        description="true = one CA for all PBXs, which the state folder keeps from then on; false = each has its own",
    )
    control: Control | None = Field(None, description="omitted = no control plane")
    pbxs: Annotated[dict[PbxName, Pbx], _WithTemplates()] = Field(
        description="name: settings; may be empty where there is a control plane"
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_control(cls, value: Any) -> Any:
        """`control:` with nothing behind it is a control plane with every default."""
        return {**value, "control": {}} if isinstance(value, dict) and value.get("control", 0) is None else value
