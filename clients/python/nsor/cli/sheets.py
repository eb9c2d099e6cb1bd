"""Conviction orders from a file: JSON Lines as a program writes them, or a table as a spreadsheet does.

Each row becomes an order, with what was cleaned and what is wrong with it; a row that can't be read is no reason not to
read the next one. A table's columns are named by a map (``columns``).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

from nsor import cleaning
from nsor.advice import Words
from nsor.cli.cells import Cells, Row
from nsor.cli.columns import PATHS, Map, MapWrong, own_map
from nsor.cli.problem import Problem
from nsor.cli.requests import parse
from nsor.counting import counted
from nsor.v1 import registration_pb2

MOST_BYTES: Final = 200_000
"""Of one order: the register takes no larger message."""
_REPLACED: Final = "\ufffd"
"""Stands for bytes that aren't of the file's encoding."""
_LONGEST_CELL: Final = 64 * 1024 * 1024
_ENCODING: Final = Problem(
    "",
    "ENCODING",
    Words("not of the file's encoding: name it with --encoding", "فائل کی انکوڈنگ نہیں: --encoding سے بتائیں"),
)
_TOO_LARGE: Final = Problem("", "MESSAGE_TOO_LARGE", Words("larger than any order may be", "کسی بھی حکم کی حد سے بڑا"))
"""Of a table these name the column too."""


def opened(data: io.BufferedReader, encoding: str | None) -> TextIO:
    """The text of a file; what isn't of its encoding shows in its rows.

    Args:
        data: the file, which can look ahead.
        encoding: as its owner names it; None: UTF-8, or what its byte order mark says.
    """
    start = data.peek(4)[:4]
    if encoding is None:
        is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = "utf-16" if is_utf16 else "utf-8-sig"
    elif codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    return io.TextIOWrapper(data, encoding=encoding, errors="replace", newline="")


def json_lines(text: Iterable[str]) -> Iterator[Row]:
    """The rows of JSON Lines, one CreateRegistrationRequest each; empty lines are none."""
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        row = Row(number, registration_pb2.CreateRegistrationRequest())
        if _REPLACED in line:
            row.problems.append(_ENCODING)
        elif len(line) > MOST_BYTES:
            row.problems.append(_TOO_LARGE)
        else:
            row.problems += parse(line.rstrip("\r\n"), row.order)
        yield row


def table(text: TextIO, columns: Map | None) -> tuple[Map, list[str], Iterator[Row]]:
    """The rows of a table.

    Args:
        text: the file.
        columns: its map; None: the headings are the keys themselves, or those of ``TEMPLATE``.

    Returns:
        The map, the headings that nothing is read from, and the rows.

    Raises:
        MapWrong: the table lacks a column that the map names, or has no heading that can be read.
    """
    csv.field_size_limit(_LONGEST_CELL)
    heading = text.readline()
    if _REPLACED in heading:
        raise MapWrong(
            "the headings are not of the file's encoding: name it with --encoding",
            "عنوانات فائل کی انکوڈنگ میں نہیں: --encoding سے بتائیں",
        )
    delimiter = max(",;\t", key=heading.count)
    headings = [cleaning.text(cell) for cell in next(csv.reader([heading], delimiter=delimiter), [])]
    if columns is None:
        columns = own_map(headings)
    missing = [one for one in columns.columns.values() if one not in headings]
    if missing or not columns.columns:
        names = ", ".join(missing) or "Name"
        raise MapWrong(
            f"the file has no column {names}; `nsor import --columns` prints a map: fill in your headings, take out the"
            " lines that your file has no column for, and name it with --map",
            f"فائل میں {names} کا خانہ نہیں؛ `nsor import --columns` نقشہ دکھاتا ہے: اپنے عنوانات لکھیں،"
            " جن سطروں کا خانہ نہیں وہ نکال دیں، اور --map سے بتائیں",
        )
    used = set(columns.columns.values())
    rows = _rows(csv.reader(text, delimiter=delimiter), headings, columns)
    return columns, [one for one in headings if one and one not in used], rows


def _rows(reader: Any, headings: list[str], columns: Map) -> Iterator[Row]:
    for cells in reader:
        line = reader.line_num + 1
        if not any(map(str.strip, cells)):
            continue
        row = Row(line, registration_pb2.CreateRegistrationRequest())
        if len(cells) != len(headings):
            words = Words(
                f"{counted(len(cells), 'cells')} under {len(headings)} headings",
                f"{len(headings)} عنوانات کے نیچے {len(cells)} خانے",
            )
            row.problems.append(Problem("", "COLUMNS", words))
        else:
            found = dict(zip(headings, cells, strict=True))
            row.problems += _unreadable({PATHS[key]: found[heading] for key, heading in columns.columns.items()})
            if not row.problems:
                Cells(row, columns, found).fill()
        yield row


def _unreadable(cells: dict[str, str]) -> Iterator[Problem]:
    """What is wrong with cells before they are read, by their fields; from other columns nothing is read."""
    for path, cell in cells.items():
        if _REPLACED in cell:
            yield _ENCODING._replace(field=path)
    if sum(map(len, cells.values())) > MOST_BYTES:
        yield _TOO_LARGE._replace(field=max(cells, key=lambda path: len(cells[path])))
