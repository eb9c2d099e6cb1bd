"""Reads policy data: TOML, strictly. An unknown key, a missing one or a wrong type names its place and stops all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec

from nsor import policies
from nsor.v1 import errors_pb2
from nsor_server.config import OperatorError

_HERE: Final = Path(__file__).parent
_PLACE: Final = re.compile(r"^(?P<rule>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>.*)`)?$", re.DOTALL)
_TYPE: Final = re.compile(r"Expected `[^`]+`, got `[^`]+`")
_MISSING: Final = re.compile(r"missing required field `(?P<field>\w+)`")
_T = TypeVar("_T", bound=msgspec.Struct)

OffenceCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2,6}-[A-Z0-9-]{1,12}\Z")]
"""Such as PPC-376."""
AgencyId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,62}\Z")]
"""As in an agency's certificate."""
UnitCode = Annotated[str, msgspec.Meta(pattern=r"^PK(?:-[A-Z]{2})?\Z")]
"""A province or territory, ISO 3166-2; the whole country."""
Name = Annotated[str, msgspec.Meta(pattern=r"^[^\d_{}:;/]{1,60}\Z")]
"""What a place is called: no digit."""
RuleId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{0,40}\Z")]
"""Of a rule, such as grant-expiry."""


class PolicyError(OperatorError):
    """Policy data that can't be used; the text names the file and the place in it.

    Attributes:
        path: the place within the file, as far as it is known: names of the file's own form, never a value of it.
        reason: the rule that it breaks.
    """

    def __init__(
        self,
        text: str,
        *,
        path: str = "",
        reason: errors_pb2.FieldReason.ValueType = errors_pb2.FIELD_REASON_ROWS_CONTRADICT,
    ) -> None:
        super().__init__(text)
        self.path = path
        self.reason = reason


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row of policy data.

    Attributes:
        citation: where the value comes from, or that it is a working value.
        verified: whether somebody has read that source. False is said wherever the value shows.
    """

    citation: str
    verified: bool

    def __post_init__(self) -> None:
        """Refuse a row without a source."""
        if not self.citation.strip():
            raise ValueError("a row needs a citation")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of policy data that has no source of its own."""


def packaged(name: str) -> Path:
    """Give the path of a data file that ships with the server."""
    return _HERE / name


def read(path: Path, kind: type[_T]) -> _T:
    """Read a file into ``kind``.

    Raises:
        PolicyError: it can't be read, isn't TOML, or isn't of this shape.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path.name}: can't be read ({error.strerror})") from error
    return parse(path.name, data, kind)


def parse(name: str, toml: bytes, kind: type[_T]) -> _T:
    """Read TOML into ``kind``; ``name`` is what an error calls it.

    Raises:
        PolicyError: it isn't TOML in UTF-8, or isn't of this shape.
    """
    try:
        found = policies.read(toml)
    except policies.NotToml as error:
        raise PolicyError(f"{name}: {error}", reason=errors_pb2.FIELD_REASON_NOT_TOML) from error
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise _misshapen(name, str(error)) from error


def _misshapen(name: str, text: str) -> PolicyError:
    """The error of a document that isn't of its shape."""
    found = _PLACE.fullmatch(text)
    rule, path = (found["rule"], found["path"] or "") if found else (text, "")
    missing = _MISSING.search(rule)
    if missing:
        path = f"{path}.{missing['field']}".lstrip(".")
        return PolicyError(f"{name}: {text}", path=path, reason=errors_pb2.FIELD_REASON_REQUIRED)
    if "unknown field" in rule:
        place = f" at {path}" if path else ""
        return PolicyError(f"{name}: unknown field{place}", path=path, reason=errors_pb2.FIELD_REASON_UNKNOWN_FIELD)
    if "enum value" in rule:
        place = f" at {path}" if path else ""
        return PolicyError(f"{name}: unknown value{place}", path=path, reason=errors_pb2.FIELD_REASON_UNKNOWN_VALUE)
    if "=" in rule and "matching" not in rule:  # "Expected `int` >= 1"
        return PolicyError(f"{name}: {text}", path=path, reason=errors_pb2.FIELD_REASON_OUT_OF_RANGE)
    reason = errors_pb2.FIELD_REASON_VALUE_TYPE if _TYPE.fullmatch(rule) else errors_pb2.FIELD_REASON_FORM
    return PolicyError(f"{name}: {text}", path=path, reason=reason)
