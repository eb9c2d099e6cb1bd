"""``python -m nsor_synthetic`` and ``nsor-server synthetic``: writes conviction orders, as JSON Lines or as a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click
from google.protobuf import json_format

from nsor_synthetic import typed
from nsor_synthetic.orders import MOST, Order, generate
from nsor_synthetic.places import UNITS, unit_of


@click.command("synthetic")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--count", type=click.IntRange(0, MOST), default=1_000, show_default=True, help="How many conviction orders."
)
@click.option("--unit", type=click.Choice(UNITS), default=None, help="All of this province: homes, courts and FIRs.")
@click.option(
    "--split",
    is_flag=True,
    help="Two files for each province in the folder --out: PK-PB.jsonl (or .csv) for its prosecution, and "
    "PK-PB.cases, the case numbers and judgment dates of its courts' own records, a line each, in the same order, for "
    "`nsor confirm --from-events < PK-PB.cases`.",
)
@click.option("--csv", "as_csv", is_flag=True, help="A table as clerks type it, for `nsor import`.")
@click.option("--out", type=click.Path(path_type=Path), help="The file or folder to write; without it, stdout.")
def main(  # noqa: PLR0917 - one argument per option of the command
    seed: int, count: int, unit: str | None, split: bool, as_csv: bool, out: Path | None
) -> None:
    """Write synthetic conviction orders, one CreateRegistrationRequest in JSON a line. They name nobody real."""
    orders = generate(seed, count, unit or "")
    if split:
        if out is None:
            raise click.UsageError("--split writes files: name a folder, such as --out orders")
        _write_split(orders, out, seed if as_csv else None)
        return
    with _to_write(out) if out else click.open_file("-", "w", encoding="utf-8") as file:
        if as_csv:
            typed.write(file, orders, seed)
            return
        for order in orders:
            file.write(_line(order))


def _write_split(orders: Iterable[Order], folder: Path, typed_by: int | None) -> None:
    """Write each province's orders, and its courts' case numbers, into files of their own.

    Args:
        orders: of whatever provinces.
        folder: is made if it isn't there.
        typed_by: the seed by which the orders are typed into a table; None: they are written in JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        opened: dict[str, tuple[Callable[[Order], object], TextIO]] = {}
        for order in orders:
            first = order.convictions[0]
            case, day = first.court_case, first.judgment_date
            unit = unit_of(case.place_code)
            if unit not in opened:
                kind = "jsonl" if typed_by is None else "csv"
                entered, cases = (files.enter_context(_to_write(folder / f"{unit}.{each}")) for each in (kind, "cases"))
                opened[unit] = _entering(entered, typed_by), cases
            enter, to_confirm = opened[unit]
            enter(order)
            to_confirm.write(f"{case.case_number}\n{day.year}-{day.month:02}-{day.day:02}\n")


def _entering(file: TextIO, typed_by: int | None) -> Callable[[Order], object]:
    """What writes an order to a file."""
    if typed_by is None:
        return lambda order: file.write(_line(order))
    return typed.table(file, typed_by)


def _to_write(file: Path) -> TextIO:
    return file.open("w", encoding="utf-8", newline="\n")


def _line(order: Order) -> str:
    fields = json_format.MessageToDict(order, preserving_proto_field_name=True)
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    sys.exit(main())
