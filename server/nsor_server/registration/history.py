"""What the register held when each entry was written, told again from the sealed versions in the order of the ledger.

Whoever owns the database can hide a row, or show an older one, while a call is answered, and put all back afterwards.
The sealed versions and the entries that wrote them he can't make: told again in their order they say who was confirmed,
who was held, and which version was the newest, when a call was answered. On the way every seal is opened and compared
with what stands beside it.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from nsor.counting import counted
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import registration_pb2
from nsor_server import errors
from nsor_server.ledger import keyring_check
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened, read
from nsor_server.registration import cases, claims, screened, shown, states, store
from nsor_server.registration.amendments.identifiers import held
from nsor_server.registration.claims import Identifier
from nsor_server.registration.persons import rules
from nsor_server.registration.standing import ScreenedSet, Standing
from nsor_server.registration.worklists import owed
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import LENGTH, SHORT_LENGTH, BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

_VERSIONS: Final = f"""
SELECT r.index, {store.COLUMNS}
FROM ledger_record AS r
JOIN registration_version AS v ON v.registration_id = {UUID_OF_RECORD} AND v.version = r.version
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_CLAIMS: Final = f"""
SELECT r.index, k.wrapped, uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.person, c.sealed
FROM ledger_record AS r
JOIN registration_claim AS c ON c.registration_id = {UUID_OF_RECORD} AND c.version = r.version
LEFT JOIN registration_key AS k USING (registration_id)
WHERE r.table_name = '{claims.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_VERSION: Final = Statement(
    b"version again",
    f"""
SELECT {store.COLUMNS}
FROM registration_version AS v LEFT JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = $1 AND v.version = $2::bigint
""".encode(),  # noqa: S608 - constants
)
_IDENTIFIER_ROWS: Final = """
SELECT uuid_send(registration_id),
    array_agg(kind || ' ' || version || ' ' || key_id || ' ' || encode(blind, 'hex'))
FROM {table} GROUP BY registration_id
"""
_SCREENED_ROWS: Final = f"""
SELECT uuid_send(registration_id),
    array_agg(kind || ' ' || version || ' ' || key_id || ' ' || encode(uuid_send(blind), 'hex'))
FROM {screened.TABLE} GROUP BY registration_id
"""  # noqa: S608 - constants
_CASE_ROWS: Final = """
SELECT uuid_send(registration_id), array_agg(key_id || ' ' || encode(blind, 'hex'))
FROM registration_case GROUP BY registration_id
"""
AMENDING: Final = frozenset(
    {
        "nsor.v1.RegistrationService/AcceptAmendment",
        "nsor.v1.RegistrationService/DecideIdentityChange",
    }
)
"""Methods that may change identifiers, and hold what has a new one until the next time for reviews."""
_WRONG_CLAIM: Final = "a claim doesn't say which of its identifiers an earlier registration had"
_CHANGED: Final = "a column beside the versions of a registration that was erased was changed"
_MET: Final = "a registration was erased, and by whom it was held while it stood isn't said"
_BEFORE: Final = """
SELECT coalesce(max(version), 0) FROM registration_version
WHERE registration_id = encode(%s::bytea, 'hex')::uuid AND version <= %s
    AND created_at < 'epoch'::timestamptz + %s::bigint * interval '1 microsecond'
"""
_CONFIRMED: Final = registration_pb2.REGISTRATION_STATE_CONFIRMED

Labelled = tuple[str, str, str]
"""What stands in an index: what its row begins with, the use of the blind index, and the text."""


class History:
    """The registrations at each entry, in the ledger's order; reports what contradicts them."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        add: Add,
        erased: Mapping[bytes, record_pb2.ErasureRecord] | None = None,
    ) -> None:
        """``erased``: what was erased, by its id."""
        self._conn, self._add, self._erased = conn, add, erased or {}
        self._claims_beside: dict[bytes, hashlib._Hash] = {}
        self._met: dict[bytes, list[bytes]] = {}
        for erased_id, erasure in self._erased.items():
            for other_id in {each.registration_id for each in erasure.met}:
                self._met.setdefault(other_id, []).append(erased_id)
        self._unknown: dict[bytes, tuple[int, int | None]] = {}
        self._beside: dict[bytes, hashlib._Hash] = {}
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._versions = Rows(conn, "registrations", _VERSIONS, add)
        self._claims = Rows(conn, "claims", _CLAIMS, add)
        self.rows = self._versions, self._claims
        """Entries that have some of these change registrations."""
        self.concerns = Concerns(self.rows, frozenset({keyring_check.METHOD}), also_next=True)
        self._standing: dict[bytes, Standing] = {}
        self._claiming: dict[tuple[int, str], list[Standing]] = {}
        self._whole = True
        self.rotations = 0
        """How often keys have been rotated so far."""
        self.changed: list[record_pb2.RegistrationRecord] = []
        """The versions that the last entry wrote."""
        self.changed_unread: set[bytes] = set()
        """The registrations that were erased since of which it wrote others."""
        self.claimed: list[Standing] = []
        """Whose claims the last entry wrote anew."""
        self._shared: set[tuple[int, str]] = set()
        self._moved: set[bytes] = set()
        self.came_to_stand: deque[tuple[int, bytes]] = deque()
        """Entries by which registrations came to stand, with these; whoever has taken one takes it off."""

    def newest(self, registration_id: bytes) -> int:
        """The newest version of a registration after the last entry; 0: there was none."""
        standing = self._standing.get(registration_id)
        return standing.version if standing else 0

    @property
    def is_whole(self) -> bool:
        """Whether every version has opened so far."""
        return self._whole

    def is_known(self, size: int) -> bool:
        """Whether every registration opens as it stood when there were so many entries: one that was erased doesn't."""
        return all(size <= first or (last is not None and last < size) for first, last in self._unknown.values())

    @property
    def erased(self) -> AbstractSet[bytes]:
        """Ids of the registrations that were erased."""
        return self._erased.keys()

    def is_confirmed(self, registration_id: bytes) -> bool:
        """Whether a registration stands as confirmed after the last entry."""
        standing = self._standing.get(registration_id)
        return standing is not None and standing.confirmed

    def is_gone(self, registration_id: bytes) -> bool:
        """Whether a registration is sealed, or two officers have decided to erase it, after the last entry."""
        standing = self._standing.get(registration_id)
        return standing is not None and (standing.sealed or standing.to_be_erased)

    def has_met(self, one: bytes, other: bytes) -> bool:
        """Whether two registrations had an identifier in common, by the erasure of one; of two erased ones: maybe."""
        are_erased = {one, other} <= self._erased.keys()
        return are_erased or one in self._met.get(other, ()) or other in self._met.get(one, ())

    def is_sealed(self, registration_id: bytes) -> bool:
        """Whether a registration is sealed after the last entry."""
        standing = self._standing.get(registration_id)
        return standing is not None and standing.sealed

    def newest_before(self, registration_id: bytes, before_us: int) -> int:
        """The newest version after the last entry of those that were written before an instant; 0: there was none."""
        found = self._conn.execute(_BEFORE.encode(), (registration_id, self.newest(registration_id), before_us))
        return int(found.fetchall()[0][0])

    def claiming(self, cnic: str) -> Sequence[Standing]:
        """The registrations that claim a CNIC after the last entry."""
        found = self._claiming.get((claims.IDENTIFIER_CNIC, cnic))
        if not found:
            return ()
        one = claims.of_cnic(cnic)
        return [each for each in found if one in each.claimed_now]

    def having(self, one: Identifier) -> Sequence[Standing]:
        """The registrations that claim an identifier after the last entry."""
        return [each for each in self._claiming_one(one) if one in each.claimed_now]

    def sharing(self, registration_id: bytes) -> set[bytes]:
        """The other registrations that claim an identifier which a registration has after the last entry."""
        current = self.standing(registration_id).current
        claiming = {
            each.registration_id for one in current for each in self._claiming_one(one) if one in each.claimed_now
        }
        return claiming - {registration_id}

    def version(self, registration_id: bytes, version: int) -> record_pb2.RegistrationRecord | None:
        """A version, opened; None: it is missing, or doesn't open, which is a finding already."""
        found = ask(self._conn, _VERSION, registration_id, arrays.integer(version))
        row = store.StoredVersion(*found[0]) if found else None
        if row is None or not row.wrapped:
            return None
        return opened(lambda _index, _problem: None, -1, store.TABLE, lambda: store.open_version(self._sealer, row))

    def standing(self, registration_id: bytes) -> Standing:
        """A registration after the last entry; an empty one: there was none."""
        return self._standing.get(registration_id) or Standing(registration_id)

    def everybody(self) -> Iterable[Standing]:
        """Every registration after the last entry."""
        return self._standing.values()

    def agency_of(self, registration_id: bytes) -> str:
        """Whose entry a registration is."""
        standing = self._standing.get(registration_id)
        return standing.agency if standing else ""

    def holders(self, registration_id: bytes) -> set[tuple[bytes, int]]:
        """For each identifier of a registration by which another one holds it: that one, and the kind of identifier."""
        standing = self._standing.get(registration_id)
        if standing is None or not standing.confirmed:
            return set()
        found = rules.holders(standing, self._claiming_one)
        return {(each.registration_id, one.kind) for one, each in found.items()}

    def moved(self) -> set[bytes]:
        """The registrations of which it may be otherwise whom they collide with than when this was asked last."""
        changed, self._moved = self._moved, set()
        sharing = {
            each.registration_id
            for registration_id in changed
            for one, _ in self._standing[registration_id].claimed_by
            for each in self._claiming_one(one)
        }
        return changed | sharing

    def collides(self, registration_id: bytes) -> bool:
        """Whether a registration stands and has claimed an identifier that another one has claimed too."""
        standing = self._standing[registration_id]
        return (
            standing.whole
            and standing.confirmed
            and any((one.kind, one.text) in self._shared for one, _ in standing.claimed_by)
        )

    def says_who_is_held(self, registration_id: bytes) -> bool:
        """Whether the claim of a registration says by which of its identifiers it is held now."""
        return self._says_who_is_held(self._standing[registration_id])

    def were_confirmed(self, first: bytes, second: bytes) -> bool:
        """Whether two registrations were confirmed, in this order."""
        one, other = (self._standing.get(each) or Standing(each) for each in (first, second))
        return one.claimed and other.claimed and (one.claimed_at, first) < (other.claimed_at, second)

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Go on to an entry; all come in their order."""
        self.rotations += leaf.method == keyring_check.METHOD
        self.changed.clear()
        self.changed_unread.clear()
        self.claimed = []
        if self._versions.next_index > index and self._claims.next_index > index:
            return
        confirmed = [self._version(index, store.StoredVersion(*row)) for row in self._versions.take(index)]
        self.claimed = later = [
            standing
            for wrapped, *columns in self._claims.take(index)
            if (standing := self._claim(index, leaf, wrapped, claims.StoredClaim(*columns))) is not None
        ]
        if leaf.method not in AMENDING and not all(map(self._says_who_is_held, later)):
            self._add(index, _WRONG_CLAIM)
        if any(each.confirmed and not each.claimed for each in confirmed):
            self._add(index, "a registration was confirmed, and what it claims wasn't written")
        if any(each.claimed and each.whole and each.claimed_now != each.current for each in confirmed):
            self._add(index, "the identifiers of a registration were changed, and what it claims wasn't written")

    def finish(self) -> None:
        """Report what is left, and compare the indexes with what the registrations claim."""
        self._versions.finish()
        self._claims.finish()
        for erased_id, erasure in self._erased.items():
            hashed = self._claims_beside.get(erased_id)
            if (hashed.digest() if hashed else b"") != erasure.claims_sha256:
                self._add(-1, _CHANGED)
        for table in ("registration_identifier", "registration_identifier_withdrawal"):
            self._compare_index(table, _IDENTIFIER_ROWS.format(table=table))
        self._compare_index(screened.TABLE, _SCREENED_ROWS)
        self._compare_index("registration_case", _CASE_ROWS)

    def _version(self, index: int, row: store.StoredVersion) -> Standing:
        standing = self._standing.get(row.registration_id)
        if standing is None:
            standing = self._standing[row.registration_id] = Standing(row.registration_id)
        self._moved.add(row.registration_id)
        if row.version != standing.version + 1:
            self._add(index, "the version of a registration doesn't follow the one before")
        standing.version, standing.index = row.version, index
        record = None
        if not row.wrapped and row.registration_id in self._erased:
            self._unreadable(index, row)
            self.changed_unread.add(row.registration_id)
            standing.whole = False
            self._take_beside(index, standing, row)
            return standing
        if not row.wrapped:
            self._add(index, "the data key of the registration is gone")
        else:
            record = opened(self._add, index, store.TABLE, lambda: store.open_version(self._sealer, row))
        if record is None:
            standing.whole = self._whole = False
            return standing
        self.changed.append(record)
        if record.state != states.registration_state(record):
            self._add(index, "the state of a registration doesn't follow from its convictions")
        self._take_beside(index, standing, row)
        standing.owner = owed.owner(record)
        if record.state != store.ERASED:
            standing.current = frozenset(claims.identifiers(record))
            self._take_screened(standing, record)
        for case in cases.confirmed_cases(record):
            standing.cases.setdefault(case, self.rotations)
        by_all = cases.standing_cases(shown.to_everybody(record))
        by_juveniles = cases.standing_cases(shown.to_everybody(record, with_juveniles=True))
        standing.standing_cases = _held_as(standing.cases, by_all)
        same = standing.standing_cases if by_juveniles == by_all else _held_as(standing.cases, by_juveniles)
        standing.juvenile_cases = same
        return standing

    def _take_screened(self, standing: Standing, record: record_pb2.RegistrationRecord) -> None:
        """Take by what passengers are found: a version with another set than the one before begins a new one."""
        if standing.screened or any(map(states.was_confirmed, record.convictions)):
            made = ScreenedSet(record.version, standing.current, screened.dates_of_birth(record))
            if not standing.screened or standing.screened[-1][1:] != made[1:]:
                standing.screened = (*standing.screened, made)

    def _take_beside(self, index: int, standing: Standing, row: store.StoredVersion) -> None:
        """Take the columns beside a seal: it says the same, or they are what they were when it was erased."""
        self._stands(index, standing, is_so=row.state == _CONFIRMED)
        standing.in_look_ups, standing.custodian, standing.agency = (
            row.in_look_ups,
            row.custodian_agency,
            row.created_by_agency,
        )
        standing.confirmed, standing.sealed = row.state == _CONFIRMED, row.state == store.SEALED
        standing.to_be_erased = row.state == store.ERASED

    def _stands(self, index: int, standing: Standing, *, is_so: bool) -> None:
        """Note by which entry a registration comes to stand, before it is changed."""
        if is_so and not standing.confirmed:
            standing.stands_since = index
            self.came_to_stand.append((index, standing.registration_id))

    def _unreadable(self, index: int, row: store.StoredVersion) -> None:
        """Take a version of a registration that was erased: what stands beside its seal is what it was."""
        erasure = self._erased[row.registration_id]
        first, _ = self._unknown.get(row.registration_id, (index, None))
        is_last = row.version == erasure.last_version
        self._unknown[row.registration_id] = first, index if is_last else None
        hashed = self._beside.setdefault(row.registration_id, hashlib.sha256())
        hashed.update(store.beside(row))
        if is_last and hashed.digest() != erasure.beside_sha256:
            self._add(index, _CHANGED)

    def _claim(
        self, index: int, leaf: leaf_pb2.Leaf, wrapped: bytes | None, row: claims.StoredClaim
    ) -> Standing | None:
        """Take a claim; gives whose it is, if it is a later one: that is compared when all of its entry are taken."""
        standing = self._standing.get(row.registration_id)
        if not wrapped and row.registration_id in self._erased:
            if standing is not None:
                self._claim_unreadable(index, leaf, standing, row)
            return None
        claim = opened(self._add, index, claims.TABLE, lambda: _open_claim(self._sealer, wrapped, row))
        if claim is None or standing is None or not standing.whole:
            return None
        self._moved.add(row.registration_id)
        before, standing.claim = standing.claim, claim
        gained, lost = standing.current - standing.claimed_now, standing.claimed_now - standing.current
        standing.claimed_now = standing.current
        standing.claimed_by += tuple((one, claim.version) for one in gained)
        standing.withdrawn_by += tuple((one, claim.version) for one in lost)
        for erased_id in self._met.get(row.registration_id, ()) if gained else ():
            if (of_erased := self._standing.get(erased_id)) is not None and of_erased.claimed:
                self._know_again(of_erased)
        if standing.claimed:
            self._claims_now(standing, gained)
            if (gained or lost) and (claim.cnic_held, claim.passport_held) != held(before, gained):
                self._add(index, _WRONG_CLAIM)
            return standing
        found = {one.kind for one in gained if self._is_claimed(one)}
        if (claim.cnic_held, claim.passport_held) != (
            claims.IDENTIFIER_CNIC in found,
            claims.IDENTIFIER_PASSPORT in found,
        ):
            self._add(index, _WRONG_CLAIM)
        standing.claimed_at, standing.claimed = index, True
        self._claims_now(standing, gained)
        return None

    def _claim_unreadable(self, index: int, leaf: leaf_pb2.Leaf, standing: Standing, row: claims.StoredClaim) -> None:
        """Take a claim of a registration that was erased: of its identifiers those are known that others had too."""
        erased_id = row.registration_id
        self._claims_beside.setdefault(erased_id, hashlib.sha256()).update(claims.beside(row))
        if not standing.claimed:
            standing.claimed_at, standing.claimed = index, True
        standing.claim = record_pb2.ClaimRecord(
            registration_id=erased_id,
            version=row.version,
            cnic_held=row.cnic_held,
            passport_held=row.passport_held,
            person=row.person,
        )
        self._moved.add(erased_id)
        self._know_again(standing)
        if leaf.method not in AMENDING and not self._is_held_by_what_it_met(row):
            self._add(index, _MET)

    def _is_held_by_what_it_met(self, row: claims.StoredClaim) -> bool:
        """Whether the claim of a registration that was erased is held by kinds of identifiers that others had too."""
        ids = row.registration_id, *self._met.get(row.registration_id, ())
        kinds = {each.kind for one in ids for each in self._erased[one].met}
        held = {claims.IDENTIFIER_CNIC: row.cnic_held, claims.IDENTIFIER_PASSPORT: row.passport_held}
        return all(kind in kinds for kind, is_held in held.items() if is_held)

    def _know_again(self, standing: Standing) -> None:
        """Give a registration that was erased those of its identifiers that another one has claimed by now."""
        version, known = standing.claim.version, set[Identifier]()
        del standing.claim.disputed[:]
        for each in self._erased[standing.registration_id].met:
            one = self._met_by(each)
            if one is None or not each.from_version <= version < (each.to_version or version + 1):
                continue
            known.add(one)
            if each.disputed:
                standing.claim.disputed.add(kind=one.kind, text=one.text)
        standing.current = standing.claimed_now = frozenset(known)
        new = known - {one for one, _ in standing.claimed_by}
        standing.claimed_by += tuple((one, version) for one in new)
        self._claims_now(standing, new)

    def _met_by(self, met: record_pb2.MetRecord) -> Identifier | None:
        """By which identifier a registration that was erased has met another one; None: that one was erased too."""
        other = self._standing.get(met.registration_id)
        if other is None or other.registration_id in self._erased:
            return None
        gained = [one for one, by in other.claimed_by if by == met.claim_version and one.kind == met.kind]
        return sorted(gained, key=lambda one: one.text)[met.nth] if met.nth < len(gained) else None

    def _claims_now(self, standing: Standing, gained: Iterable[Identifier]) -> None:
        for one in gained:
            claiming = self._claiming.setdefault((one.kind, one.text), [])
            if not any(each is standing for each in claiming):
                claiming.append(standing)
            if len(claiming) > 1:
                self._shared.add((one.kind, one.text))

    def _says_who_is_held(self, standing: Standing) -> bool:
        held = rules.held(standing, rules.holders(standing, self._claiming_one))
        return held == (standing.claim.cnic_held, standing.claim.passport_held)

    def _claiming_one(self, one: Identifier) -> Sequence[Standing]:
        return self._claiming.get((one.kind, one.text), ())

    def _is_claimed(self, one: Identifier) -> bool:
        """Whether a registration that stands claims an identifier."""
        return any(each.confirmed and one in each.claimed_now for each in self._claiming_one(one))

    def _compare_index(self, table: str, query: str) -> None:
        """Each claim stands in the index under a live key, and nothing else does."""
        seen: set[bytes] = set()
        strangers = 0
        for registration_id, found in read(self._conn, table, query):
            standing = self._standing.get(registration_id)
            strangers += standing is None or registration_id in self._erased
            seen.add(registration_id)
            if standing is not None and standing.whole:
                self._compare_claims(table, standing, found)
        if strangers:
            self._add(-1, f"{table} has rows of {counted(strangers, 'registrations')} that aren't there")
        for registration_id, standing in self._standing.items():
            if registration_id not in seen and standing.whole:
                self._compare_claims(table, standing, ())

    def _compare_claims(self, table: str, standing: Standing, found: Any) -> None:
        expected: set[Labelled]
        length = LENGTH
        if table == "registration_case":
            expected = {("", "case", case) for case in standing.cases}
        elif table == screened.TABLE:
            length = SHORT_LENGTH
            expected = {
                (f"{one.kind} {each.version} ", screened.USE, one.text)
                for each in standing.screened
                for one in screened.of_person(standing.registration_id, each.numbers, each.dates)
            }
        else:
            rows = standing.claimed_by if table == "registration_identifier" else standing.withdrawn_by
            expected = {(f"{one.kind} {version} ", one.use, one.text) for one, version in rows}
        if not _are_those_of(expected, set(found), self._blind_index, length):
            self._add(standing.index, f"the rows of {table} aren't those of the sealed record")


def _held_as(held: Iterable[str], some: set[str]) -> tuple[str, ...]:
    """Some of the texts that are held, and perhaps others: those that are held aren't held once more."""
    found = tuple(each for each in held if each in some)
    return found if len(found) == len(some) else (*found, *some.difference(found))


def _open_claim(sealer: Sealer, wrapped: bytes | None, claim: claims.StoredClaim) -> record_pb2.ClaimRecord:
    """Open a claim.

    Raises:
        errors.Internal: it isn't what the columns beside it say, or its key is gone.
    """
    try:
        key = sealer.open_data_key(claim.registration_id, wrapped or b"")
    except SealBroken:
        raise errors.Internal from None
    return claims.open_claim(key, claim)


def _are_those_of(expected: set[Labelled], found: set[str], blind_index: BlindIndex, length: int) -> bool:
    """Whether each stands under one live key at least, and nothing else stands there; of values ``length`` bytes do."""
    left = set(found)
    for prefix, use, text in expected:
        mine = {f"{prefix}{key_id} {blind[:length].hex()}" for key_id, blind in blind_index.values(use, text)} & left
        if not mine:
            return False
        left -= mine
    return not left
