"""`nsor ledger accesses`: who called what, when and why; never whom it was about."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from nsor.cli.arguments import accesses_here, court_kind, fir_key, fits, instant, is_whole, last_instant, part_of_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import options_pb2, oversight_pb2


@click.command()
@click.option("--of", "agency_id", default="", metavar="AGENCY", help="Only this agency.")
@click.option("--outcome", type=click.Choice(("allowed", "refused", "failed")), help="Only these.")
@click.option("--officer", "officer_number", metavar="NUMBER", help="Only of this officer or system of yours.")
@click.option("--purpose", metavar="PURPOSE", help="Only for this purpose, such as investigation.")
@click.option("--method", metavar="METHOD", help="Only of this method, such as LookUpRegistration.")
@click.option(
    "--fir",
    nargs=4,
    metavar="STATION YEAR SERIAL DATE",
    help="Only of this FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05.",
)
@click.option(
    "--case",
    "court_case",
    nargs=3,
    metavar="KIND DISTRICT NUMBER",
    help="Only of this case of a court: as `nsor case open` has it.",
)
@click.option(
    "--access-id",
    "--code",
    "access_id",
    type=part_of_id,
    metavar="ID",
    help="Only this access, by its id or support code; reads the list until it is found, where it isn't known here.",
)
@click.option("--cases", is_flag=True, help="With the case of each; your officer key signs the session.")
@click.option("--day", type=instant, metavar="DAY", help="Only of this day, in Pakistan.")
@click.option("--since", type=instant, metavar="DAY", help="From this day on, or from DAY HH:MM; Pakistan time.")
@click.option("--until", type=last_instant, metavar="DAY", help="To the end of this day, or until DAY HH:MM.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.option("--all", "all_of_them", is_flag=True, help="However many there are.")
@common
def accesses(
    session: Session, *, access_id: str | None, limit: int, all_of_them: bool, cases: bool, **asked: Any
) -> None:
    """List accesses, the newest first: who called what, when and why; never whom it was about."""
    _check_who(session)
    whole, part = _one(access_id)
    request = _request(access_id=whole, **asked)
    found: list[oversight_pb2.Access] = []
    more = False
    # The case of an access is shown to an officer alone, and so found by him alone.
    officer = cases or request.HasField("fir") or request.HasField("court_case")
    with session.client(officer=officer) as client:
        own = client.agency_id
        while all_of_them or len(found) < limit:
            request.page_size = 500 if all_of_them or part else min(500, limit - len(found))
            page = client.oversight.list_accesses(request).message
            found += [access for access in page.accesses if not part or fits(part, access.access_id)]
            more = bool(page.next_page_token)
            if not more or (part and found):
                break
            request.page_token = page.next_page_token
        if request.agency_id and not found:
            _check_agency(client, request.agency_id)
    if part and (several := len({access.access_id for access in found})) > 1:
        raise WrongUse("{} accesses that you may list have these digits. Give more digits.", several)
    if session.as_json:
        for access in found:
            session.json_of(access)
        _say_how_many(session, len(found), more=more, one=bool(part))
        return
    show(session, found, own=own)
    _say_how_many(session, len(found), more=more, one=bool(part))


def show(session: Session, found: Sequence[oversight_pb2.Access], *, own: str = "") -> None:
    """Show accesses to people; ``own`` is the agency whose officers are shown. The case where any is shown."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    rows = []
    has_cases = any(access.case_reference for access in found)
    for access in found:
        values = {field.name: render.text(field, value) for field, value in access.ListFields()}
        method = access.method.rpartition("/")[2]
        rows.append(
            (
                str(access.index),
                values.get("access_time", ""),
                access.agency_id,
                method,
                values.get("purpose", ""),
                values.get("outcome", ""),
                access.officer_number or ("" if access.agency_id == own else "not shown to you"),
                *([access.case_reference] if has_cases else []),
                f"{_code(access)[:4]}-{_code(access)[4:]}".strip("-"),
            )
        )
    case = ("case",) if has_cases else ()
    columns = ("entry", "time", "agency", "method", "purpose", "outcome", "officer", *case, "support code")
    session.table("Accesses", columns, rows)


def _check_who(session: Session) -> None:
    """See that --agency, which says who one is, wasn't given for whose accesses are asked for.

    Raises:
        click.UsageError: the settings have no such agency; names the option that was meant.
    """
    from nsor.cli.settings import NoSuchProfile  # noqa: PLC0415 - as above

    try:
        session.settings()
    except NoSuchProfile:
        if named := session.options.get("agency"):
            raise WrongUse(
                "--agency says who you are, by your settings file. Whose accesses are listed says --of: "
                "`nsor ledger accesses --of {}`",
                named,
            ) from None
        raise


def _one(access_id: str | None) -> tuple[str, str]:
    """The one access that is asked for: its whole id, or the digits by which the list is to be read. Both empty: all.

    Raises:
        click.UsageError: several accesses that are known on this computer have these digits.
    """
    if access_id is None or is_whole(access_id):
        return access_id or "", ""
    known = accesses_here(access_id)
    if len(known) > 1:
        raise WrongUse("{} ids that were shown here have these digits. Give more digits.", len(known))
    return ("", access_id) if not known else (known[0], "")


def _request(
    *,
    agency_id: str,
    outcome: str | None,
    officer_number: str | None,
    purpose: str | None,
    method: str | None,
    fir: tuple[str, str, str, str] | None,
    court_case: tuple[str, str, str] | None,
    access_id: str,
    day: dt.datetime | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
) -> oversight_pb2.ListAccessesRequest:
    """Which accesses are asked for."""
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    request = oversight_pb2.ListAccessesRequest(
        agency_id=agency_id, access_id=access_id, officer_number=officer_number or ""
    )
    if outcome:
        request.outcome = oversight_pb2.AccessOutcome.Value(f"ACCESS_OUTCOME_{outcome.upper()}")
    if purpose:
        request.of_purpose = _purpose(purpose)
    if method:
        request.method = _method(method)
    if fir is not None:
        request.fir.CopyFrom(fir_key(fir))
    if court_case is not None:
        kind, request.court_case.place_code, request.court_case.case_number = court_case
        request.court_case.court_kind = court_kind(kind)
    if day:
        since, until = day, day + dt.timedelta(days=1)
    if since:
        request.start_time.FromDatetime(since)
    if until:
        request.end_time.FromDatetime(until)
    return request


def _purpose(name: str) -> options_pb2.Purpose.ValueType:
    """A purpose, such as investigation or REGISTER_OPERATION.

    Raises:
        click.UsageError: there is no such purpose.
    """
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    known = [each.removeprefix("PURPOSE_") for each, number in options_pb2.Purpose.items() if number]
    wanted = name.strip().upper().replace("-", "_")
    if wanted not in known:
        raise WrongUse("The purpose is one of {}.", ", ".join(known).lower().replace("_", "-"))
    return options_pb2.Purpose.Value(f"PURPOSE_{wanted}")


def _method(name: str) -> str:
    """The full name of a method, by it or by what stands behind the service's.

    Raises:
        click.UsageError: there is no such method; says which one was probably meant.
    """
    from nsor import contract  # noqa: PLC0415 - as above

    known = {each.rpartition("/")[2].lower(): each for each in contract.names()}
    wanted = name.strip().rpartition("/")[2].lower()
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=1)
        if near:
            raise WrongUse("There is no such method. Did you mean {}?", known[near[0]].rpartition("/")[2])
        raise WrongUse("There is no such method. The list shows their names.")
    return known[wanted]


def _check_agency(client: Client, agency_id: str) -> None:
    """See that there is such an agency, where the caller may list them: a mistyped one has no accesses either.

    Raises:
        click.UsageError: there is none; says which one was probably meant.
    """
    from nsor.cli.directory import every  # noqa: PLC0415 - as above
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    try:
        known = [each.agency_id for each in every(client)]
    except Refused:
        return
    if agency_id not in known:
        near = difflib.get_close_matches(agency_id, known, n=1)
        if near:
            raise WrongUse("There is no such agency. Did you mean {}?", near[0])
        raise WrongUse("There is no such agency. `nsor agencies` lists them.")


def _code(access: oversight_pb2.Access) -> str:
    return access.access_id.replace("-", "")[-8:]


def _say_how_many(session: Session, shown: int, *, more: bool, one: bool) -> None:
    """The register tells whether there are more, and not how many; on stderr, so that programs can read the list."""
    if more and not one:
        session.say("{:,} shown, the newest; there are more: --all shows every one, --limit so many.", shown)
    else:
        session.say("{:,} shown: all that there are.", shown)
