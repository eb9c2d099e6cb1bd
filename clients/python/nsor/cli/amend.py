"""`nsor amend`, `nsor propose` and `nsor proposals`: what a record says of a person, shown as was -> becomes.

Particulars are personal data: they come from a file or stdin, never from the command line, which other users can read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from nsor.cli import agreement
from nsor.cli.arguments import record_id
from nsor.cli.session import CONFIDENTIAL, Session, common, read_request, read_text

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import amendments_pb2, registration_pb2

_NOTHING = "(nothing)"
_TOGETHER = (("cnic", "no_cnic_reason"), ("birth_date", "birth_date_precision"))
_REASONS = ("not-so", "not-shown", "other-person", "known", "outdated")


@click.command()
@click.argument("registration_id", required=False, type=record_id)
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the amendment and change nothing.")
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
) -> None:
    """Amend what a record of your agency says of the person; you sign.

    FILE is JSON with the particulars that change, and no others. A list is given whole, with what stays of it; no name
    is left out: an old one becomes NAME_KIND_FORMER. The prosecution that entered the record amends it until release,
    the police of the responsible place from then on.
    """
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        click.echo(skeleton(amendments_pb2.Particulars.DESCRIPTOR))
        return
    if registration_id is None or (file is None and not current):
        raise click.UsageError(
            "Give the registration's id and a FILE with what changes, or - for stdin."
            " `nsor amend ID --current` prints one to change."
        )
    if file is None:
        with session.client(officer=True) as client:
            session.json_of(_particulars(_shown(client, registration_id)))
        return
    given, paths = _read(file)
    request = amendments_pb2.AmendRegistrationRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        etag="unseen",
        particulars=given,
    )
    request.update_mask.paths.extend(paths)
    with session.client(officer=True) as client:
        if not validate_only:
            seen = _shown(client, registration_id)
            request.etag = seen.etag
            if not session.as_json and _says_so(seen, given, paths):
                session.say("The record says all of it already: nothing was changed.")
                return
            _show_changes(session, seen, given, paths)
            agreement.obtain(session, "Amend the record so?", agreed=agreed)
        answer = client.registration.amend_registration(request)
        session.answer(answer, title="Correct: nothing was changed" if validate_only else "Record amended")


@click.command()
@click.argument("registration_id", type=record_id)
@click.argument("file", metavar="FILE|-")
@click.option("--validate-only", is_flag=True, help="Check the amendment and propose nothing.")
@common
def propose(session: Session, registration_id: str, file: str, validate_only: bool) -> None:
    """Propose an amendment of a record that your agency has a part in; its owner decides.

    FILE is as for `nsor amend`. Until the owner has accepted it the record is what it was.
    """
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    given, paths = _read(file)
    request = amendments_pb2.ProposeAmendmentRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        particulars=given,
    )
    request.update_mask.paths.extend(paths)
    with session.client(officer=True) as client:
        answer = client.registration.propose_amendment(request)
        session.answer(answer, title="Correct: nothing was proposed" if validate_only else "Amendment proposed")
    if not validate_only:
        session.say(f"The record's owner decides. What became of it: `nsor proposals list {registration_id}`")


@click.group()
def proposals() -> None:
    """List, accept or refuse proposed amendments of a record."""


@proposals.command("list")
@click.argument("registration_id", type=record_id)
@common
def list_(session: Session, registration_id: str) -> None:
    """List proposed amendments: those that wait for your agency, and those that it has proposed."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = amendments_pb2.ListAmendmentsRequest(registration_id=registration_id)
        found = client.registration.list_amendments(wanted).message.amendments
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    fields: Any = amendments_pb2.Amendment.DESCRIPTOR.fields_by_name
    rows = [
        (
            each.amendment_id,
            render.text(fields["state"], each.state),
            render.text(fields["refusal"], each.refusal) if each.refusal else "",
            each.proposed_by_agency,
            ", ".join(each.paths),
        )
        for each in found
    ]
    if rows:
        session.table("Proposed amendments", ("amendment", "state", "why", "proposed by", "changes"), rows)
    session.say(f"{len(rows)} shown: all that you may see, at most the newest hundred.")


@proposals.command()
@click.argument("registration_id", type=record_id)
@click.argument("amendment_id", type=record_id)
@agreement.option
@common
def accept(session: Session, registration_id: str, amendment_id: str, agreed: bool) -> None:
    """Accept a proposed amendment, which amends the record; you sign."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = amendments_pb2.GetAmendmentRequest(registration_id=registration_id, amendment_id=amendment_id)
        found = client.registration.get_amendment(wanted).message
        seen = _shown(client, registration_id)
        _show_changes(session, seen, found.particulars, found.amendment.paths)
        agreement.obtain(session, "Amend the record so?", agreed=agreed)
        request = amendments_pb2.AcceptAmendmentRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=seen.etag,
            amendment_id=amendment_id,
        )
        session.answer(client.registration.accept_amendment(request), title="Record amended")


@proposals.command()
@click.argument("registration_id", type=record_id)
@click.argument("amendment_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REASONS), help="Why.")
@common
def refuse(session: Session, registration_id: str, amendment_id: str, reason: str) -> None:
    """Refuse a proposed amendment; you sign. The record stays as it is."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    request = amendments_pb2.RefuseAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=registration_id,
        amendment_id=amendment_id,
        reason=amendments_pb2.AmendmentRefusal.Value(f"AMENDMENT_REFUSAL_{reason.upper().replace('-', '_')}"),
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.refuse_amendment(request), title="Amendment refused")


def _read(file: str) -> tuple[amendments_pb2.Particulars, list[str]]:
    """The particulars of a file, and which of them it gives.

    Raises:
        click.UsageError: it isn't their JSON, or gives none.
    """
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    text, given = read_text(file), amendments_pb2.Particulars()
    read_request(text, given)
    fields: Any = given.DESCRIPTOR
    named = [fields.fields_by_name.get(key) or fields.fields_by_camelcase_name[key] for key in json.loads(text)]
    paths = [field.name for field in named]
    # Each of these says nothing without the other, and what isn't in the file is empty.
    paths += [one for pair in _TOGETHER for one in pair if one not in paths and set(pair) & set(paths)]
    if not paths:
        raise click.UsageError("The file changes nothing.")
    return given, paths


def _show_changes(
    session: Session, seen: registration_pb2.Registration, given: amendments_pb2.Particulars, paths: Sequence[str]
) -> None:
    """Show people what each of the particulars was and becomes."""
    if session.as_json:
        return
    click.secho(CONFIDENTIAL[session.language], err=True, fg="yellow")
    was, rows = _particulars(seen), []
    for path in paths:
        before, after = list(_lines(was, path)), list(_lines(given, path))
        rows.append((path.replace("_", " "), ""))
        rows += [("  was", line) for line in before or [_NOTHING]]
        rows += [("  becomes", line) for line in after or [_NOTHING]]
    session.table("What changes", ("", ""), rows)


def _says_so(seen: registration_pb2.Registration, given: amendments_pb2.Particulars, paths: Sequence[str]) -> bool:
    """Whether the record has every one of the particulars as it is given: an amendment that was sent before."""
    was = _particulars(seen)
    return all(getattr(was, path) == getattr(given, path) for path in paths)


def _shown(client: Client, registration_id: str) -> registration_pb2.Registration:
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    wanted = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
    return client.registration.get_registration(wanted).message.registration


def _particulars(shown: registration_pb2.Registration) -> amendments_pb2.Particulars:
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


def _lines(particulars: amendments_pb2.Particulars, path: str) -> Iterator[str]:
    """The values of one of the particulars as people read them, each on a line."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    field: Any = particulars.DESCRIPTOR.fields_by_name[path]
    value: Any = getattr(particulars, path)
    if not field.is_repeated and not (particulars.HasField(path) if field.has_presence else value):  # type: ignore[arg-type]  # a field's name
        return
    for item in value if field.is_repeated else [value]:
        alone = field.message_type is None or field.message_type.full_name == "google.type.Date"
        yield render.text(field, item) if alone else ", ".join(text for _, _, text in render.lines(item) if text)
