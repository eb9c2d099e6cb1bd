"""Messages as people read them: labels, dates, Pakistan time, and Urdu where it disturbs no alignment.

A terminal turns Urdu around by itself and rich counts cells without knowing it, so that nothing may stand to the right
of an Urdu text: values stand in the last column, and tables have no right edge.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from rich.table import Table
from rich.text import Text

_SHOWN_WHEN_NOT_SET = frozenset({"nsor.v1.Deadline.verified", "nsor.v1.Agency.enabled"})
"""A deadline that nobody has verified must not look like one that somebody has."""
_LONGEST_CODE = 40
PAKISTAN = dt.timezone(dt.timedelta(hours=5), "PKT")


def record(message: Message) -> Table:
    """One message, field by field."""
    shown = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    shown.add_column(style="cyan", no_wrap=True)
    shown.add_column(overflow="fold")
    for depth, label, value in lines(message):
        shown.add_row(Text("  " * depth + label), Text(value))
    return shown


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Rows under headings."""
    shown = Table(box=None, show_header=any(columns), header_style="cyan", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        # Ids and codes are copied from here: they stay whole, and the texts beside them are folded.
        words = any(" " in row[number] or len(row[number]) > _LONGEST_CODE for row in rows)
        shown.add_column(column, overflow="fold", no_wrap=not words)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def lines(message: Message, depth: int = 0) -> Iterator[tuple[int, str, str]]:
    """Depth, label and value of everything that is set, and of a "no" that must be seen."""
    fields: Sequence[FieldDescriptor] = message.DESCRIPTOR.fields  # type: ignore[assignment]  # the same in upb
    for field in fields:
        value = getattr(message, field.name)
        if not (value if field.is_repeated else _is_set(message, field, value)):
            continue
        label = field.name.replace("_", " ")
        if not field.is_repeated:
            yield from _field(field, label, value, depth)
            continue
        for number, item in enumerate(value, 1):
            yield from _field(field, f"{label} {number}" if len(value) > 1 else label, item, depth)


def _is_set(message: Message, field: FieldDescriptor, value: object) -> bool:
    if field.has_presence:
        return bool(message.HasField(field.name))
    return bool(value) or field.full_name in _SHOWN_WHEN_NOT_SET


def _field(field: FieldDescriptor, label: str, value: object, depth: int) -> Iterator[tuple[int, str, str]]:
    if isinstance(value, Message) and not _is_scalar(value):
        yield depth, label, ""
        yield from lines(value, depth + 1)
    else:
        yield depth, label, text(field, value)


def _is_scalar(message: Message) -> bool:
    return message.DESCRIPTOR.full_name in {"google.type.Date", "google.protobuf.Timestamp"}


def text(field: FieldDescriptor, value: object) -> str:
    """One value."""
    if isinstance(value, Message):
        return _date(value) if value.DESCRIPTOR.full_name == "google.type.Date" else _instant(value)
    if field.enum_type is not None and isinstance(value, int):
        return enum(field, value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.name == "cnic" and isinstance(value, str) and len(value) == 13:
        return f"{value[:5]}-{value[5:12]}-{value[12:]}"
    return str(value)


def enum(field: FieldDescriptor, number: int) -> str:
    """A value of an enumeration without what all its values share."""
    values = field.enum_type.values_by_number if field.enum_type else {}
    if number not in values:
        return str(number)
    prefix = values[0].name.removesuffix("UNSPECIFIED") if 0 in values else ""
    return values[number].name.removeprefix(prefix).lower().replace("_", " ")


def _date(message: Message) -> str:
    year, month, day = (getattr(message, part) for part in ("year", "month", "day"))
    return f"{year:04}-{month:02}-{day:02}"


def _instant(message: Message) -> str:
    seconds = getattr(message, "seconds")  # noqa: B009 - a Timestamp, known by its name
    return dt.datetime.fromtimestamp(seconds, PAKISTAN).strftime("%Y-%m-%d %H:%M:%S PKT")
