"""Documents of the policy: read as TOML, written as TOML, and compared row by row. What the register shows is JSON.

A row is known by what the field knows it by (id, code, purpose...), not by its place, so that a row which has moved is
the same, and a new version of a rule beside the old one is a new row.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_KEYS: Final = (
    "id",
    "code",
    "country",
    "purpose",
    "kind",
    "method",
    "kinds",
    "purposes",
    "provinces",
    "agencies",
    "rules",
    "first",
    "valid_from",
)
"""Fields that a row is known by, as far as it has them."""
_SINCE_EVER: Final = "0001-01-01"

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLACE: Final = re.compile(r"\(at (?:(line \d+, column \d+)|end of document)\)")

Rows = dict[str, dict[str, str]]
"""Name of a row -> its fields, as text."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        row: the row.
        field: the field; empty when the whole row is new or gone.
        before: what it said; empty: it wasn't there.
        after: what it says; empty: it is gone.
    """

    row: str
    field: str
    before: str
    after: str

    def text(self) -> str:
        """The difference in one line."""
        if self.field:
            return f"~ {self.row}: {self.field} {self.before or 'not set'} -> {self.after or 'not set'}"
        return f"+ {self.row}: {self.after}" if self.after else f"- {self.row}: {self.before}"


class NotToml(ValueError):
    """A file isn't TOML. Says where, and never what stands there."""


def read(content: bytes) -> dict[str, Any]:
    """The values of a document in TOML.

    Raises:
        NotToml: it isn't one.
    """
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise NotToml("not text in UTF-8") from None
    except (ValueError, OverflowError, RecursionError) as error:
        # Besides what isn't TOML: integers of thousands of digits, and times that no clock shows. The text of an error
        # may hold a key or a value, its place doesn't.
        place = _PLACE.search(str(error))
        where = "" if place is None else f", at {place[1]}" if place[1] else ", at its end"
        raise NotToml(f"not TOML{where}") from None


def as_toml(document: Mapping[str, Any]) -> str:
    """A document as the register shows it, to be edited and proposed: what isn't set is left out."""
    return "\n".join(_lines(document, "")).strip() + "\n"


def _lines(table: Mapping[str, Any], name: str) -> Iterator[str]:
    """A table's own values, then the tables in it; those of a row stand in its line."""
    for key, value in table.items():
        if value is not None and not _is_table(value):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in table.items():
        path = f"{name}.{_key(key)}".lstrip(".")
        if isinstance(value, Mapping):
            yield from ("", f"[{path}]", *_lines(value, path))
        elif _is_table(value):
            for row in value:
                yield from ("", f"[[{path}]]", *(f"{_key(at)} = {_value(each)}" for at, each in _set(row)))


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in _set(value)) + " }"
    if _is_table(value):
        return "[\n" + "".join(f"  {_value(each)},\n" for each in value) + "]"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # A string of JSON is one of TOML.
    return json.dumps(value, ensure_ascii=False)


def _set(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((key, value) for key, value in row.items() if value is not None)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def rows(document: Mapping[str, Any]) -> Rows:
    """The rows of a document; its own fields are the row ``document``."""
    found: Rows = {}
    for name, fields in _rows("document", document):
        unique, number = name, 1
        while unique in found:
            number += 1
            unique = f"{name} #{number}"
        found[unique] = fields
    return found


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The differences between two documents of one name, in the order of the rows of the first, then of the second."""
    old, new = rows(before), rows(after)
    found = []
    for name, fields in old.items():
        if name not in new:
            found.append(Change(name, "", _said(fields), ""))
            continue
        others = new[name]
        found += [
            Change(name, field, fields.get(field, ""), others.get(field, ""))
            for field in dict.fromkeys((*fields, *others))
            if fields.get(field, "") != others.get(field, "")
        ]
    return found + [Change(name, "", "", _said(fields)) for name, fields in new.items() if name not in old]


def _rows(name: str, value: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    fields = {key: _text(item) for key, item in value.items() if not _is_table(item)}
    if fields:
        yield name, fields
    prefix = "" if name == "document" else f"{name} "
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from _rows(f"{prefix}{key}", item)
        elif _is_table(item):
            for row in item:
                yield from _rows(f"{prefix}{key} {_known_by(row)}".rstrip(), row)


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _known_by(row: Mapping[str, Any]) -> str:
    words = []
    for key in _KEYS:
        value = row.get(key)
        if key == "valid_from":
            words += [f"from {value}"] if value and value != _SINCE_EVER else []
        elif value:
            words.append(_text(value))
    return " ".join(words)


def _said(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in fields.items() if value and name not in _KEYS)


def _text(value: Any) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
