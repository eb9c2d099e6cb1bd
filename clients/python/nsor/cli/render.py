"""Messages as people read them: labels, dates, Pakistan time, and Urdu where it disturbs no alignment.

A terminal turns Urdu around by itself and rich counts cells without knowing it, so that nothing may stand to the right
of an Urdu text: values stand in the last column, and tables have no right edge.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator, Sequence

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from rich.cells import cell_len
from rich.text import Text

_SHOWN_WHEN_NOT_SET = frozenset({"nsor.v1.Deadline.verified", "nsor.v1.Agency.enabled"})
"""A deadline that nobody has verified must not look like one that somebody has."""
_LABEL = "cyan"
_GAP = "  "
_NARROWEST_TEXT = 24
PAKISTAN = dt.timezone(dt.timedelta(hours=5), "PKT")


def record(message: Message, width: int) -> Iterator[Text]:
    """One message, field by field."""
    return pairs([("  " * depth + label, value) for depth, label, value in lines(message)], width)


def pairs(rows: Sequence[Sequence[str]], width: int) -> Iterator[Text]:
    """Names and values; a value that would be broken beside its name stands below it."""
    column = max((cell_len(name) for name, _ in rows), default=0) + len(_GAP)
    for name, value in rows:
        if not value:
            yield Text(name, style=_LABEL)
        elif _longest_word(value) <= width - column:
            for number, part in enumerate(_fold(value, width - column)):
                yield Text.assemble((_padded("" if number else name, column), _LABEL), part)
        else:
            yield Text(name, style=_LABEL)
            indent = len(name) - len(name.lstrip()) + len(_GAP)
            yield from (Text(" " * indent + part) for part in _fold(value, width - indent))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[Text]:
    """Rows under headings, never wider than the screen.

    Ids and codes are copied from here, so that they stay whole: where the columns have no room beside each other, each
    row takes several lines, the further ones indented; only texts in the last place of a line are folded.
    """
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    words = [max(map(_longest_word, column)) for column in zip(columns, *rows, strict=True)]
    tiers = _tiers(widths, words, width)
    for number, row in enumerate((columns, *rows)):
        for tier in tiers:
            yield from _tier(tier, [row[place] for place in tier], widths, width, _LABEL if not number else "")


def _tiers(widths: Sequence[int], words: Sequence[int], width: int) -> list[list[int]]:
    """Which columns share a line; a last one that can be folded needs room for its words only."""
    tiers: list[list[int]] = []
    taken = 0
    for place, wide in enumerate(widths):
        last = place == len(widths) - 1
        needed = min(wide, max(words[place], _NARROWEST_TEXT)) if last else wide
        if tiers and taken + len(_GAP) + needed <= width:
            tiers[-1].append(place)
            taken += len(_GAP) + wide
        else:
            tiers.append([place])
            taken = wide + len(_GAP) * (len(tiers) > 1)
    return tiers


def _tier(tier: Sequence[int], cells: Sequence[str], widths: Sequence[int], width: int, style: str) -> Iterator[Text]:
    indent = _GAP if tier[0] else ""
    head = indent + "".join(_padded(cell, widths[place]) + _GAP for place, cell in zip(tier[:-1], cells, strict=False))
    for number, part in enumerate(_fold(cells[-1], width - cell_len(head)) or [""]):
        line = ((" " * cell_len(head) if number else head) + part).rstrip()
        if line:
            yield Text(line, style=style)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _fold(value: str, width: int) -> list[str]:
    return textwrap.wrap(value, max(width, 1), break_on_hyphens=False)


def _longest_word(value: str) -> int:
    return max(map(cell_len, value.split()), default=0)


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
        if field.enum_type is not None or isinstance(value[0], int):
            yield depth, label, ", ".join(text(field, item) for item in value)
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
