"""`nsor ledger mirror`: the published log as a folder, for tools that others wrote."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from nsor.cli.session import Session, common
from nsor.misuse import WrongUse


@click.command("mirror")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--log-target", metavar="HOST:PORT", help="Where the log is published; default: NSOR_LOG_TARGET.")
@click.option("--hashes-only", is_flag=True, help="Leave the entries out, which few agencies may have.")
@common
def mirror(session: Session, folder: Path, log_target: str | None, hashes_only: bool) -> None:
    """Fetch the published log into FOLDER, or bring FOLDER up to now, and verify it.

    Any tool that reads C2SP tlog-tiles reads the folder. After a rotation of the ledger's key the register is asked,
    once, for what proves the new one. Exit code 3 says that the log isn't what was signed, or doesn't continue what the
    folder holds or what this client has verified: keep both, and tell the Special Committee.
    """
    from nsor import mirror as mirroring  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.journal import Journal  # noqa: PLC0415 - as above
    from nsor.ledger.note import Verifier  # noqa: PLC0415 - as above
    from nsor.ledger.rotations import Keys, proved  # noqa: PLC0415 - as above
    from nsor.origins import parsed  # noqa: PLC0415 - as above
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    settings = session.settings()
    target = log_target or settings.log_target
    if not target:
        raise WrongUse("Say where the log is published: --log-target HOST:PORT, or NSOR_LOG_TARGET.")
    verifier = Verifier.parse(settings.ledger_key)
    with contextlib.closing(Journal(settings.state, verifier)) as journal:
        kept, keys = journal.base().note, proved(journal.rotations(), verifier)

    def learn() -> Keys:
        nonlocal keys
        with session.client() as client:
            # Its receipt is signed with the new key: the client has the rotation proved, and keeps it.
            client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest())
        with contextlib.closing(Journal(settings.state, verifier)) as journal:
            keys = proved(journal.rotations(), verifier)
        return keys

    files = {"certificate": settings.certificate, "key": settings.key, "ca": settings.ca}
    with mirroring.HttpsSource(target, **files) as source, session.progress() as progress:
        task = progress.add_task(session.said("Fetching"), total=None)
        done = mirroring.mirror(
            folder,
            source,
            verifier,
            keys=keys,
            learn=learn,
            entries=not hashes_only,
            known=[parsed(kept, verifier)] if kept else [],
            progress=lambda there, total: progress.update(task, completed=there, total=total),
        )
    if session.as_json:
        session.json(
            {
                "previous_size": done.before,
                "size": done.newest.size,
                "root": done.newest.root.hex(),
                "origin": done.newest.origin,
                "verified_size": done.compared,
                "folder": str(folder),
                "ledger_key": Verifier(done.newest.origin, keys.known[0].key).text(),
            }
        )
        return
    rows = [
        ("entries now", str(done.newest.size)),
        ("entries at the last check", str(done.before)),
        ("root", done.newest.root.hex()),
        ("folder", str(folder)),
        ("verifier key", Verifier(done.newest.origin, keys.known[0].key).text()),
    ]
    session.table("The log is whole.", ("", ""), rows)
    if done.compared:
        session.say("It continues the ledger of {:,} entries that this computer has verified.", done.compared)
