"""Reads policy data: TOML, strictly. An unknown key, a missing one or a wrong type names its place and stops all."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from nsor_server.config import OperatorError

_HERE: Final = Path(__file__).parent
_T = TypeVar("_T", bound=msgspec.Struct)


class PolicyError(OperatorError):
    """Policy data that can't be used; the text names the file and the place in it."""


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
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(document, kind)
    except OSError as error:
        raise PolicyError(f"{path.name}: can't be read ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path.name}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise PolicyError(f"{path.name}: {error}") from error
