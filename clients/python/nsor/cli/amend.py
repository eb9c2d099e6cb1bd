"""`nsor amend` and `nsor propose`: what a record says of a person, shown as was -> becomes.

Names, numbers and addresses come from a file, from stdin or from the keyboard, never from the command line, which other
users can read.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli import agreement, kept, particulars, screen, twice, typed
from nsor.cli.arguments import record_id
from nsor.cli.session import CONFIDENTIAL, Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.cli.particulars import Given
    from nsor.client import Client
    from nsor.receipts import Proof
    from nsor.v1 import registration_pb2

_F = TypeVar("_F", bound=Callable[..., Any])
_NOTHING = "(nothing)"
_TWO_OFFICERS = "Two officers amend a number, travel documents or the date of birth: you propose, another one accepts."


def _what_changes(function: _F) -> _F:
    """The ways in which a person says what changes."""
    row = click.option(
        "--row", "line", type=click.IntRange(1), metavar="LINE", help="Which row of a file of orders, by its line."
    )
    columns = click.option(
        "--map",
        "map_file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Which column of a table has what (TOML), as for `nsor import`.",
    )
    encoding = click.option("--encoding", help="Of a table, as for `nsor import`.")
    argument = click.argument("file", required=False, metavar="[FILE|-]")
    return argument(typed.options(row(columns(encoding(function)))))


@click.command()
@click.argument("registration_id", required=False, type=record_id)
@_what_changes
@click.option("--validate-only", is_flag=True, help="Show what would change and check it; change nothing.")
@click.option("--template", is_flag=True, help="Print particulars to fill in.")
@click.option("--current", is_flag=True, help="Print what the record says now, as a file to change. CONFIDENTIAL.")
@agreement.option
@common
def amend(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    registration_id: str | None,
    file: str | None,
    validate_only: bool,
    template: bool,
    current: bool,
    agreed: bool,
    **given: Any,
) -> None:
    """Amend what a record of your agency says of the person; you sign.

    What changes is typed (`--birth-date 05.03.1980 --address`), or stands in FILE. A table (.csv) has the columns of
    `nsor import`. JSON has the particulars that change: there a list is given whole, and no name is left out: an old
    one becomes FORMER. What differs from the record is amended. The prosecution that entered the record amends it until
    release, the police of the responsible place from then on.

    The number of the CNIC, travel documents and the date of birth are never amended by one officer: when one of them
    changes, the amendment is proposed, and another officer of your agency accepts it.
    """
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        screen.echo(skeleton(amendments_pb2.Particulars.DESCRIPTOR))
        return
    if registration_id is None:
        raise WrongUse("Give the registration's id, or its first or last 8 digits.")
    if current:
        with session.client(officer=True) as client:
            _print(session, particulars.of_record(shown(client, registration_id).message.registration))
        return
    change = _given(session, file, given)
    with session.client(officer=True) as client:
        etag = "unseen"
        # The check itself reads no record. A program has no use for what was; people, and a row, need it.
        if not (validate_only and session.as_json and change.row is None):
            before = shown(client, registration_id)
            seen = before.message.registration
            etag, was = seen.etag, particulars.of_record(seen)
            change = change.joined(was)
            if not change.paths:
                session.say("The record says all of it already: nothing was changed.")
                _keep_row(client, change, file, registration_id, before.proof)
                return
            show_changes(session, was, change)
        if _second_officer() & set(change.paths):
            _propose_to_colleague(session, client, registration_id, change, agreed=None if validate_only else agreed)
            return
        if not validate_only:
            agreement.obtain(session, "Amend the record so?", agreed=agreed)
        request = amendments_pb2.AmendRegistrationRequest(
            request_id=str(uuid.uuid4()),
            validate_only=validate_only,
            registration_id=registration_id,
            etag=etag,
            particulars=change.particulars,
        )
        request.update_mask.paths.extend(change.paths)
        answer = client.registration.amend_registration(request)
        session.answer(answer, title="Correct: nothing was changed" if validate_only else "Record amended")
        if not validate_only:
            _keep_row(client, change, file, registration_id, answer.proof)


@click.command()
@click.argument("registration_id", type=record_id)
@_what_changes
@click.option("--validate-only", is_flag=True, help="Show what would change and check it; propose nothing.")
@common
def propose(session: Session, registration_id: str, file: str | None, validate_only: bool, **given: Any) -> None:
    """Propose an amendment of a record that your agency has a part in; its owner decides.

    What changes is said as for `nsor amend`. Until the owner has accepted it the record is what it was.
    """
    change = _given(session, file, given)
    with session.client(officer=True) as client:
        if change.row is not None:
            was = particulars.of_record(shown(client, registration_id).message.registration)
            change = change.joined(was)
            if not change.paths:
                session.say("The record says all of it already: nothing was proposed.")
                return
            show_changes(session, was, change)
        _propose(session, client, registration_id, change, validate_only=validate_only)
    if not validate_only:
        session.say("The record's owner decides. What became of it: `nsor proposals list {}`", registration_id)


def _given(session: Session, file: str | None, given: dict[str, Any]) -> Given:
    """What changes, from the file or from what is typed.

    Raises:
        click.UsageError: both, or neither, or it isn't of its form.
    """
    cells = typed.cells(session, given)
    if bool(cells) == bool(file):
        raise WrongUse(
            "Say what changes, such as --birth-date 05.03.1980, or give a FILE with it, or - for stdin."
            " `nsor amend ID --current` prints one to change."
        )
    if file is None:
        return particulars.of_cells(cells)
    table = particulars.Table(file, given["line"], given["map_file"], given["encoding"])
    return particulars.of_file(table)


def _propose(session: Session, client: Client, registration_id: str, change: Given, *, validate_only: bool) -> str:
    """Propose an amendment; gives its id, or nothing when it is only checked."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    request = amendments_pb2.ProposeAmendmentRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        particulars=change.particulars,
    )
    request.update_mask.paths.extend(change.paths)
    if not validate_only:
        twice.ask(session, client, request)
    answer = client.registration.propose_amendment(request)
    if not validate_only:
        twice.keep(client, request, answer)
    session.answer(answer, title="Correct: nothing was proposed" if validate_only else "Amendment proposed")
    return answer.message.amendment_id


def _propose_to_colleague(
    session: Session, client: Client, registration_id: str, change: Given, *, agreed: bool | None
) -> None:
    """Propose what no officer amends alone, and say what the colleague does then; None: it is only checked."""
    session.say(_TWO_OFFICERS)
    if agreed is None:
        _propose(session, client, registration_id, change, validate_only=True)
        return
    agreement.obtain(session, "Propose the amendment so?", agreed=agreed)
    amendment_id = _propose(session, client, registration_id, change, validate_only=False)
    session.say("Another officer of your agency: `nsor proposals accept {} {}`", registration_id, amendment_id)


def _second_officer() -> set[str]:
    """The particulars that no officer amends alone, by the contract."""
    from nsor.v1 import amendments_pb2, options_pb2  # noqa: PLC0415 - as above

    fields = amendments_pb2.Particulars.DESCRIPTOR.fields
    return {field.name for field in fields if field.GetOptions().Extensions[options_pb2.field].second_officer}


def _keep_row(client: Client, change: Given, file: str | None, registration_id: str, proof: Proof) -> None:
    """Keep by which entry the record says what a row of an import says: the next import of its file doesn't send it."""
    if change.row is None or file is None:
        return
    from nsor.cli.accepted import Accepted, identify  # noqa: PLC0415 - as above

    identify(change.row, kept.secret(client.state_folder))
    with Accepted(client, file) as accepted:
        accepted.add_amended(change.row, registration_id, proof.checkpoint.origin, proof.index)


def _print(session: Session, found: Any) -> None:
    """Print particulars as a file to change."""
    from nsor.cli import written  # noqa: PLC0415 - as above

    if session.as_json:
        session.json_of(found)
    else:
        screen.echo_json(written.spelled(found), indent=2)


def show_changes(session: Session, was: Any, change: Given) -> None:
    """Show people what each of the particulars was and becomes."""
    if session.as_json:
        return
    screen.echo(CONFIDENTIAL[session.language], err=True, fg="yellow")
    rows = []
    for path in change.paths:
        before, after = list(particulars.lines(was, path)), list(particulars.lines(change.particulars, path))
        if before == after:
            continue
        rows.append((path.replace("_", " "), ""))
        rows += [("  was", line) for line in before or [_NOTHING]]
        rows += [("  becomes", line) for line in after or [_NOTHING]]
    session.table("What changes", ("", ""), rows)


def shown(client: Client, registration_id: str) -> Answer[registration_pb2.GetRegistrationResponse]:
    """The record as it is now."""
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    wanted = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
    return client.registration.get_registration(wanted)
