"""Witnesses of the ledger: who may become one, and which of their co-signatures are kept.

They are read from the directory that the call was gated by, which is proved; what is seen of it is compared when the
call is recorded, for races.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nsor.ledger import epochs
from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import Checkpoint, Note, NoteError, signature_line
from nsor.ledger.rotations import Keys
from nsor.v1 import errors_pb2, witnesses_pb2
from nsor_server import errors
from nsor_server.access import witnesses
from nsor_server.access.witnesses import Witness
from nsor_server.calls import Call, RecordRef, Row, Seen, Versions
from nsor_server.ledger import cosignatures
from nsor_server.ledger.cosignatures import Newest
from nsor_server.storage import deciding, random_bytes

MOST: Final = 32
"""Witnesses that aren't retired: a note with a line of each is read by everybody."""
REGISTRATIONS_AN_HOUR: Final = 32
"""Each is kept for good."""
_CHANGES: Final = Versions(
    "ledger witnesses",
    (),
    "(SELECT count(*) FROM ledger_witness) + (SELECT count(*) FROM ledger_witness_retired)",
)
"""How often witnesses were registered and retired."""


def check_new(
    call: Call, verifier: WitnessVerifier, *, origin: str, ledger_keys: Collection[Ed25519PublicKey], agency_id: str
) -> None:
    """See that somebody may become a witness.

    Args:
        call: the Committee's.
        verifier: his name and key.
        origin: of any epoch of the ledger.
        ledger_keys: with which the ledger has signed.
        agency_id: of the agency that may fetch entries because of him; empty: none.

    Raises:
        errors.InvalidFields: WITNESS_KNOWN, WITNESS_KEY_OF_LEDGER, WITNESSES_FULL; AGENCY_UNKNOWN.
        errors.Exhausted: too many were registered within the hour.
    """
    there = witnesses.registered(call.decided)
    key = verifier.key.public_bytes_raw()
    known = {(each.verifier.name, each.verifier.key.public_bytes_raw()) for each in there}
    of_ledger = key in {each.public_bytes_raw() for each in ledger_keys}
    problems = {
        errors_pb2.FIELD_REASON_WITNESS_KEY_OF_LEDGER: of_ledger
        or epochs.is_of(verifier.name, epochs.first(origin.lower())),
        errors_pb2.FIELD_REASON_WITNESS_KNOWN: any(verifier.name == name or key == other for name, other in known),
        errors_pb2.FIELD_REASON_WITNESSES_FULL: sum(each.retired_at is None for each in there) >= MOST,
    }
    wrong = [errors.Violation("verifier_key", reason) for reason, is_so in problems.items() if is_so][:1]
    if agency_id and agency_id not in call.agencies:
        wrong.append(errors.Violation("agency_id", errors_pb2.FIELD_REASON_AGENCY_UNKNOWN))
    if wrong:
        raise errors.InvalidFields(violations=tuple(wrong))
    since = call.now() - dt.timedelta(hours=1)
    if sum(each.registered_at > since for each in there) >= REGISTRATIONS_AN_HOUR:
        raise errors.Exhausted(retry_after_seconds=600.0)


def registration(call: Call, verifier: WitnessVerifier, agency_id: str) -> tuple[Witness, Row, RecordRef, Seen]:
    """A new witness, its row, what the ledger holds it to, and that no other one has come or gone meanwhile."""
    witness = Witness(random_bytes.take(16), verifier, agency_id, call.now())
    row = Row(
        deciding.WITNESSES,
        (
            witness.witness_id,
            verifier.name,
            verifier.text(),
            agency_id or None,
            call.officer_key,
            witness.registered_at,
            call.access_id,
        ),
    )
    return witness, row, deciding.TABLES["ledger_witness"].ref(row), _unchanged(call)


def retirement(call: Call, witness: Witness, at: dt.datetime) -> tuple[Row, RecordRef, Seen]:
    """The row that retires a witness, what the ledger holds it to, and that it stands as it was read."""
    row = Row(deciding.RETIRED_WITNESSES, (witness.witness_id, call.officer_key, at, call.access_id))
    return row, deciding.TABLES["ledger_witness_retired"].ref(row), _unchanged(call)


def found(call: Call, verifier_key: str) -> Witness:
    """The witness with a key.

    Raises:
        errors.InvalidFields: WITNESS_UNKNOWN.
    """
    for each in witnesses.registered(call.decided):
        if each.verifier.text() == verifier_key:
            return each
    unknown = errors.Violation("verifier_key", errors_pb2.FIELD_REASON_WITNESS_UNKNOWN)
    raise errors.InvalidFields(violations=(unknown,))


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A checkpoint that the ledger's key has signed, with lines of witnesses, as it was handed in.

    Attributes:
        note: taken apart.
        checkpoint: read.
    """

    note: Note
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, signed: bytes, ledger_keys: Keys) -> HandedIn:
        """Read it; whether it is the checkpoint that is stored, and so of this ledger, isn't looked at.

        Args:
            signed: the signed note.
            ledger_keys: one of them must have signed it, in its time.

        Raises:
            errors.InvalidFields: CHECKPOINT_NOT_OURS.
        """
        try:
            checkpoint, _ = ledger_keys.verify(signed)
        except NoteError:
            raise not_ours() from None
        return cls(Note.parse(signed), checkpoint)

    def time_of(self, witness: Witness) -> int | None:
        """When a witness has signed it, in seconds since 1970, the latest time; None: it hasn't.

        Raises:
            NoteError: what stands under its name doesn't hold.
        """
        return max(witness.verifier.times(self.note), default=None)

    def line_of(self, witness: Witness, time_s: int) -> bytes:
        """The line that says so."""
        name, key_id = witness.verifier.name, witness.verifier.key_id
        return next(
            signature_line(each.name, each.key_id + each.value)
            for each in self.note.signatures
            if (each.name, each.key_id) == (name, key_id) and each.value.startswith(time_s.to_bytes(8, "big"))
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What becomes of what was handed in.

    Attributes:
        results: of each registered witness whose line is there.
        rows: what is kept.
        seen: that the newest of each is what it was.
    """

    results: Sequence[tuple[Witness, witnesses_pb2.CosignatureResult.ValueType]]
    rows: Sequence[Row]
    seen: Sequence[Seen]


def kept(handed: HandedIn, those: Sequence[Witness], newest: Mapping[bytes, Newest]) -> Kept:
    """Keep what holds and is newer than the newest of its witness: of a larger tree, or of the same one and later."""
    results, rows, seen = [], [], []
    for witness in those:
        try:
            time_s = handed.time_of(witness)
        except NoteError:
            results.append((witness, witnesses_pb2.COSIGNATURE_RESULT_WRONG))
            continue
        if time_s is None:
            continue
        before = newest.get(witness.witness_id, cosignatures.NONE)
        seen.append(cosignatures.unchanged(witness, before))
        size = handed.checkpoint.size
        if (size, time_s) <= (before.size, before.time_s):
            results.append((witness, witnesses_pb2.COSIGNATURE_RESULT_OLDER))
            continue
        rows.append(cosignatures.added(witness, before, size, time_s, handed.line_of(witness, time_s)))
        results.append((witness, witnesses_pb2.COSIGNATURE_RESULT_KEPT))
    return Kept(results, rows, seen)


def not_ours() -> errors.InvalidFields:
    """What was handed in is no checkpoint of this ledger."""
    wrong = errors.Violation("checkpoint", errors_pb2.FIELD_REASON_CHECKPOINT_NOT_OURS)
    return errors.InvalidFields(violations=(wrong,))


def _unchanged(call: Call) -> Seen:
    there = witnesses.registered(call.decided)
    return Seen(_CHANGES, (), len(there) + sum(each.retired_at is not None for each in there))
