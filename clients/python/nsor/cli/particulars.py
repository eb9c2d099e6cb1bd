"""What an amendment gives of a person: JSON, a row of a table as `nsor import` reads it, or what is typed.

A table's row and what is typed give one name, one address, one number: with what the record says otherwise they become
the whole lists that the register wants, as far as there is one way to do that. It is shown before it is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nsor.cli.session import read_request, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.cli.cells import Row
    from nsor.v1 import amendments_pb2, registration_pb2, types_pb2

_TOGETHER: Final = (("cnic", "no_cnic_reason"), ("birth_date", "birth_date_precision"))
_TABLES: Final = frozenset({".csv", ".tsv", ".txt"})
_LOCAL: Final = re.compile(r"0(3\d{9})")


@dataclass(frozen=True, slots=True)
class Given:
    """What is given.

    Attributes:
        particulars: the values.
        paths: which of the particulars they are.
        row: they are as a row has them, one of each, and are to be joined with what the record says.
    """

    particulars: amendments_pb2.Particulars
    paths: tuple[str, ...]
    row: Row | None = None

    def joined(self, was: amendments_pb2.Particulars) -> Given:
        """As the register wants them: whole lists, and only what differs from the record.

        Raises:
            click.UsageError: the record has several of what a row has one of.
        """
        whole = type(self.particulars)()
        whole.CopyFrom(self.particulars)
        if self.row is not None:
            self._join(was, whole)
        paths = _with_partners([path for path in self.paths if getattr(was, path) != getattr(whole, path)])
        for field, _ in whole.ListFields():
            if field.name not in paths:
                whole.ClearField(field.name)  # type: ignore[arg-type]  # a field's name
        return Given(whole, paths, self.row)

    def _join(self, was: amendments_pb2.Particulars, whole: amendments_pb2.Particulars) -> None:
        if "names" in self.paths:
            _join_names(was, whole)
        if "addresses" in self.paths:
            _join_addresses(was, whole)
        for path in ("mobile_numbers", "travel_documents"):
            if path in self.paths and len(getattr(was, path)) > 1:
                raise _several(path)


@dataclass(frozen=True, slots=True)
class Table:
    """A file, and how it is read if it is a table.

    Attributes:
        file: its path, or - for stdin.
        line: of the row; None: there is one row alone.
        map_file: which column has what.
        encoding: as its owner names it.
    """

    file: str
    line: int | None = None
    map_file: Path | None = None
    encoding: str | None = None

    @property
    def is_table(self) -> bool:
        """Whether it is one; otherwise it is JSON: particulars, or with a line an order on each."""
        return self.map_file is not None or Path(self.file).suffix.casefold() in _TABLES


def of_file(of: Table) -> Given:
    """The particulars of a file: JSON, or a row of a table.

    Raises:
        click.UsageError: it isn't of its form, or gives nothing.
    """
    if of.is_table or of.line is not None:
        return _of_row(_row_of(of))
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    text, found = read_text(of.file), amendments_pb2.Particulars()
    read_request(text, found)
    fields: Any = found.DESCRIPTOR
    named = [fields.fields_by_name.get(key) or fields.fields_by_camelcase_name[key] for key in json.loads(text)]
    if not named:
        raise WrongUse("The file changes nothing.")
    return Given(found, _with_partners([field.name for field in named]))


def of_cells(cells: dict[str, str]) -> Given:
    """The particulars of what was typed, by the names that the columns of a table have.

    Raises:
        click.UsageError: one can't be read in one way.
    """
    from nsor.cli.cells import Cells, Row  # noqa: PLC0415 - as above
    from nsor.cli.columns import TEMPLATE, Map, read_map  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    row = Row(0, registration_pb2.CreateRegistrationRequest())
    columns = Map({key: key for key in cells}, {}, read_map(TEMPLATE).words)
    Cells(row, columns, cells).fill()
    return _of_row(row, columns.column_of)


def of_record(shown: registration_pb2.Registration) -> amendments_pb2.Particulars:
    """What a registration says of the person, in the form of an amendment."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    found = amendments_pb2.Particulars()
    # What both messages have under one name has one number or another; by their JSON they are the same.
    for part in (shown.person, shown):
        of: Any = part.DESCRIPTOR.fields_by_name
        for field in found.DESCRIPTOR.fields:
            if field.name in of and field.is_repeated:
                getattr(found, field.name).extend(getattr(part, field.name))
            elif field.name in of and field.message_type is not None:
                if part.HasField(field.name):  # type: ignore[arg-type]  # a field's name
                    getattr(found, field.name).CopyFrom(getattr(part, field.name))
            elif field.name in of:
                setattr(found, field.name, getattr(part, field.name))
    return found


def lines(particulars: amendments_pb2.Particulars, path: str) -> Iterator[str]:
    """The values of one of the particulars as people read them, each on a line."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    field: Any = particulars.DESCRIPTOR.fields_by_name[path]
    value: Any = getattr(particulars, path)
    if not field.is_repeated and not (particulars.HasField(path) if field.has_presence else value):  # type: ignore[arg-type]  # a field's name
        return
    for item in value if field.is_repeated else [value]:
        alone = field.message_type is None or field.message_type.full_name == "google.type.Date"
        yield render.text(field, item) if alone else ", ".join(text for _, _, text in render.lines(item) if text)


def _row_of(of: Table) -> Row:
    from nsor.cli import sheets  # noqa: PLC0415 - as above
    from nsor.cli.columns import MapWrong, read_map  # noqa: PLC0415 - as above

    try:
        columns = None if of.map_file is None else read_map(read_text(str(of.map_file)))
        with Path(of.file).open("rb") as data, sheets.opened(data, of.encoding) as text:
            rows = sheets.table(text, columns)[2] if of.is_table else sheets.json_lines(text)
            found = [row for row in rows if of.line is None or row.line == of.line]
    except MapWrong as wrong:
        raise WrongUse("{}", wrong.meaning) from None
    except LookupError:
        raise WrongUse("There is no such encoding; cp1256, utf-16 and utf-8 are.") from None
    if len(found) != 1:
        if of.line is not None:
            raise WrongUse("There is no such row.")
        raise WrongUse("{} has {} rows: say which line with --row.", of.file, len(found))
    return found[0]


def _of_row(row: Row, name_of: Any = None) -> Given:
    """What a row gives of the person.

    Raises:
        click.UsageError: a cell can't be read in one way, or none says anything of the person.
    """
    from nsor.cli import requests  # noqa: PLC0415 - as above
    from nsor.v1 import amendments_pb2, registration_pb2, types_pb2  # noqa: PLC0415 - as above

    if row.problems:
        told = [each._replace(field=name_of(each.field) or each.field) if name_of else each for each in row.problems]
        raise WrongUse("{}", requests.listed(told))
    person, found = types_pb2.Person(), amendments_pb2.Particulars()
    person.CopyFrom(row.order.person)  # the row stays as it was read: by it an import knows it again
    if not (person.names and person.names[0].name):
        del person.names[:]
    person.cnic = re.sub(r"[^0-9]", "", person.cnic)
    person.mobile_numbers[:] = [_LOCAL.sub(r"+92\1", re.sub(r"[ -]", "", number)) for number in person.mobile_numbers]
    found.MergeFrom(of_record(registration_pb2.Registration(person=person, addresses=row.order.addresses)))
    paths = [field.name for field, _ in found.ListFields()]
    if not paths:
        raise WrongUse("Nothing is given that the record could say of the person.")
    return Given(found, _with_partners(paths), row)


def _with_partners(paths: Sequence[str]) -> tuple[str, ...]:
    """Each of these says nothing without the other, and what isn't given is empty."""
    added = [one for pair in _TOGETHER for one in pair if one not in paths and set(pair) & set(paths)]
    return (*paths, *added)


def _join_names(was: amendments_pb2.Particulars, whole: amendments_pb2.Particulars) -> None:
    """The official name that is given, the one before it as a former one, and every other name that there is."""
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    official = whole.names[0]
    for before in was.names:
        if before.kind == types_pb2.NAME_KIND_OFFICIAL:
            if not official.relative_name:
                official.relative_name, official.relation = before.relative_name, before.relation
            if before != official:
                whole.names.add(
                    kind=types_pb2.NAME_KIND_FORMER,
                    name=before.name,
                    relative_name=before.relative_name,
                    relation=before.relation,
                )
        elif not any(_same_name(before, each) for each in whole.names):
            whole.names.append(before)


def _same_name(one: types_pb2.PersonName, other: types_pb2.PersonName) -> bool:
    return (one.kind, one.name.casefold()) == (other.kind, other.name.casefold())


def _join_addresses(was: amendments_pb2.Particulars, whole: amendments_pb2.Particulars) -> None:
    """The address that is given in place of the one of its kind; those of another kind stay."""
    (given,) = whole.addresses
    if sum(each.kind == given.kind for each in was.addresses) > 1:
        raise _several("addresses")
    whole.addresses.extend(each for each in was.addresses if each.kind != given.kind)


def _several(path: str) -> click.UsageError:
    return WrongUse(
        "The record has several {}: give them all in a file, which `nsor amend ID --current` prints to be changed.",
        path.replace("_", " "),
    )
