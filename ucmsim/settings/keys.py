"""What every model of the configuration is made of: a strict mapping of keys, and the errors of single values."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from ucmsim.overlay import GUIDE
from ucmsim.secrecy import HIDDEN, is_content


class Keys(BaseModel):
    """A mapping of the configuration: unknown keys are errors, types are taken literally, values never change."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)


def wrong(what: str, right: str = "") -> PydanticCustomError:
    """Return the error for a value that is *what*; *right* says what would do."""
    return PydanticCustomError("ucmsim", "{what}", {"what": what, "right": right})


def text_due(value: object) -> str:
    """Return *value* if it is text; the loader turns the error into "quote it"."""
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "text is due")
    return value


def number_due(value: object) -> object:
    """Return *value* unless it is text or a boolean, which lax reading would take for a number, or nothing."""
    if value is None or isinstance(value, bool | str):
        raise PydanticCustomError("float_type", "a number is due")
    return value


def numbers_due(*fields: str) -> Any:
    """Return the validator of a model by which numbers are due in *fields*."""
    return field_validator(*fields, mode="before")(number_due)


def _printable(text: str) -> str:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise wrong("it holds a control character", "write printable text")
    return text


Printable = Annotated[str, AfterValidator(_printable)]


def no_placeholder(secret: str) -> str:
    """Return *secret*, unless it is what stands for one."""
    if secret == HIDDEN:
        raise wrong(f"'{HIDDEN}' stands for a secret that is kept, and none is kept here", "write the secret itself")
    return secret


Secret = Annotated[str, AfterValidator(_printable), AfterValidator(no_placeholder)]
AS_TEXT = PlainSerializer(str, return_type=str)


def schema_text(**more: Any) -> WithJsonSchema:
    """Return the JSON Schema of what is written as a text."""
    return WithJsonSchema({"type": "string", **more})


def placed(base: Path, text: str) -> Path:
    """Return the path that *text* means, relative to *base*; raises `RuntimeError` where a home folder is nobody's."""
    if text == GUIDE:
        return Path(str(files("ucmsim"))) / "data" / text.partition(":")[2]
    return base / Path(text).expanduser()


_UPLOADS = ("tls_private_key", "tls_cert")
"""Files that a running PBX takes as their text, too, as the device's page does."""


def is_upload(key: str, value: object) -> bool:
    """Return whether the *value* under *key* of that page is what is uploaded, rather than where it stands."""
    return key in _UPLOADS and isinstance(value, str) and is_content(value)


def _file(value: object, info: ValidationInfo) -> Path:
    base: Path = (info.context or {}).get("base", Path())
    text = text_due(value)
    if not text or "\0" in text:
        raise wrong("this names no file", "write a path")
    if is_content(text):  # which may be a private key, and is not quoted
        uploaded = "; a running PBX takes key and certificate themselves: PATCH /v1/pbxs/{pbx}/api"
        hint = uploaded if info.field_name in _UPLOADS else ""
        raise wrong("this is the text of a file, not its path", f"write the path of a file{hint}")
    try:
        return placed(base, text)
    except RuntimeError:
        raise wrong(f"the home folder in '{text}' is nobody's", "write the path out") from None


FilePath = Annotated[Path, PlainValidator(_file), AS_TEXT, schema_text()]
