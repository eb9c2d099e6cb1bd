"""Registrations that claim identifiers, read and opened as they stand now, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from nsor.v1 import registration_pb2
from nsor_server.calls import Seen
from nsor_server.registration import claims, store
from nsor_server.registration.claims import Identifier
from nsor_server.registration.persons.others import Others
from nsor_server.registration.store import StoredVersion
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(frozen=True, slots=True)
class Known:
    """A registration with its claim: a ``rules.Claimant``.

    Attributes:
        row: its newest version.
        record: the same, opened; or the one that follows it in the entry that is made.
        key: its data key.
        claim: the newest version of its claim.
        claimed_at: index of the entry by which it was confirmed first.
        current: the identifiers of its newest version.
        disputed: those that NPB has decided to be uncertain.
    """

    row: StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey
    claim: record_pb2.ClaimRecord
    claimed_at: int
    current: frozenset[Identifier] = field(repr=False)
    disputed: frozenset[Identifier] = field(repr=False)

    @property
    def registration_id(self) -> bytes:
        """16 bytes."""
        return self.row.registration_id

    @property
    def confirmed(self) -> bool:
        """Whether it stands."""
        return self.record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED

    @property
    def state(self) -> int:
        """Number of nsor.v1.RegistrationState."""
        return self.record.state

    @property
    def person(self) -> list[bytes]:
        """The registrations of its person, itself among them; none: it is alone."""
        return claims.person(self.claim)

    def with_claim(self, claim: record_pb2.ClaimRecord) -> Known:
        """The same with another version of its claim."""
        return replace(self, claim=claim, disputed=claims.disputed(claim))

    @property
    def seen(self) -> tuple[Seen, Seen]:
        """That these were the newest versions of it and of its claim."""
        return store.seen(self.row), claims.seen(self.claim)


class Claimants:
    """Reads registrations that a court has confirmed. For one decision: what it has read it doesn't read again.

    Those of which the entry that is made has a following version already are as that one says.
    """

    def __init__(
        self,
        conn: Connection,
        sealer: Sealer,
        blind_index: BlindIndex,
        following: Mapping[bytes, record_pb2.RegistrationRecord] | None = None,
    ) -> None:
        self._conn, self._sealer, self._blind_index = conn, sealer, blind_index
        self._following = following or {}
        self._known: dict[bytes, Known] = {}
        self._claiming: dict[Identifier, list[Known]] = {}

    def get(self, registration_id: bytes) -> Known | None:
        """A registration; None: there is none, or no court has confirmed it.

        Raises:
            errors.Internal: it or its claim isn't what was sealed.
        """
        found = self._known.get(registration_id)
        if found is None:
            found = self._read(registration_id)
            if found is not None:
                self._known[registration_id] = found
        return found

    def seen(self) -> list[Seen]:
        """That all that was read so far was the newest."""
        return [seen for each in self._known.values() for seen in each.seen]

    def others(self, claim: record_pb2.ClaimRecord) -> list[Known]:
        """The other registrations of the person of one that was read, by their confirmation: those that stand.

        Raises:
            errors.Internal: as ``all_others``.
        """
        return [each for each in self.all_others(claim) if each.confirmed]

    def apart(self, own: Known, *, without: Collection[bytes] = ()) -> Others:
        """The others of one that was read that stand but for some, those confirmed before it and those after it.

        Raises:
            errors.Internal: as ``all_others``.
        """
        found = self.others(own.claim)
        records = {each.registration_id: each.record for each in found if each.registration_id not in without}
        return Others.of(own.registration_id, own.person, records)

    def all_others(self, claim: record_pb2.ClaimRecord) -> list[Known]:
        """The same with those that don't stand.

        Raises:
            errors.Internal: as ``get``, or one isn't there, or doesn't say that it is of this person.
        """
        found = [self.get(each) for each in claims.person(claim) if each != claim.registration_id]
        known = [each for each in found if each is not None and each.claim.person == claim.person]
        if len(known) < len(found):
            raise contradicted(claims.TABLE, "%s doesn't say of each registration of a person that it is")
        return known

    def claiming(self, one: Identifier) -> list[Known]:
        """The registrations that have claimed an identifier at any time.

        Raises:
            errors.Internal: as ``get``, or one isn't there.
        """
        if one not in self._claiming:
            ids = {
                registration_id
                for key_id, blind in self._blind_index.values(one.use, one.text)
                for (registration_id,) in self._conn.execute(_CLAIMING, (one.kind, key_id, blind))
            }
            found = [self.get(registration_id) for registration_id in sorted(ids)]
            self._claiming[one] = [each for each in found if each is not None]
        return self._claiming[one]

    def _read(self, registration_id: bytes) -> Known | None:
        row = store.newest(self._conn, registration_id)
        if row is None:
            return None
        record, key = store.open_keyed(self._sealer, row)
        if row.registration_id != registration_id:
            raise contradicted(store.TABLE, "a row of %s was read for another registration")
        claim = claims.head(self._conn, key, registration_id)
        if claim is None:
            return None
        found = self._conn.execute(_CLAIMED_AT, (claims.TABLE, registration_id)).fetchall()
        if not found:
            raise contradicted(claims.TABLE, "a row of %s is the work of no entry")
        identifiers = frozenset(claims.identifiers(record))
        known = self._following.get(registration_id, record)
        return Known(row, known, key, claim, found[0][0], identifiers, claims.disputed(claim))


_CLAIMING: Final = """
SELECT uuid_send(registration_id) FROM registration_identifier WHERE kind = %s AND key_id = %s AND blind = %s
"""
_CLAIMED_AT: Final = "SELECT index FROM ledger_record WHERE table_name = %s AND row_id = %s AND version = 1"
