"""What the look-ups of a batch rest on: grants, tickets and opened court cases, each opened once in a batch.

Those of a batch count their uses here, so that no grant is used more often than it says.
"""

from __future__ import annotations

from dataclasses import dataclass

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.formats.instants import to_us
from nsor_server.lookup import rules
from nsor_server.lookup.batch_store import Earlier
from nsor_server.lookup.grants import cases, store, subjects
from nsor_server.lookup.grants.held import HeldGrants
from nsor_server.lookup.grants.rules import may_use
from nsor_server.lookup.look_up import LookUp
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(slots=True)
class Grant:
    """An opened grant, ticket or court case.

    Attributes:
        record: what was sealed.
        uses: so far, for each of its persons: those of this batch too.
        returned: likewise, how many of them were given back.
        classes: those that it shows, where it shows fewer than its purpose.
        juveniles: whether it shows juveniles' records.
    """

    record: record_pb2.GrantRecord
    uses: list[int]
    returned: list[int]
    classes: frozenset[int]
    juveniles: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """The place of a person in a grant."""

    grant: Grant
    position: int

    @property
    def used_up(self) -> bool:
        """Whether the person has been looked up as often as the grant allows."""
        count = self.grant.uses[self.position] - self.grant.returned[self.position]
        return count >= self.grant.record.uses_per_subject


class BatchGrants:
    """Those of one batch.

    Args:
        sealer: opens them.
        held: opens a decoy for one that its agency doesn't have.
        now_us: the instant of the batch's leaves.
    """

    def __init__(self, sealer: Sealer, held: HeldGrants, now_us: int) -> None:
        self._sealer, self._held, self._now_us = sealer, held, now_us
        self._grants: dict[tuple[str, bytes], Grant | None] = {}
        """By agency and id; None: the agency has no such grant, and a decoy was opened."""

    def subject(self, item: LookUp, earlier: Earlier) -> Subject:
        """The person's place in the caller's grant, ticket or court case.

        Raises:
            Denied: GRANT_NOT_VALID, one and the same for a grant that isn't there, isn't the agency's, the officer's or
                of the place where he may act, isn't for this purpose, or doesn't name this person; GRANT_WITHDRAWN,
                also where whoever opened it did so with a key that turned out to be compromised; GRANT_EXPIRED.
        """
        grant = self._grant(item, earlier)
        if grant is None:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_NOT_VALID)
        record = grant.record
        position = _position(grant, item)
        if (
            record.purpose != item.purpose
            or not may_use(record, earlier.holder, item.agency, item.officer)
            or position is None
        ):
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_NOT_VALID)
        if earlier.withdrawn or record.opened_by_key in item.compromised:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_WITHDRAWN)
        if self._now_us >= record.expires_at_us:
            raise errors.Denied(errors_pb2.ERROR_REASON_GRANT_EXPIRED)
        return Subject(grant, position)

    def case(self, item: LookUp, earlier: Earlier) -> str:
        """The case of a refused look-up: what the request names, or what the grant is for, if it is this officer's."""
        if item.case_reference or item.purpose not in rules.ON_A_GRANT:
            return item.case_reference
        try:
            grant = self._grant(item, earlier)
        except errors.Internal:
            return ""  # there is an alert
        if grant is None:
            return ""
        return cases.of_officer(grant.record, earlier.holder, item.purpose, item.agency, item.officer)

    def _grant(self, item: LookUp, earlier: Earlier) -> Grant | None:
        """What a look-up names, opened once in a batch; None: its agency has no such grant, and a decoy was opened.

        Raises:
            Internal: it isn't what its row says.
        """
        named = item.wanted.agency_id, item.wanted.grant_id
        if named not in self._grants:
            self._grants[named] = self._open_grant(item.wanted.grant_id, earlier)
        return self._grants[named]

    def _open_grant(self, grant_id: bytes, earlier: Earlier) -> Grant | None:
        if earlier.grant_agency is None:
            self._held.open_decoy()
            return None
        columns = earlier.grant_agency, to_us(earlier.grant_expires_at), earlier.grant_case_blinds
        record = store.open_grant(self._sealer, grant_id, columns, earlier.grant_sealed)
        if max((*earlier.used, *earlier.returned), default=-1) >= len(record.named):
            raise contradicted("look_up", "a row of %s is of nobody whom its grant names")
        uses = [0] * len(record.named)
        for position in earlier.used:
            uses[position] += 1
        returned = [0] * len(record.named)
        for position in earlier.returned:
            returned[position] += 1
        juveniles = record.juvenile and earlier.juveniles
        return Grant(record, uses, returned, frozenset(record.classes), juveniles=juveniles)


def _position(grant: Grant, item: LookUp) -> int | None:
    """The place in a grant of whom it names by the identifier, or for whom the candidate was found; None: none."""
    if item.candidate is None:
        return subjects.position(grant.record, item.subject)
    return item.candidate.position if item.candidate.position < len(grant.uses) else None
