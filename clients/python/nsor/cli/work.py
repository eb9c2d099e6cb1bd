"""`nsor work`: what there is to do, soonest first. A court, a prosecution, a station, a prison and NPB begin here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from nsor.cli import npb_work, pending
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import worklists_pb2

KINDS: Final = {
    "confirm": "PENDING_CONFIRMATION",
    "appeal": "APPEAL_WINDOW",
    "accept": "RELEASE_TO_ACCEPT",
    "no-address": "RELEASE_WITHOUT_ADDRESS",
    "admit": "ADMISSION",
    "overdue": "RELEASE_OVERDUE",
    "identity": "IDENTITY_TO_CORRECT",
    "no-document": "IDENTITY_WITHOUT_DOCUMENT",
    "revalidate": "REVALIDATION",
    "correct": "CORRECTION",
    "notices": "NOTICE_TO_VERIFY",
    "amend": "AMENDMENT",
}
"""What a person calls a kind of work."""
_HEADINGS: Final = (
    "registration_id",
    "case_number",
    "judgment_date",
    "court",
    "fir",
    "person",
    "cnic_ending",
    "due",
)
"""Of a list to fill in; `nsor confirm --file` takes the first three."""
_PAGE: Final = 100
_NO_ADDRESS: Final = 71
_TO_CORRECT: Final = 80
_WITHOUT_DOCUMENT: Final = 81
_CUSTODY: Final = {70: "custody accept", 72: "custody admitted", 73: "custody released"}
"""Number of a kind of work that is about custody, and the command that does it."""
_OF_OWNER: Final = {130: "revalidate", 131: "correction list", 150: "notice list", 230: "proposals list"}
"""Number of a kind of work of a record's owner, and the command that he begins with."""
_OF_POLICE: Final = frozenset({70, 71, 73, 130, 131, 150})
"""Numbers of kinds of work that police or NPB may have."""
_WORDS: Final = {
    1: "conviction to confirm",
    2: "appeal may be filed",
    70: "release to accept",
    71: "release without address",
    72: "to admit",
    73: "release is overdue",
    80: "identity to correct",
    81: "no document's number",
    130: "to look at again",
    131: "correction to decide",
    150: "notices to verify",
    230: "amendment to decide",
}
"""Number of a kind of work, and what a list calls it."""


@click.command()
@click.argument("number", type=click.IntRange(1), required=False)
@click.option(
    "--kind", type=click.Choice(list(KINDS)), metavar="KIND", help=f"Only work of this kind: {', '.join(KINDS)}."
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "all_of_them", is_flag=True, help="However many there are.")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what waits for the court to a table that is filled in, for `nsor confirm --file`.",
)
@common
def work(  # noqa: PLR0917 - one argument per option of the command
    session: Session, number: int | None, kind: str | None, limit: int, all_of_them: bool, table: Path | None
) -> int:
    """List what your agency has to do, the soonest first; with a NUMBER open that one.

    A list is masked: initials, the last three digits of the CNIC, court and FIR. Each page is recorded and counts
    against your budget of the day, as opening one does.
    """
    if table is not None:
        kind, all_of_them = "confirm", True
    with session.client(officer=True) as client, _directed():
        wanted = number if number is not None else None if all_of_them else limit
        found, more = _items(client, kind, wanted)
        if table is not None:
            return _write(session, table, found)
        if number is not None:
            return _open(session, client, found, number)
        besides = _besides(client, found) if kind is None else _Besides([], [], more=False)
    _show(session, found, besides, more=more)
    return 0


class _Besides(NamedTuple):
    """What NPB has to do besides: what waits for a second officer, and counts of the rest."""

    pending: list[worklists_pb2.PendingDecision]
    counted: list[npb_work.Count]
    more: bool


def _besides(client: Client, found: list[worklists_pb2.WorkItem]) -> _Besides:
    """What NPB has to do besides; of another agency there is nothing else."""
    if not npb_work.may_be_of(found) or not npb_work.is_npb(client):
        return _Besides([], [], more=False)
    waiting, more = pending.found(client)
    return _Besides(waiting, npb_work.counts(client), more)


@contextmanager
def _directed() -> Iterator[None]:
    """Tell whoever has no such list where his work is."""
    from nsor.advice import Words  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    try:
        yield
    except Refused as error:
        if error.reason == "NOT_ALLOWED":
            error.next_step = Words(
                "This list is of courts, prosecutions, police, prisons and NPB. NADRA: `nsor identity next`.",
                "یہ فہرست عدالت، استغاثہ، پولیس، جیل اور این پی بی کی ہے۔"  # noqa: RUF001 - Urdu
                " نادرا: `nsor identity next`۔",  # noqa: RUF001 - Urdu
            )
        raise


def _items(client: Client, kind: str | None, most: int | None) -> tuple[list[worklists_pb2.WorkItem], bool]:
    """So many items, or all, and whether there are more."""
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    asked = worklists_pb2.ListRegistrationsRequest(
        kind=worklists_pb2.WorkKind.Value(f"WORK_KIND_{KINDS[kind]}") if kind else worklists_pb2.WORK_KIND_UNSPECIFIED
    )
    found: list[worklists_pb2.WorkItem] = []
    more = True
    while more and (most is None or len(found) < most):
        asked.page_size = _PAGE if most is None else min(_PAGE, most - len(found))
        page = client.registration.list_registrations(asked).message
        found += page.items
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return found, more


def _show(session: Session, found: list[worklists_pb2.WorkItem], besides: _Besides, *, more: bool) -> None:
    counted = besides.counted
    if session.as_json:
        for decision in besides.pending:
            session.json_of(decision)
        for item in found:
            session.json_of(item)
        for count in counted:
            session.json(count._asdict())
        return
    _show_pending(session, besides)
    if counted:
        session.table("", ("how many", "what", "next"), [(each.text, each.what, each.command) for each in counted])
    if found:
        columns = ("", "due", "what", "court", "FIR", "person", "registration")
        rows = [
            (str(at), _due(item), _what(item), _court(item), _fir(item), _person(item), item.registration_id)
            for at, item in enumerate(found, 1)
        ]
        session.table("To do", columns, rows)
    if more:
        session.say("{:,} shown, the soonest of each kind; there are more: `nsor work --all`.", len(found))
    else:
        session.say("{:,} to do: all that there is." if found else _nothing(besides), len(found))
    _show_next(session, found, counted=bool(counted))


def _show_next(session: Session, found: list[worklists_pb2.WorkItem], *, counted: bool) -> None:
    """Say what is typed next, and where the work is that has lists of its own."""
    if all(item.kind in _OF_POLICE for item in found):
        session.say("Police and NPB: what offenders owe is in `nsor duties`, who moves in `nsor transfers`.")
    if found:
        command = f"nsor custody show {found[0].registration_id}" if counted else _command(found[0])
        session.say("The first one: `nsor work 1`, or `{}`.", command)
    if len(found) > 1 and _waits(found[0]):
        session.say("All that wait, as a table to fill in: `nsor work --csv worklist.csv`.")


def _show_pending(session: Session, besides: _Besides) -> None:
    if besides.pending:
        session.table("For a second officer", pending.COLUMNS, [pending.row(each) for each in besides.pending])
    if besides.more:
        session.say("There are more for a second officer: confirm these first.")


def _nothing(besides: _Besides) -> str:
    return "Nothing else to do." if besides.pending else "Nothing to do."


def _open(session: Session, client: Client, found: list[worklists_pb2.WorkItem], number: int) -> int:
    from nsor.cli.confirm import one  # noqa: PLC0415 - as above
    from nsor.v1 import custody_pb2, registration_pb2  # noqa: PLC0415 - as above

    if number > len(found):
        raise WrongUse("There are {:,} to do. `nsor work` lists them.", len(found))
    item = found[number - 1]
    rule = f" ({item.deadline.rule_id})" if item.HasField("deadline") else ""
    session.say("{}: {}, due {}{}.", number, _what(item), _due(item), rule)
    if _waits(item):
        one(session, client, item.registration_id)
        return 0
    if item.kind in _CUSTODY:
        asked = custody_pb2.GetCustodyRequest(registration_id=item.registration_id)
        session.answer(client.registration.get_custody(asked), title="Custody", confidential=True)
        if npb_work.may_be_of([item]) and npb_work.is_npb(client):
            session.say("Remind whom it is to do by: the station of the address, or the prison in charge.")
        else:
            session.say("`{}`", _command(item))
        return 0
    wanted = registration_pb2.GetRegistrationRequest(registration_id=item.registration_id)
    session.answer(client.registration.get_registration(wanted), title="Registration", confidential=True)
    if item.kind in _OF_OWNER:
        session.say("`{}`", _command(item))
    elif item.kind == _NO_ADDRESS:
        session.say("When you know where he lives: `nsor notice`. The prison may enter an address before.")
    elif item.kind == _TO_CORRECT:
        session.say("NADRA says what is wrong above. Correct it: `nsor amend {}`", item.registration_id)
    elif item.kind == _WITHOUT_DOCUMENT:
        session.say("When you have the number of a document: `nsor amend {}`", item.registration_id)
    else:
        session.say(
            "When an appeal is filed: `nsor judgment record FILE`; `nsor judgment record --template` prints one."
        )
    return 0


def _write(session: Session, path: Path, found: list[worklists_pb2.WorkItem]) -> int:
    from nsor.cli.import_files import write_table  # noqa: PLC0415 - as above

    rows = [
        (
            item.registration_id,
            "",
            "",
            _court(item),
            _fir(item),
            " / ".join(item.person.initials),
            item.person.cnic_ending,
            _due(item),
        )
        for item in found
    ]
    write_table(path, _HEADINGS, rows)
    if session.as_json:
        session.json({"file": str(path), "rows": len(rows)})
    session.say(
        "{:,} written to {}. Fill in case_number and judgment_date from the court's own book, then: "
        "`nsor confirm --file {}`. Rows without them stay open.",
        len(rows),
        path,
        path,
    )
    return 0


def _waits(item: worklists_pb2.WorkItem) -> bool:
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    return item.kind == worklists_pb2.WORK_KIND_PENDING_CONFIRMATION


def _command(item: worklists_pb2.WorkItem) -> str:
    command = "confirm" if _waits(item) else (_CUSTODY | _OF_OWNER).get(item.kind, "show")
    return f"nsor {command} {item.registration_id}"


def _what(item: worklists_pb2.WorkItem) -> str:
    return _WORDS[item.kind]


def _due(item: worklists_pb2.WorkItem) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    if item.HasField("release_date"):
        day = item.release_date
        return f"{day.year:04}-{day.month:02}-{day.day:02}"
    if not item.HasField("deadline"):
        return "now"
    return dt.datetime.fromtimestamp(item.deadline.due_time.seconds, render.PAKISTAN).strftime("%Y-%m-%d")


def _court(item: worklists_pb2.WorkItem) -> str:
    case = item.court_case
    return f"{case.place_code} {case.case_number}".rstrip()


def _fir(item: worklists_pb2.WorkItem) -> str:
    fir = item.fir
    return f"{fir.police_station} {fir.serial}/{fir.year}" if fir.serial else ""


def _person(item: worklists_pb2.WorkItem) -> str:
    ending = f", CNIC ...{item.person.cnic_ending}" if item.person.cnic_ending else ""
    return f"{' / '.join(item.person.initials)}{ending}"
