"""`nsor witness`: who sees to it that the ledger only grows, as the Special Committee has registered them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from nsor.cli import agreement
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.v1 import witnesses_pb2


@click.group()
def witness() -> None:
    """Register, list and retire witnesses of the ledger (Special Committee).

    A witness sees to it that the ledger only grows, and co-signs its checkpoints under a key of its own: nobody shows
    another past under its name. `nsor ledger feed` brings checkpoints to witnesses and hands in what they sign.
    """


@witness.command()
@click.argument("verifier_key")
@click.option("--of-agency", "agency_id", default="", metavar="AGENCY", help="It may fetch the ledger's entries, too.")
@click.option("--validate-only", is_flag=True, help="Check the request and change nothing.")
@common
def register(session: Session, verifier_key: str, agency_id: str, *, validate_only: bool) -> None:
    """Register a witness by its VERIFIER_KEY, which begins with its name; you sign.

    Neither the name nor the key was another witness's before. Entries name nobody; whoever runs the witness may look at
    them if you name its agency.
    """
    from nsor.v1 import witnesses_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = witnesses_pb2.RegisterWitnessRequest(
        request_id=str(uuid.uuid4()), verifier_key=verifier_key, agency_id=agency_id, validate_only=validate_only
    )
    with session.client(officer=True) as client:
        session.answer(
            client.oversight.register_witness(request), title="Witness" if validate_only else "Witness registered"
        )


@witness.command("list")
@click.option("--all", "everything", is_flag=True, help="Retired ones too.")
@common
def list_(session: Session, *, everything: bool) -> None:
    """List the witnesses, and which checkpoint each has co-signed last, by its own clock."""
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    with session.client() as client:
        found = every(client)
        newest = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest()).message
    last = last_cosigned(newest.cosigned, found)
    shown = [each for each in found if everything or not each.HasField("retire_time")]
    if session.as_json:
        from nsor.cli import programs  # noqa: PLC0415 - as above

        for each in shown:
            size, at = last.get(each.verifier_key, (0, 0))
            session.json({**programs.as_dict(each), "cosigned_size": size, "cosigned_time": at})
        return
    rows = [_row(each, last.get(each.verifier_key)) for each in shown]
    session.table("Witnesses", ("name", "agency", "state", "entries", "co-signed"), rows)
    more = "" if everything or len(shown) == len(found) else "`--all` shows retired ones"
    session.counted(len(shown), len(found), "witnesses", more=more)


@witness.command()
@click.argument("name")
@agreement.option
@common
def retire(session: Session, name: str, *, agreed: bool) -> None:
    """Retire a witness by its NAME or verifier key, for good; you sign. What it has co-signed stays."""
    from nsor.v1 import witnesses_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        known = [each for each in every(client) if name in {each.verifier_key, name_of(each)}]
        if not known:
            raise WrongUse("There is no witness of that name: `nsor witness list --all`")
        if not known[0].HasField("retire_time"):
            agreement.obtain(session, "Retire this witness for good?", agreed=agreed)
        request = witnesses_pb2.RetireWitnessRequest(request_id=str(uuid.uuid4()), verifier_key=known[0].verifier_key)
        session.answer(client.oversight.retire_witness(request), title="Witness retired")


def every(client: Client) -> list[witnesses_pb2.Witness]:
    """The witnesses of the register, retired ones too."""
    return [each for page in pages(client) for each in page.message.witnesses]


def pages(client: Client) -> Iterator[Answer[witnesses_pb2.ListWitnessesResponse]]:
    """The pages of the list of witnesses; each is an entry."""
    from nsor.v1 import witnesses_pb2  # noqa: PLC0415 - as above

    request = witnesses_pb2.ListWitnessesRequest(page_size=500)
    while True:
        page = client.oversight.list_witnesses(request)
        yield page
        if not page.message.next_page_token:
            return
        request.page_token = page.message.next_page_token


def last_cosigned(cosigned: Iterable[bytes], witnesses: Iterable[witnesses_pb2.Witness]) -> dict[str, tuple[int, int]]:
    """Of each witness, by its key, the size of the checkpoint that it has co-signed last, and when; checked.

    Args:
        cosigned: checkpoints as the register gives them with the newest one.
        witnesses: the register's.
    """
    from nsor.ledger.cosignature import WitnessVerifier  # noqa: PLC0415 - as above
    from nsor.ledger.note import Checkpoint, Note, NoteError  # noqa: PLC0415 - as above

    last: dict[str, tuple[int, int]] = {}
    for signed in cosigned:
        for each in witnesses:
            try:
                note = Note.parse(signed)
                times = WitnessVerifier.parse(each.verifier_key).times(note)
                size = Checkpoint.parse(note.text).size
            except NoteError:
                continue  # it isn't this witness's, and counts for nothing
            if times:
                last[each.verifier_key] = max(last.get(each.verifier_key, (0, 0)), (size, max(times)))
    return last


def _row(each: witnesses_pb2.Witness, last: tuple[int, int] | None) -> tuple[str, ...]:
    state = "retired" if each.HasField("retire_time") else "counts"
    size, at = ("", "never") if last is None else (f"{last[0]:,}", at_minute(last[1]))
    return name_of(each), each.agency_id, state, size, at


def name_of(each: witnesses_pb2.Witness) -> str:
    """The name that its verifier key begins with."""
    return each.verifier_key.partition("+")[0]


def at_minute(seconds: int) -> str:
    """When a witness says that it has signed, Unix seconds, in Pakistan's time."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    try:
        return dt.datetime.fromtimestamp(seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return str(seconds)  # a witness whose clock says a year that no calendar has
