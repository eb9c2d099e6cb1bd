"""`nsor-server pki`: the CA's commands. All but `import` are meant for a machine without a network.

A passphrase comes from a file or a descriptor, never from the command line, which every process can read.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from nsor.cli import screen
from nsor.counting import counted
from nsor_server import config
from nsor_server.commands import again as again_
from nsor_server.commands.folding import say
from nsor_server.pki import authority, files, index, profiles, requests
from nsor_server.pki.errors import PkiError

_Command = Callable[..., Any]
_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The CA's folder (ca.pem, issuing/, index.jsonl).",
)
_PROFILES = click.option(
    "--profiles",
    "within",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of profiles; default: the ones that come with the program.",
)


def _passphrase(of: str = "") -> Callable[[_Command], _Command]:
    """Add the option that says where a passphrase is."""
    return click.option(
        f"--{of}passphrase",
        metavar="PATH|fd:N",
        callback=lambda _ctx, _param, source: None if source is None else files.read_passphrase(source),
        help="File (mode 0600) or open descriptor to read the key's passphrase from.",
    )


@click.group()
def pki() -> None:
    """Run the CA (offline), and import its index into the register."""


@pki.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="A new folder.")
@_PROFILES
@_passphrase()
def root(folder: Path, within: Path | None, passphrase: bytes | None) -> None:
    """Create the root CA; run it offline and put the folder away."""
    _note_if_clear(passphrase)
    path = authority.create_root(folder, passphrase=passphrase, at=authority.now(), within=within)
    screen.echo(f"Root certificate: {path}")
    screen.echo(f"Its key is {folder / 'root.key'}: keep it offline.")


@pki.command()
@_FOLDER
@click.option(
    "--root",
    "root_folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The root's folder.",
)
@_PROFILES
@_passphrase("root-")
@_passphrase()
def issuing(
    *,
    folder: Path,
    root_folder: Path,
    within: Path | None,
    root_passphrase: bytes | None,
    passphrase: bytes | None,
) -> None:
    """Create an issuing CA, signed by the root, that can sign no further CA."""
    _note_if_clear(passphrase)
    path = authority.create_issuing(
        folder,
        root=root_folder,
        root_passphrase=root_passphrase,
        passphrase=passphrase,
        at=authority.now(),
        within=within,
    )
    screen.echo(f"Issuing CA made. Servers and agencies trust {path} (NSOR_CLIENT_CA).")


@pki.command()
@_FOLDER
@click.option("--profile", type=click.Choice(profiles.LEAVES), required=True)
@click.option("--csr", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--agency", "agency_id", help="The agency's id (profile agency).")
@click.option("--dns", multiple=True, help="A host name of the server (profile server); repeatable.")
@click.option("--ip", multiple=True, help="An address of the server (profile server); repeatable.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
@_PROFILES
@_passphrase()
def issue(
    *,
    folder: Path,
    profile: profiles.ProfileName,
    csr: Path,
    agency_id: str | None,
    dns: tuple[str, ...],
    ip: tuple[str, ...],
    out: Path | None,
    within: Path | None,
    passphrase: bytes | None,
) -> None:
    """Issue a certificate for a request; names come from the options, not from the request."""
    ca = authority.Authority(folder, passphrase=passphrase, within=within)
    names = requests.Names(agency_id=agency_id, dns=dns, ip=ip)
    chain = ca.issue(csr.read_bytes(), profile=profile, names=names, at=authority.now())
    pem = files.certificates_pem(chain)
    if out is None:
        screen.echo(pem.decode("ascii"), nl=False)
    else:
        files.replace(out, pem, mode=0o644)
    say(
        f"Serial {chain[0].serial_number:x}, valid until {chain[0].not_valid_after_utc:%Y-%m-%d %H:%M} UTC. "
        "It counts once the register has imported the index:",
        err=True,
    )
    screen.echo(f"  nsor-server pki import {folder / 'index.jsonl'}", err=True)


@pki.command()
@click.argument("serial", required=False)
@_FOLDER
@click.option("--agency", "agency_id", help="Instead of a serial: every certificate of this agency that is valid.")
@click.option("--reason", type=click.Choice(get_args(index.Reason)), required=True)
@again_.OPTION
def revoke(*, serial: str | None, folder: Path, agency_id: str | None, reason: index.Reason, again: str | None) -> None:
    """Revoke a certificate, or all of an agency; they stop counting with the next import."""
    if (serial is None) == (agency_id is None):
        raise click.UsageError("Name one certificate by its serial, or --agency.")
    path = folder / "index.jsonl"
    serials = [serial] if serial is not None else _of_agency(path, agency_id or "", again)
    for one in serials:
        entry = authority.revoke(path, one, reason=reason, at=authority.now())
        screen.echo(f"Revoked {entry.serial} on {entry.at:%Y-%m-%d %H:%M} UTC ({entry.reason}).")
    counts = "It stops" if len(serials) == 1 else "They stop"
    screen.echo(
        f"{counts} counting once the register has imported the index:\n  nsor-server pki import {path}", err=True
    )


def _of_agency(path: Path, agency_id: str, again: str | None) -> list[str]:
    """The serials of an agency that are valid, once its id has been typed again.

    Raises:
        PkiError: there are none.
        NotTheSame: it wasn't.
    """
    at = authority.now()
    lines = [line for line in index.fold(index.read(path)) if line.issued.agency_id == agency_id]
    serials = [line.issued.serial for line in lines if line.revoked is None and line.issued.not_after > at]
    if not serials:
        raise PkiError("This CA has no valid certificate of that agency. See: nsor-server pki list")
    what = f"{counted(len(serials), 'certificates')} of {agency_id} will be revoked: {', '.join(serials)}"
    again_.typed(agency_id, again, what=what)
    return serials


@pki.command("list")
@_FOLDER
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def list_(folder: Path, *, as_json: bool) -> None:
    """List what was issued, with its state."""
    from nsor_server.pki import listing  # noqa: PLC0415 - rich is needed for the table alone

    listing.show(index.fold(index.read(folder / "index.jsonl")), at=authority.now(), as_json=as_json)


@pki.command("import")
@click.argument("index_file", metavar="INDEX", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(index_file: Path) -> None:
    """Import the CA's INDEX (index.jsonl) into the register; a revocation counts from the next call.

    Uses the owner's role of the configured database. Importing an index again adds nothing.
    """
    # Only this command needs PostgreSQL; the CA's machine has none.
    from nsor_server.commands.recording import recording  # noqa: PLC0415
    from nsor_server.directory import certificates  # noqa: PLC0415
    from nsor_server.storage import attach  # noqa: PLC0415

    settings = config.load(os.environ)
    entries = index.read(index_file)
    keys = attach.keyring_of(settings)
    with attach.attached(settings) as database, recording(database, settings) as connection:
        done = certificates.import_index(connection, keys, entries)
    screen.echo(f"{counted(done.issued, 'certificates')} and {counted(done.revoked, 'revocations')} imported.")


@pki.command()
@click.argument("certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def explain(certificate: Path) -> int:
    """Say why the register lets an agency's CERTIFICATE in, or doesn't; exit code 1 if it doesn't.

    For an agency that hears "Socket closed": its certificate is public, so it may be sent.
    """
    from nsor_server.commands import explain as reasons  # noqa: PLC0415 - as above: the CA's machine has no PostgreSQL
    from nsor_server.storage import attach  # noqa: PLC0415

    settings = config.load(os.environ)
    leaf = reasons.read(certificate)
    screen.echo(f"serial {leaf.serial_number:x}, until {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    failed = reasons.handshake(leaf, files.read_certificates(settings.client_ca), authority.now())
    if failed is not None:
        screen.echo(f"TLS: {failed}")
        return 1
    screen.echo("TLS: accepted, with its key and the CA that issued it in the client's file")
    keys = attach.keyring_of(settings)
    with attach.attached(settings) as database, database.owner() as owner:
        refused, more = reasons.call(leaf, reasons.known(owner, keys))
    if refused is not None:
        screen.echo(f"Register: {refused}\nNext: {more}")
        return 1
    screen.echo(f"Register: accepted, as {more}")
    return 0


@pki.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("certs/dev"),
    show_default=True,
    help="Folder that becomes mode 0700.",
)
@click.option(
    "--agencies",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=Path("certs/agencies.toml"),
    show_default=True,
)
@click.option("--force", is_flag=True, help="Make everything anew, the CA too.")
def development(out: Path, agencies: Path, *, force: bool) -> None:
    """Make development certificates; keeps what is valid for another 30 days."""
    from nsor_server.pki import development as maker  # noqa: PLC0415 - needs the agencies' client

    report = maker.create(out, maker.agency_ids(agencies), force=force)
    screen.echo(f"{out}: {len(report.made)} made, {len(report.kept)} kept. For development only.")


def _note_if_clear(passphrase: bytes | None) -> None:
    if passphrase is None:
        screen.echo("Note: the key is not encrypted (mode 0600). See --passphrase.", err=True)
