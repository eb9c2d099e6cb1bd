"""Lists of who was shown a record, made again: an access that was hidden from one shows, also when it is back.

Where details were dropped, or the registration was erased, what was shown can't be told again.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import rests_on
from nsor_server.ledger.detail import DetailError
from nsor_server.ledger.stored import Add, Concerns, Connection
from nsor_server.lookup.disclosures import listing
from nsor_server.lookup.recalls.told import Finder
from nsor_server.policy.deadlines import DISCLOSURE_TOLD
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration.history import History
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

_RUN_US: Final = 60_000_000
"""A call is decided before its entry is written; none takes longer."""


class ListedDisclosures:
    """Pages of disclosures. The history must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        *,
        add: Add,
    ) -> None:
        self._conn, self._finder, self._history = conn, Finder(keyring), history
        self._enrolled, self._decided_by, self._add = enrolled, decided_by, add
        self.concerns = Concerns(told=("listed_disclosures",))
        self._dropped = False

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next page."""
        if detail is None:
            self._dropped = True
        elif detail.HasField("listed_disclosures"):
            if not self._is_owner(leaf, detail):
                self._add(index, "who was shown a record was listed to somebody who doesn't own it")
            if not self._dropped and not self._is_right(index, leaf, detail):
                self._add(index, "who was shown a record was listed otherwise than the entries say")

    def finish(self) -> None:
        """Nothing is left."""

    def _is_owner(self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bool:
        agency_id, place = self._history.standing(detail.subjects[0]).owner
        if detail.subjects[0] in self._history.erased or agency_id:
            return agency_id in {"", leaf.agency}
        agency = self._enrolled.agency(leaf.agency)
        of_police = agency is not None and agency.kind == options_pb2.AGENCY_KIND_POLICE
        return of_police and self._enrolled.may_act(leaf.agency, detail.officer_key, place)

    def _is_right(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bool:
        listed, registration_id = detail.listed_disclosures, detail.subjects[0]
        if registration_id in self._history.erased:
            return True
        deadlines = self._decided_by.deadlines(leaf.time_us)
        until = [to_us(each.days_before(DISCLOSURE_TOLD, instant(leaf.time_us))) for each in deadlines or ()]
        if deadlines is not None and not any(abs(each - listed.until_us) <= _RUN_US for each in until):
            return False
        try:
            told = listing.newest_first(
                self._conn,
                self._finder,
                registration_id,
                before=listed.before,
                first=listed.first,
                until_us=listed.until_us,
            )
            found = rests_on.digest((each.access_id, each.version) for each in islice(told, listed.most))
        except (errors.Internal, DetailError):
            return True  # something contradicts itself, which is a finding of its own
        return listed.before <= index and listed.found == found
