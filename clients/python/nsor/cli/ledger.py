"""`nsor ledger`: the proof that accesses are recorded, a witness's co-signature under it, and the list of them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import failed_before, lost_entries, screen, silent_witnesses
from nsor.cli.accesses import accesses, show
from nsor.cli.arguments import access_id as id_of_access
from nsor.cli.feed import feed
from nsor.cli.mirror import mirror
from nsor.cli.session import Session, common
from nsor.cli.witnesses import at_minute
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.verification import Verified


@click.group()
def ledger() -> None:
    """Verify the access ledger; show or co-sign its newest checkpoint; list accesses."""


@ledger.command()
@click.option("--everything", is_flag=True, help="Prove every kept entry again, not only those since the last time.")
@common
def verify(session: Session, everything: bool) -> None:
    """Prove that the ledger only grew, and that it holds every entry you were shown.

    Exit code 3 says that it doesn't: keep the state folder as it is, and tell the Special Committee. The first
    one that failed, and the last, are said again whatever a later verification finds. Entries that were lost, as the
    register has owned up to, are listed every time, with exit code 4. Exit code 5 says that a witness of your settings
    is silent.
    """
    with session.client() as client, session.progress() as progress:
        task = progress.add_task(session.said("Proving"), total=None)
        with failed_before.beside(session, client):
            found = client.verify_ledger(
                everything=everything,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
    silent = silent_witnesses.found(session, found.witnessed)
    _show_verified(session, client, found, silent)
    if found.lost or silent:
        click.get_current_context().exit(lost_entries.EXIT_CODE if found.lost else silent_witnesses.EXIT_CODE)


def _show_verified(session: Session, client: Client, found: Verified, silent: Sequence[tuple[str, int]]) -> None:
    if session.as_json:
        session.json(
            {
                "failures": failed_before.as_list(client),
                "previous_size": found.previous_size,
                "size": found.size,
                "root": found.root.hex(),
                "leaves": found.leaves,
                "checkpoints": found.checkpoints,
                "lost": [lost_entries.as_dict(each) for each in found.lost],
                "lost_checkpoints": found.lost_checkpoints,
                "witnessed": [
                    {"witness": each.witness, "size": each.checkpoint.size, "time": each.time}
                    for each in found.witnessed
                ],
                "silent": [{"witness": name, "time": at} for name, at in silent],
            }
        )
        return
    if found.lost or found.lost_checkpoints:
        lost_entries.show(session, found.lost)
    else:
        whole = "لیجر مکمل ہے۔" if session.language == "ur" else "The ledger is whole."  # noqa: RUF001 - Urdu
        screen.echo(whole, fg="green")
    rows = [
        ("entries now", str(found.size)),
        ("entries at the last check", str(found.previous_size)),
        ("your entries proven", str(found.leaves)),
        ("earlier checkpoints proven", str(found.checkpoints)),
        ("your entries lost", str(len(found.lost))),
        ("earlier checkpoints lost", str(found.lost_checkpoints)),
        ("root", found.root.hex()),
    ]
    session.table("", ("", ""), rows)
    for each in found.witnessed:
        session.say(
            "{} co-signed {:,} entries at {}, by its clock: none of them was made later.",
            each.witness,
            each.checkpoint.size,
            at_minute(each.time),
        )
    silent_witnesses.say(session, silent)
    failed_before.say(session, client)


@ledger.command()
@click.option("--min-size", type=click.IntRange(0), default=0, help="The first one of at least this size.")
@common
def checkpoint(session: Session, min_size: int) -> None:
    """Print the newest checkpoint: a signed note that witnesses can co-sign."""
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    with session.client() as client:
        answer = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest(min_tree_size=min_size))
    text = answer.message.checkpoint.decode()
    if session.as_json:
        session.json({"checkpoint": text})
    else:
        screen.echo(text, nl=False)


@ledger.command()
@click.argument("access_id", type=id_of_access, metavar="ID")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@common
def receipt(session: Session, access_id: str, folder: Path) -> None:
    """Write the receipt of your access ID into FOLDER, for whoever has no `nsor`: a tlog-proof, and the entry.

    ID is the access's id, its first or last 8 digits, or its support code.
    The entry names nobody. The proof is text by c2sp.org/tlog-proof: the entry's place, its way to the root, and the
    newest checkpoint that the register has signed.
    """
    from nsor.ledger.tlog_proof import SUFFIX  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client() as client:
        found = client.receipt(access_id)
    if found is None:
        raise WrongUse("No receipt of that access is kept here: the computer that made the call has it.")
    proof, entry = found
    written = {folder / f"{access_id}{SUFFIX}": proof.text(), folder / f"{access_id}.entry": entry}
    for path, content in written.items():
        path.write_bytes(content)
    if session.as_json:
        session.json({"index": proof.index, "proof": str(folder / f"{access_id}{SUFFIX}"), "entry": str(path)})
    else:
        session.table("", ("", ""), [("entry", str(proof.index)), *(("file", str(each)) for each in written)])


@ledger.command("new-witness-key")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="The witness's name, a URL without https://; default: nsor.gov.pk/witness/AGENCY.")
@common
def new_witness_key(session: Session, file: Path, name: str | None) -> None:
    """Make a witness's key in a new FILE that only you can read, and print its verifier key.

    Give the verifier key to whoever runs `nsor-server ledger verify --witness`, and to other agencies.
    """
    from nsor.ledger.cosignature import WitnessKey  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.ledger.note import NoteError  # noqa: PLC0415 - as above

    agency = session.options.get("agency") or os.environ.get("NSOR_AGENCY")
    if not (name or agency):
        raise WrongUse("Name the witness with --name, or your agency with --agency.")
    try:
        key = WitnessKey.generate(name or f"nsor.gov.pk/witness/{agency}")
    except NoteError:
        raise WrongUse("A witness's name has neither spaces nor a plus sign.") from None
    try:
        key.save(file)
    except FileExistsError:
        raise WrongUse("{} exists already, and a key is never overwritten. Name another file.", file) from None
    if session.as_json:
        session.json({"witness": key.verifier.text(), "file": str(file)})
        return
    screen.echo(key.verifier.text())
    session.say("Key made. Next: `nsor ledger cosign --witness-key {}`", file)


@ledger.command()
@click.option(
    "--witness-key",
    "key_file",
    type=click.Path(path_type=Path),
    required=True,
    help="The witness's key: `nsor ledger new-witness-key` makes it.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append-only file of co-signed checkpoints; default: beside the kept proofs.",
)
@click.option(
    "--opening",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Co-sign the first checkpoint of a new epoch instead, from this file of the register's operator.",
)
@common
def cosign(session: Session, key_file: Path, out: Path | None, opening: Path | None) -> None:
    """As a witness: verify the ledger, then co-sign its newest checkpoint and append it to a file.

    After a loss the register doesn't serve before its witnesses have co-signed how it goes on: with --opening nobody is
    asked, and the file that is appended to goes back to the operator.

    Nothing is signed, and the exit code is 3, when the ledger doesn't continue what this client kept or what this
    witness has co-signed before: keep both, and publish them.
    """
    from nsor import witness  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.ledger.cosignature import WitnessKey  # noqa: PLC0415 - as above

    key = WitnessKey.load(key_file)
    with session.client() as client, session.progress() as progress:
        path = out or client.state_folder / "cosigned"
        if opening is None:
            task = progress.add_task(session.said("Proving"), total=None)
            done = witness.cosign(
                client,
                key,
                path,
                progress=lambda steps, total: progress.update(task, completed=steps, total=total),
            )
        else:
            done = witness.cosign_opening(client, key, path, opening)
    if session.as_json:
        session.json(
            {
                "size": done.checkpoint.size,
                "root": done.checkpoint.root.hex(),
                "time": done.time,
                "witness": key.verifier.text(),
                "note": done.note.decode(),
                "file": str(path),
            }
        )
        return
    at = dt.datetime.fromtimestamp(done.time, render.PAKISTAN)
    rows = [
        ("entries", str(done.checkpoint.size)),
        ("root", done.checkpoint.root.hex()),
        ("time", f"{at:%Y-%m-%d %H:%M:%S %Z}"),
        ("witness", key.verifier.text()),
        ("file", str(path)),
    ]
    session.table("Co-signed", ("", ""), rows)


@ledger.command()
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="State folder of another computer of your agency, or a copy of it; repeatable.",
)
@click.option("--everything", is_flag=True, help="Compare all accesses again, not only those since the last time.")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="ENTRY",
    type=int,
    help="Number of an entry that was named here and that you know of: it isn't named again. Repeatable.",
)
@common
def monitor(session: Session, folders: tuple[Path, ...], everything: bool, accepted: tuple[int, ...]) -> None:
    """List accesses under your agency of which no computer of yours has a receipt: a stolen certificate shows itself.

    Give the state folders of all computers that use a certificate of your agency. Exit code 1 says that there are some.
    Each is named every time, until its receipt turns up or you accept it.
    """
    from nsor import monitor as monitoring  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client() as client:
        try:
            found = monitoring.unknown(client, folders, everything=everything, accepted=accepted)
        except monitoring.NotNamed:
            raise WrongUse(
                "An entry that you accept isn't among those without a receipt. Nothing was accepted."
            ) from None
        own = client.agency_id
    if session.as_json:
        for each in found:
            session.json_of(each)
    elif found:
        show(session, found, own=own)
        session.say("No computer of yours has a receipt of these. Ask each officer whether it was he.")
        session.say("If it wasn't: have NPB revoke the certificate, and disable the key: `nsor officer disable`.")
        session.say("If it was: `nsor ledger monitor --accept ENTRY`, or it is named again each time.")
        session.say("An answer that never arrived has no receipt either, and one entry may stand for many refusals.")
    else:
        session.say("Each access under your agency is one of yours.")
    if found:
        click.get_current_context().exit(1)


ledger.add_command(accesses)
ledger.add_command(mirror)
ledger.add_command(feed)
