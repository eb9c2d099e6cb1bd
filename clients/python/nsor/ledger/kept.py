"""Openings of epochs and rotations of the key as a client keeps them: JSON. Nothing is believed before it is proved."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from nsor.ledger.epochs import Opening
from nsor.ledger.rotations import Rotation

_P = TypeVar("_P", Opening, Rotation)


def encode(shown: Sequence[Opening | Rotation]) -> bytes:
    """What ``decode`` reads."""
    return json.dumps(
        [{name: _text(value) for name, value in dataclasses.asdict(each).items()} for each in shown]
    ).encode()


def decode(kind: type[_P], content: bytes) -> list[_P]:
    """What ``encode`` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        return [kind(**{name: _value(kept) for name, kept in each.items()}) for each in json.loads(content)]
    except (TypeError, AttributeError):
        raise ValueError("it isn't what proves epochs or keys") from None


def _text(value: int | bytes | Sequence[bytes]) -> int | str | list[str]:
    if isinstance(value, int):
        return value
    return _base64(value) if isinstance(value, bytes) else [_base64(each) for each in value]


def _value(kept: int | str | list[str]) -> Any:
    if isinstance(kept, int):
        return kept
    return base64.b64decode(kept) if isinstance(kept, str) else tuple(base64.b64decode(each) for each in kept)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
