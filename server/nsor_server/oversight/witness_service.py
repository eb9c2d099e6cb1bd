"""OversightService on the wire, for witnesses of the ledger: the Committee registers them, and adds what they sign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.counting import counted
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import Checkpoint, Note
from nsor.v1 import errors_pb2, witnesses_pb2
from nsor_server import errors
from nsor_server.access import witnesses as of_rows
from nsor_server.access.disclosure import disclose
from nsor_server.access.witnesses import Witness
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import from_us, to_us
from nsor_server.ledger import cosignatures, proofs
from nsor_server.oversight import witnesses
from nsor_server.oversight.witnesses import HandedIn
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 100


class WitnessHandlers:
    """Registers, retires and lists witnesses, and keeps what they have signed."""

    def __init__(self, keyring: Keyring) -> None:
        """``keyring`` signs the ledger."""
        self._ledger = keyring.ledger

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                witnesses_pb2.RegisterWitnessRequest,
                witnesses_pb2.RegisterWitnessResponse,
                self.register_witness,
                by_directory=True,
            ),
            Unary(
                witnesses_pb2.RetireWitnessRequest,
                witnesses_pb2.RetireWitnessResponse,
                self.retire_witness,
                by_directory=True,
            ),
            Unary(
                witnesses_pb2.ListWitnessesRequest,
                witnesses_pb2.ListWitnessesResponse,
                self.list_witnesses,
                by_directory=True,
            ),
            Unary(
                witnesses_pb2.AddCosignaturesRequest,
                witnesses_pb2.AddCosignaturesResponse,
                self.add_cosignatures,
                by_directory=True,
            ),
        )

    def register_witness(
        self, call: Call, request: witnesses_pb2.RegisterWitnessRequest, conn: Connection
    ) -> Outcome[witnesses_pb2.RegisterWitnessResponse]:
        """Register a witness.

        Raises:
            errors.InvalidFields, errors.Exhausted: as ``witnesses.check_new``.
        """
        if request.validate_only:
            return Outcome(witnesses_pb2.RegisterWitnessResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        verifier, agency_id = WitnessVerifier.parse(request.verifier_key), request.agency_id
        origin = _origin(conn)
        witnesses.check_new(call, verifier, origin=origin, ledger_keys=self._keys(), agency_id=agency_id)
        witness, row, ref, seen = witnesses.registration(call, verifier, agency_id)
        answer = witnesses_pb2.RegisterWitnessResponse(witness=_message(witness))
        detail = record_pb2.AccessDetail(outcome="WITNESS_REGISTERED")
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,), (seen,))

    def retire_witness(
        self, call: Call, request: witnesses_pb2.RetireWitnessRequest, _conn: Connection
    ) -> Outcome[witnesses_pb2.RetireWitnessResponse]:
        """Retire a witness; a second time changes nothing.

        Raises:
            errors.InvalidFields: WITNESS_UNKNOWN.
        """
        if request.validate_only:
            return Outcome(witnesses_pb2.RetireWitnessResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        witness = witnesses.found(call, request.verifier_key)
        at = witness.retired_at or call.now()
        answer = witnesses_pb2.RetireWitnessResponse(retire_time=from_us(to_us(at)))
        if witness.retired_at is not None:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="WITNESS_RETIRED_BEFORE"))
        row, ref, seen = witnesses.retirement(call, witness, at)
        detail = record_pb2.AccessDetail(outcome="WITNESS_RETIRED")
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,), (seen,))

    def list_witnesses(
        self, call: Call, request: witnesses_pb2.ListWitnessesRequest, _conn: Connection
    ) -> Outcome[witnesses_pb2.ListWitnessesResponse]:
        """List the witnesses, ordered by name.

        Raises:
            errors.InvalidFields: OUT_OF_RANGE; PAGE_TOKEN_INVALID for a token that isn't of this list.
        """
        there, token = of_rows.registered(call.decided), request.page_token
        if request.page_size < 0:
            raise _wrong("page_size", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
        if token:
            ids = [each.witness_id.hex() for each in there]
            if token not in ids:
                raise _wrong("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)
            there = there[ids.index(token) + 1 :]
        page = there[: request.page_size or _DEFAULT_PAGE]
        answer = witnesses_pb2.ListWitnessesResponse(
            witnesses=[_message(each) for each in page],
            next_page_token=page[-1].witness_id.hex() if len(page) < len(there) else "",
        )
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED"))

    def add_cosignatures(
        self, call: Call, request: witnesses_pb2.AddCosignaturesRequest, conn: Connection
    ) -> Outcome[witnesses_pb2.AddCosignaturesResponse]:
        """Keep what witnesses have signed under a checkpoint of this ledger.

        Raises:
            errors.InvalidFields: CHECKPOINT_NOT_OURS.
        """
        if request.validate_only:
            return Outcome(witnesses_pb2.AddCosignaturesResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        handed = HandedIn.parse(request.checkpoint, self._ledger.public())
        _require_stored(conn, handed)
        those = of_rows.that_count(call.decided)
        kept = witnesses.kept(handed, those, cosignatures.newest(conn, those))
        answer = witnesses_pb2.AddCosignaturesResponse(
            cosignatures=[
                witnesses_pb2.HandedInCosignature(verifier_key=witness.verifier.text(), result=result)
                for witness, result in kept.results
            ]
        )
        detail = record_pb2.AccessDetail(outcome="COSIGNED" if kept.rows else "NOTHING_KEPT")
        return Outcome(disclose(answer, call.purpose), detail, kept.rows, seen=kept.seen)

    def _keys(self) -> list[Ed25519PublicKey]:
        """With which the ledger signs, and has signed."""
        return [each.key for each in self._ledger.public().known]


def _origin(conn: Connection) -> str:
    """The origin of the newest checkpoint; there is one, since the register's first start has an entry."""
    return Checkpoint.parse(Note.parse(proofs.checkpoint(conn)).text).origin


def _require_stored(conn: Connection, handed: HandedIn) -> None:
    """See that a checkpoint that our key has signed is the one that is stored.

    Raises:
        errors.InvalidFields: CHECKPOINT_NOT_OURS; with an alert where it is of an epoch of which it must be stored.
    """
    try:
        stored = proofs.checkpoint(conn, handed.checkpoint.size)
    except proofs.NoSuchTree:
        stored = proofs.checkpoint(conn)
    text = Note.parse(stored).text
    if text != handed.note.text:
        # Of what an epoch has lost the next one has owned up to, and its checkpoints are the ones that are found.
        if Checkpoint.parse(text).origin == handed.checkpoint.origin:
            what = f"a checkpoint of {counted(handed.checkpoint.size, 'entries')} is signed with our key"
            alert(Alert.LEDGER_DISCONTINUED, "%s, and isn't one that is stored", what)
        raise witnesses.not_ours()


def _wrong(field: str, reason: errors_pb2.FieldReason.ValueType) -> errors.InvalidFields:
    return errors.InvalidFields(violations=(errors.Violation(field, reason),))


def _message(witness: Witness) -> witnesses_pb2.Witness:
    message = witnesses_pb2.Witness(
        verifier_key=witness.verifier.text(),
        agency_id=witness.agency_id,
        register_time=from_us(to_us(witness.registered_at)),
    )
    if witness.retired_at is not None:
        message.retire_time.CopyFrom(from_us(to_us(witness.retired_at)))
    return message
