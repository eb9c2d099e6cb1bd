"""`nsor access`: an officer asks, a prosecutor approves or returns."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click

from nsor.cli import agreement, application, asked, deciding, granted_part, grants, keys, screen, twice
from nsor.cli.arguments import part_of_id, record_id
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from nsor.client import Client
    from nsor.v1 import access_requests_pb2, options_pb2


@click.group()
def access() -> None:
    """Ask for access to the records of suspects in an FIR; approve, return, show, pass or withdraw it."""


@access.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the request and change nothing.")
@click.option("--template", is_flag=True, help="Print a request to fill in.")
@click.option("--new", is_flag=True, help="Ask for everything at the terminal; posting and grade are remembered.")
@common
def request(session: Session, file: str | None, validate_only: bool, template: bool, new: bool) -> None:
    """Ask the prosecutor for access, from a JSON file or stdin (-): FIR, suspects, Annexure A.

    Suspects are personal data: they come from a file, never from the command line, which other users can read.
    """
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    wanted = access_requests_pb2.CreateAccessRequestRequest()
    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        screen.echo(skeleton(wanted.DESCRIPTOR))
        return
    if new:
        with session.client(officer=True) as client:
            wanted = application.ask(session, client.state_folder, client.officer_key_id)
    elif file is None:
        raise WrongUse(
            "Name the request's FILE, or - for stdin. `nsor access request --new` asks for everything,"
            " --template prints one to fill in."
        )
    else:
        read_request(read_text(file), wanted)
    wanted.request_id = wanted.request_id or str(uuid.uuid4())
    wanted.validate_only |= validate_only
    with session.client(officer=True) as client:
        if not wanted.validate_only:
            _asked_before(session, client, wanted)
        answer = client.lookup.create_access_request(wanted)
        if not wanted.validate_only:
            asked_id = answer.message.access_request_id
            twice.keep(client, wanted, answer, same=_asked_for(wanted), record_id=asked_id)
        session.answer(answer, title="Correct: nothing was sent" if wanted.validate_only else "Sent to the prosecutor")
    if not wanted.validate_only and not session.as_json:
        session.say("What the prosecutor decides: `nsor access show {}`", answer.message.access_request_id)


def _asked_before(session: Session, client: Client, wanted: access_requests_pb2.CreateAccessRequestRequest) -> None:
    """Say that the same was asked before, if this computer knows it; at a terminal, ask whether to send it again.

    At a terminal the register is asked, too, what the officer has asked for this FIR, wherever he did.
    """
    same = _asked_for(wanted)
    did = "You asked for this FIR and these suspects on {}: entry {}."
    if not agreement.at_a_terminal(session):
        before = twice.tell(session, client, same, did=did)
        if before is not None:
            session.say("`nsor access show {}` shows what became of it.", before.record_id)
        return
    before, others = twice.tell(session, client, same, did=did), asked.of_fir(client, wanted.fir)
    for each in others:
        session.say(
            "You asked for this FIR on {}, {}: {}. `nsor access show {}`",
            asked.time(each.create_time),
            asked.suspects(each),
            asked.due(each),
            each.access_request_id,
        )
    if before is not None or others:
        agreement.obtain(session, "Send it again anyway?", agreed=False)


def _asked_for(wanted: access_requests_pb2.CreateAccessRequestRequest) -> bytes:
    """FIR and suspects, whatever their order; the officer's reasons may differ."""
    suspects = sorted(suspect.SerializeToString(deterministic=True) for suspect in wanted.suspects)
    parts = (wanted.fir.SerializeToString(deterministic=True), *suspects)
    return b"access request" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@access.command()
@click.argument("access_request_id", type=record_id)
@common
def show(session: Session, access_request_id: str) -> None:
    """Show an access request: yours, or one of your jurisdiction."""
    with session.client(officer=True) as client:
        found = deciding.show(session, client, access_request_id)
    if not session.as_json:
        deciding.say_decided(session, found)


def _etag(
    session: Session,
    access_request_id: str,
    etag: str | None,
    question: str,
    part: access_requests_pb2.GrantedPart | None = None,
    *,
    decided_too: bool = False,
) -> str | None:
    """The version that is decided on: the one named, or the one that is shown now and agreed to.

    ``part`` is what is granted of it, where it isn't all; that is said before the question. ``decided_too``: whether
    it was decided makes no difference.

    Returns:
        None when it is decided already, which is said: nobody is asked again.
    """
    if etag:
        return etag
    if session.as_json:
        raise WrongUse("Name the version that was seen: --etag.")
    with session.client(officer=True) as client:
        seen = deciding.show(session, client, access_request_id)
    if not decided_too and deciding.say_decided(session, seen):
        return None
    if part is not None:
        granted_part.say(session, seen, part)
    agreement.obtain(session, question, agreed=False)
    return seen.etag


@access.command()
@click.argument("access_request_id", type=record_id)
@click.option("--etag", help="The version that was seen; without it the request is shown first.")
@granted_part.options
@common
def approve(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    access_request_id: str,
    etag: str | None,
    suspects: list[int] | None,
    classes: list[options_pb2.FieldClass.ValueType] | None,
    uses: int | None,
    until: dt.datetime | None,
    without_juveniles: bool,
) -> None:
    """Grant access, or a part of what is asked for; the prosecutor signs. Nothing reaches further than policy."""
    part = granted_part.part(suspects, classes, uses, until, without_juveniles=without_juveniles)
    seen = _etag(session, access_request_id, etag, "Grant this access?", part)
    if seen is None:
        return
    with session.client(officer=True) as client:
        deciding.approve(session, client, access_request_id, seen, part)


@access.command("return")
@click.argument("access_request_id", type=record_id)
@click.option(
    "--reason", "reasons", type=click.Choice(deciding.REASONS), multiple=True, required=True, help="Why; repeatable."
)
@click.option("--etag", help="The version that was seen; without it the request is shown first.")
@common
def return_(session: Session, access_request_id: str, reasons: tuple[str, ...], etag: str | None) -> None:
    """Return a request with reasons; the prosecutor signs."""
    seen = _etag(session, access_request_id, etag, "Return this request?")
    if seen is None:
        return
    with session.client(officer=True) as client:
        deciding.send_back(session, client, access_request_id, seen, reasons)


@access.command("pass")
@click.argument("access_request_id", type=record_id)
@click.argument("key_id", required=False, metavar="[KEY_ID]")
@keys.file_option("The successor's key, instead of KEY_ID.")
@click.option("--etag", help="The version that was seen; without it the request is shown first.")
@common
def pass_(
    session: Session, access_request_id: str, key_id: str | None, key_file: Path | None, etag: str | None
) -> None:
    """Pass a request, with its grant, to the new officer of the investigation; you sign, as a deciding officer.

    KEY_ID is the successor's, as `nsor whoami` prints it on his computer, or its first or last 8 digits.
    """
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    keys.id_or_part(key_id, key_file)
    question = session.said("Pass this request to the other officer?")
    seen = _etag(session, access_request_id, etag, question, decided_too=True)
    with session.client(officer=True) as client:
        passing = access_requests_pb2.PassAccessRequestRequest(
            request_id=str(uuid.uuid4()),
            access_request_id=access_request_id,
            etag=seen or "",
            successor_key_id=keys.id_of(client, key_id, key_file),
        )
        session.answer(client.lookup.pass_access_request(passing), title="Passed to the other officer")


@access.command("juveniles")
@click.argument("access_request_id", type=record_id)
@click.argument("decision", type=click.Choice(("allow", "refuse")))
@click.option("--etag", help="The version that was seen; without it the request is shown first.")
@common
def juveniles(session: Session, access_request_id: str, decision: str, etag: str | None) -> None:
    """Say whether juveniles' records may be shown on a request that asks for them (NPB); you sign.

    It counts whether or not there is such a record: nobody learns that by it.
    """
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    allows = decision == "allow"
    question = "Allow juveniles' records?" if allows else "Refuse juveniles' records?"
    seen = _etag(session, access_request_id, etag, session.said(question), decided_too=True)
    with session.client(officer=True) as client:
        request = access_requests_pb2.DecideJuvenileAccessRequest(
            request_id=str(uuid.uuid4()),
            access_request_id=access_request_id,
            etag=seen or "",
            decision=access_requests_pb2.JUVENILE_DECISION_ALLOWED
            if allows
            else access_requests_pb2.JUVENILE_DECISION_REFUSED,
        )
        title = "Juveniles' records allowed" if allows else "Juveniles' records refused"
        session.answer(client.lookup.decide_juvenile_access(request), title=title)


@access.command("withdraw")
@click.argument("grant_id", type=part_of_id)
@agreement.option
@common
def withdraw_grant(session: Session, grant_id: str, agreed: bool) -> None:
    """Withdraw a grant for good, yours or a colleague's; the prosecutor signs.

    GRANT_ID may be its first or last 8 digits.
    """
    grants.withdraw(session, grant_id, grants.GRANT, agreed=agreed)


@access.command("grants")
@common
def list_grants(session: Session) -> None:
    """List the grants that your prosecution has given and that still count, the one that ends first in front."""
    grants.show_all(session, grants.GRANT)
