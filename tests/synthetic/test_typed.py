"""Orders as clerks type them, read back by the client: what was typed becomes what was meant, or is unclear."""

import functools
import io
from collections import Counter
from collections.abc import Sequence

from nsor.cli import columns, sheets
from nsor.cli.cells import Row
from nsor.v1 import types_pb2
from nsor_synthetic import typed
from nsor_synthetic.orders import Order, generate


@functools.cache
def _orders() -> Sequence[Order]:
    return list(generate(13, 1_500, "PK-PB"))


def _file(orders: Sequence[Order]) -> io.StringIO:
    file = io.StringIO(newline="")
    typed.write(file, orders, 1)
    file.seek(0)
    return file


def _rows() -> list[Row]:
    usual = columns.read_map(columns.TEMPLATE)
    kept = {key: heading for key, heading in usual.columns.items() if heading in typed.HEADINGS}
    _, unread, rows = sheets.table(_file(_orders()), columns.Map(kept, usual.always, usual.words))
    assert unread == []
    return list(rows)


def _words(name: types_pb2.PersonName) -> list[list[str]]:
    """The words of name and relative; a comma or an end takes a full stop away (Bhatti Ch., Farhan, M.)."""
    return [text.replace(".", "").split(" ") for text in (name.name, name.relative_name)]


def test_a_seed_decides_what_is_typed() -> None:
    assert list(typed.rows(_orders()[:20], 1)) == list(typed.rows(_orders()[:20], 1))
    assert list(typed.rows(_orders()[:20], 1)) != list(typed.rows(_orders()[:20], 2))


def test_cells_are_as_clerks_type_them() -> None:
    names = [row["Name"] for row in typed.rows(_orders(), 1)]
    for part in ("s/o", "S/O", "W/O", "@", "alias", ", ", "(Retd)", "ولد", "عرف", "\u200f", "\ufeff"):
        assert any(part in name for name in names), part
    dates = {row["Date of judgment"] for row in typed.rows(_orders(), 1)}
    assert any("." in date for date in dates)
    assert any("۲۰" in date for date in dates)
    assert any("376/511" in row["Sections"] for row in typed.rows(_orders(), 1))


def test_the_client_reads_what_was_typed_as_it_was_meant() -> None:
    # Somebody else wrote the reading: where both agree, neither guesses.
    read = _rows()
    assert len(read) == len(_orders())
    clear = [(order, row.order) for order, row in zip(_orders(), read, strict=True) if not row.problems]
    problems = Counter(problem.field for row in read for problem in row.problems)
    assert len(clear) > 0.85 * len(_orders()), problems
    for meant, got in clear:
        official, found = meant.person.names[0], got.person.names[0]
        assert _words(found) == _words(official)
        assert found.relation == official.relation
        assert got.person.cnic.replace("-", "") == meant.person.cnic
        assert got.person.identity_document == meant.person.identity_document
        assert got.person.sex == meant.person.sex
        case, wanted = got.convictions[0], meant.convictions[0]
        assert case.court_case == wanted.court_case
        assert case.judgment_date == wanted.judgment_date
        assert case.fir == wanted.fir
        assert [count.offence_code for count in case.counts] == [count.offence_code for count in wanted.counts]
        assert case.counts[0].months == wanted.counts[0].months
        if meant.person.birth_date_precision == types_pb2.DATE_PRECISION_DAY:
            assert got.person.birth_date == meant.person.birth_date
