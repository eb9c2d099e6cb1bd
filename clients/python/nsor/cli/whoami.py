"""`nsor whoami`: which agency, officer and register the next command would use, until when, and whether it answers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from nsor.cli import kept, keys
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, common
from nsor.counting import counted

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.errors import NsorError
    from nsor.v1 import directory_pb2

_SOON_DAYS = 14


@click.command()
@common
def whoami(session: Session) -> int:
    """Say which agency and officer you are here, until when, and whether the register answers.

    It makes one call, for the register's newest checkpoint, and with an officer's key one for your agency's keys. They
    are recorded like any other.
    """
    from nsor.errors import NsorError, ProofFailed  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    failure: NsorError | None = None
    mine: directory_pb2.Officer | None = None
    path = session.settings().officer_key
    with session.client(officer=path is not None and path.exists()) as client:
        try:
            client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest())
            mine = _enrolled(client)
        except ProofFailed:
            raise
        except NsorError as error:
            failure = error
        _show(session, client, mine, failure)
    return 1 if failure else 0


def _enrolled(client: Client) -> directory_pb2.Officer | None:
    """The officer's key as the register has it; None where it can't be asked for: no key, a system's, no officers.

    Raises:
        Refused: the key isn't enrolled, or was disabled.
    """
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    if not client.officer_key_id:
        return None
    try:
        officers, _ = keys.every(client)
    except Refused as error:
        if error.reason == "OFFICER_NOT_ACCEPTED":
            raise
        return None
    return next((each for each in officers if each.officer_key_id == client.officer_key_id), None)


def _show(session: Session, client: Client, mine: directory_pb2.Officer | None, failure: NsorError | None) -> None:
    key = client.officer_key_id.hex()
    number = mine.officer_number if mine else kept.officer_number(client.state_folder, client.officer_key_id)
    certificate = client.certificate
    if session.as_json:
        session.json(
            {
                "agency": client.agency_id,
                "certificate_serial": certificate.serial,
                "certificate_not_after": certificate.not_after.isoformat(),
                "officer_key_id": key,
                "officer_number": number,
                "officer": keys.who(mine) if mine else "",
                "register": client.target,
                "ledger": client.ledger_origin,
                "answers": failure is None,
                "error": None if failure is None else as_dict(failure),
            }
        )
        return
    rows = [
        ("agency", client.agency_id or "none: the certificate names no agency"),
        ("certificate", f"serial {certificate.serial}"),
        ("valid until", _until(certificate.not_after)),
        ("officer", _named(session, key, number, mine)),
        ("officer's session", "signed anew for each command, for at most 15 minutes" if key else "none"),
        ("register", f"{client.target}, {_reaction(failure)}"),
        ("ledger", client.ledger_origin),
        ("state folder", str(client.state_folder)),
    ]
    session.table("", ("", ""), rows)
    if not key:
        path = session.settings().officer_key
        if path:
            session.say("Make the key: `nsor officer new-key {}`", path)
        else:
            session.say("Name the officer's key: --officer-key, or NSOR_OFFICER_KEY.")
    if failure is not None:
        session.failures.error(failure)


def _reaction(failure: NsorError | None) -> str:
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    if failure is None:
        return "answers"
    if failure.reason == "OFFICER_NOT_ACCEPTED":
        return "answers, but does not know the officer's key, or it was disabled"
    return "refuses" if isinstance(failure, Refused) else "does not answer"


def _until(end: dt.datetime) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    days = (end - dt.datetime.now(dt.UTC)).days
    left = "expired" if days < 0 else f"{counted(days, 'days')} left"
    renew = ": ask for a new one, `nsor credentials request`" if days < _SOON_DAYS else ""
    return f"{end.astimezone(render.PAKISTAN):%Y-%m-%d %H:%M PKT}, {left}{renew}"


def _named(session: Session, key: str, number: str, mine: directory_pb2.Officer | None) -> str:
    if mine is not None:
        grade = f", grade {mine.grade}" if mine.grade else ""
        return f"{number}, {keys.who(mine)}{grade}, key {key}"
    if key:
        return f"{number or 'number not known here'}, key {key}"
    path = session.settings().officer_key
    if path is None:
        return "none: no key is named"
    return "none: there is no such key yet"
