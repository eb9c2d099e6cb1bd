"""`nsor seal`: officers of NPB stop every disclosure of the register; others and the Committee let it go on."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nsor.cli import agreement
from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import register_seal_pb2

REASONS: Final = ("intrusion", "misuse", "wrong-answers", "tampering", "order", "drill")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def seal() -> None:
    """Seal the register, so that it shows nobody to anybody, or unseal it (NPB, Special Committee).

    Two officers of NPB seal it. Two others of NPB and then an officer of the Special Committee unseal it. What isn't a
    disclosure goes on meanwhile: entries, judgments, notices, recalls, events, oversight.
    """


@seal.command()
@common
def show(session: Session) -> None:
    """Say whether the register is sealed, by whom and why, and what waits to be decided."""
    from nsor.v1 import register_seal_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client(officer=True) as client:
        answer = client.directory.get_register_seal(register_seal_pb2.GetRegisterSealRequest())
    stands = answer.message
    session.answer(answer, title="Sealed" if stands.HasField("seal") else "Not sealed")
    if session.as_json:
        return
    if stands.HasField("proposal"):
        session.say("To decide: `nsor seal decide {}`", stands.proposal.proposal_id)
    elif stands.HasField("seal"):
        session.say(
            "To unseal it, by an officer who hasn't sealed it: `nsor seal ask --unseal {}`", stands.seal.seal_id
        )


@seal.command()
@click.option("--reason", type=click.Choice(REASONS), help="Why the register is to be sealed.")
@click.option("--unseal", "seal_id", type=record_id, metavar="SEAL_ID", help="Instead: take this seal off.")
@agreement.option
@common
def ask(session: Session, reason: str | None, seal_id: str | None, *, agreed: bool) -> None:
    """Propose to seal the register, or to unseal it; you sign. It changes nothing until another officer decides."""
    from nsor.v1 import register_seal_pb2  # noqa: PLC0415 - as above

    if (reason is None) == (seal_id is None):
        raise WrongUse("Say why it is to be sealed (--reason), or which seal is to be taken off (--unseal).")
    request = register_seal_pb2.ProposeRegisterSealRequest(request_id=str(uuid.uuid4()), seal_id=seal_id or "")
    if reason is None:
        request.action = register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL
        question = "Propose that the register discloses again?"
    else:
        request.action, request.reason = register_seal_pb2.REGISTER_SEAL_ACTION_SEAL, _reason(reason)
        question = "Propose that the register shows nobody to anybody?"
    with session.client(officer=True) as client:
        agreement.obtain(session, session.said(question), agreed=agreed)
        answer = client.directory.propose_register_seal(request)
    session.answer(answer, title="Proposed")
    if not session.as_json:
        session.say("Another officer of NPB decides: `nsor seal decide {}`", answer.message.proposal.proposal_id)


@seal.command()
@click.argument("proposal_id", type=record_id)
@agreement.option
@common
def decide(session: Session, proposal_id: str, *, agreed: bool) -> None:
    """Confirm what another officer has proposed about the seal; you sign. Whoever is against it does nothing."""
    from nsor.v1 import register_seal_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        stands = client.directory.get_register_seal(register_seal_pb2.GetRegisterSealRequest()).message
        if stands.proposal.proposal_id != proposal_id:
            raise WrongUse("No such proposal waits. `nsor seal show` has what does.")
        seals = stands.proposal.action == register_seal_pb2.REGISTER_SEAL_ACTION_SEAL
        question = (
            "Seal the register, so that it shows nobody to anybody, at once?" if seals else "Unseal the register?"
        )
        agreement.obtain(session, session.said(question), agreed=agreed)
        request = register_seal_pb2.ConfirmRegisterSealRequest(request_id=str(uuid.uuid4()), proposal_id=proposal_id)
        answer = client.directory.confirm_register_seal(request)
    session.answer(answer, title="Sealed" if answer.message.HasField("seal") else "Not sealed")
    if answer.message.HasField("proposal") and not session.as_json:
        session.say("It stays sealed until the Special Committee decides: `nsor seal decide {}`", proposal_id)


@seal.command()
@click.argument("out", type=_NEW_FILE)
@click.option("--reason", type=click.Choice(REASONS), help="You are the first: why it is to be sealed.")
@click.option("--with", "other", type=_FILE, metavar="FILE", help="You are the second: what the first one has signed.")
@agreement.option
@common
def sign(session: Session, out: Path, reason: str | None, other: Path | None, *, agreed: bool) -> None:
    """Sign into the new file OUT that the register is to be sealed, without asking it: when it isn't trusted.

    The register's operator gives both officers' files to `nsor-server seal`.
    """
    from nsor.officer import OfficerKey  # noqa: PLC0415 - as above
    from nsor.seal_statement import SignedStatement, Statement, StatementError  # noqa: PLC0415 - as above

    if (reason is None) == (other is None):
        raise WrongUse("The first officer gives --reason, the second one --with FILE.")
    key_file = session.settings().officer_key
    if key_file is None:
        raise WrongUse("Name your key: --officer-key or NSOR_OFFICER_KEY.")
    if other is None:
        statement = Statement(session.ledger_key().split("+")[0], uuid.uuid4().bytes, _reason(reason or ""))
    else:
        try:
            statement = SignedStatement.decode(other.read_bytes()).statement
        except StatementError:
            raise WrongUse("{} isn't what `nsor seal sign` writes.", other.name) from None
    session.say("Register {}, reason {}.", statement.register, _word(statement.reason))
    agreement.obtain(session, session.said("Sign that it is to be sealed?"), agreed=agreed)
    signed = SignedStatement.signed(statement, OfficerKey.load(key_file), time.time_ns() // 1000)
    with out.open("xb") as file:
        file.write(signed.encode())
    session.say("Signed into {}.", out.name)


def _reason(word: str) -> register_seal_pb2.RegisterSealReason.ValueType:
    from nsor.v1 import register_seal_pb2  # noqa: PLC0415 - as above

    return register_seal_pb2.RegisterSealReason.Value(f"REGISTER_SEAL_REASON_{word.upper().replace('-', '_')}")


def _word(number: int) -> str:
    from nsor.v1 import register_seal_pb2  # noqa: PLC0415 - as above

    value = register_seal_pb2.RegisterSealReason.DESCRIPTOR.values_by_number.get(number)
    return str(number) if value is None else value.name.removeprefix("REGISTER_SEAL_REASON_").lower().replace("_", "-")
