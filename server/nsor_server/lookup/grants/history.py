"""Grants, tickets and opened cases along the ledger: what each look-up on one was answered, and each list, had to be.

A withdrawal and each use are rows that the look-up reads. Whoever owns the database can take one away for a look-up, or
add one, and put all back: then every row is as it was. But the sealed grants, and the entries that wrote the rows, he
can't make: told again in their order they say what counted when a look-up was answered.
"""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import rows as scopes
from nsor_server.access.enrolled import Enrolled
from nsor_server.calls import Agency, Officer
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup import rules
from nsor_server.lookup.grants import store, subjects
from nsor_server.lookup.search import rules as searches
from nsor_server.lookup.stored import LOOK_UP, SEARCH
from nsor_server.registration import facts as registrations
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_GRANTS: Final = f"""
SELECT r.index, uuid_send(g.grant_id), g.agency_id, (extract(epoch FROM g.expires_at) * 1000000)::bigint, g.case_blinds,
    g.sealed, coalesce(uuid_send(g.access_request_id), ''), g.opened_by_agency, g.places, g.juvenile
FROM ledger_record AS r
JOIN access_grant AS g ON g.grant_id = {UUID_OF_RECORD} AND r.version = {store.GRANT_VERSION}
WHERE r.table_name = '{store.GRANTS}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_RETURNS: Final = f"""
SELECT r.index, uuid_send(b.access_id), uuid_send(b.grant_id), b.subject
FROM ledger_record AS r JOIN look_up_return AS b ON b.access_id = {UUID_OF_RECORD}
WHERE r.table_name = 'look_up_return'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_ENDED: Final = f"""
SELECT r.index, r.table_name, r.row_id, (extract(epoch FROM w.withdrawn_at) * 1000000)::bigint
FROM ledger_record AS r
LEFT JOIN access_grant_withdrawal AS w ON r.table_name = '{store.WITHDRAWALS}' AND w.grant_id = {UUID_OF_RECORD}
LEFT JOIN officer_disabled AS d ON r.table_name = '{deciding.DISABLED_OFFICERS.name}'
    AND r.row_id = d.key_id AND r.version = d.version
WHERE r.table_name = '{store.WITHDRAWALS}' OR d.reason = {directory_pb2.DISABLE_REASON_KEY_COMPROMISED:d}
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
"""Withdrawals, and keys that were disabled as compromised."""
_PASSED_ON: Final = f"""
SELECT r.index, r.row_id, h.officer_key
FROM ledger_record AS r
LEFT JOIN access_grant_holder AS h ON h.grant_id = {UUID_OF_RECORD} AND h.version = r.version
WHERE r.table_name = '{store.HOLDERS}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_ALLOWED: Final = f"""
SELECT r.index, r.row_id FROM ledger_record AS r WHERE r.table_name = '{store.JUVENILES}' ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_PASSES: Final = "nsor.v1.LookupService/PassAccessRequest"
_GET: Final = "nsor.v1.LookupService/GetAccessRequest"
_RUN_US: Final = 60_000_000
"""A call is decided before its entry is written; none takes longer."""
_END: Final = b"\xff" * 16
"""Not before any id."""
_NOT_VALID: Final = "GRANT_NOT_VALID"
_WITHDRAWN: Final = "GRANT_WITHDRAWN"
_EXPIRED: Final = "GRANT_EXPIRED"
_USED_UP: Final = "GRANT_USED_UP"
_REASONS: Final = frozenset({_NOT_VALID, _WITHDRAWN, _EXPIRED, _USED_UP})
_ANSWERED: Final[Mapping[str, str]] = {
    _NOT_VALID: "a look-up rests on a grant, ticket or court case that wasn't for it",
    _WITHDRAWN: "a look-up rests on a grant, ticket or court case that counted no more",
    _EXPIRED: "a look-up rests on a grant, ticket or court case that had ended",
}
"""Why it had to be refused -> what is wrong with one that was answered."""
_SEARCHED: Final[Mapping[str, str]] = {
    _NOT_VALID: "a search rests on a grant, ticket or court case that wasn't for it",
    _WITHDRAWN: "a search rests on a grant, ticket or court case that counted no more",
    _EXPIRED: "a search rests on a grant, ticket or court case that had ended",
    _USED_UP: "a search rests on a grant, ticket or court case that was used up",
}
"""The same of a search."""
_NOT_SEARCHED: Final = (
    "a search was refused for its grant, ticket or court case, and that counted, or not for that reason"
)
_REFUSED: Final = "a look-up was refused for its grant, ticket or court case, and that counted, or not for that reason"
_NOT_MISSED: Final = "a use of a grant, ticket or court case was given back that had shown a record, or none"
_JUVENILES: Final = "a look-up might show juveniles' records that NPB hadn't allowed, or the other way round"
_NUMBERED: Final = "the uses of a grant, ticket or court case aren't numbered one after the other, up to what it allows"


@dataclass(slots=True)
class _Grant:
    """A grant, ticket or opened case.

    Attributes:
        record: what was sealed.
        index: of the entry that gave it.
        uses: so far, for each of its persons.
        used: the entries that used it.
        passed: by which entries it was passed on, in their order.
        holder: key id of the officer who may use it; empty: any officer of its place.
        returned: how many of the uses were given back, for each of its persons.
        returned_at: the entries that gave them back.
        missed: the accesses that were answered "no record" and weren't given back, with the person's position.
        allowed: by which entry NPB's word came to it that it shows juveniles' records; -1: by none.
        withdrawn: by which entry, and when it says that it was; None: it wasn't.
        changed: the last entry that gave, withdrew, passed on or used it, or gave a use back.
    """

    record: record_pb2.GrantRecord
    index: int
    uses: list[int]
    used: array[int]
    passed: array[int]
    holder: bytes
    returned: list[int]
    allowed: int = -1
    returned_at: array[int] = field(default_factory=lambda: array("q"))
    missed: dict[bytes, int] = field(default_factory=dict)
    withdrawn: tuple[int, int] | None = None
    changed: int = 0

    def used_up(self, position: int) -> bool:
        """Whether one of its persons was looked up as often as it allows."""
        return self.uses[position] - self.returned[position] >= self.record.uses_per_subject

    def shows(self, classes: Iterable[int]) -> bool:
        """Whether it lets all of these classes of fields be shown."""
        granted = self.record.classes
        return not granted or set(classes) <= {options_pb2.FIELD_CLASS_ALWAYS, *granted}

    def listed(self, before: int) -> int:
        """What a list said of it, as ``Opened.as_listed``, when there were so many entries."""
        juveniles = self.record.juvenile and 0 <= self.allowed < before
        return 1 + 2 * bisect.bisect_left(self.passed, before) + juveniles

    def counted(self, before: int) -> bool:
        """Whether it was given, and not withdrawn, when there were so many entries."""
        return self.index < before and (self.withdrawn is None or self.withdrawn[0] >= before)


class Grants:
    """Follows what counts, entry by entry; on the way every seal is opened and compared with what stands beside it.

    Where details were dropped, uses were too: then it is only said what is certain without them.
    """

    def __init__(self, conn: Connection, keyring: Keyring, enrolled: Enrolled, add: Add) -> None:
        self._enrolled, self._add = enrolled, add
        self._sealer = Sealer(keyring)
        self.giving = Rows(conn, "grants", _GRANTS, add)
        """Entries that have some of these give grants."""
        self.given: list[record_pb2.GrantRecord] = []
        """The grants, tickets and court cases that the last entry gave."""
        self._ended = Rows(conn, "what ends grants", _ENDED, add)
        self._passed_on = Rows(conn, "to whom grants were passed", _PASSED_ON, add)
        self._returns = Rows(conn, "uses that were given back", _RETURNS, add)
        self.rows = self._returns
        """Entries that have some of these give uses back."""
        self.returned: dict[bytes, tuple[bytes, int]] = {}
        """Accesses whose uses the last entry has given back, each with its grant and the person's position there."""
        self._naming: dict[str, list[bytes]] = {}
        self._allowed = Rows(conn, "grants that show juveniles' records", _ALLOWED, add)
        self._taken = self.giving, self._ended, self._passed_on, self._allowed
        self.concerns = Concerns(
            (*self._taken, self._returns), frozenset({LOOK_UP, SEARCH, _GET}), ("listed_grants",), also_next=True
        )
        self._grants: dict[bytes, _Grant] = {}
        self._opened: dict[str, list[tuple[int, bytes]]] = {}
        self._of_agency: dict[str, list[tuple[int, bytes]]] = {}
        self._compromised: dict[bytes, int] = {}
        self._dropped = False

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take the next entry; all come in their order."""
        self.given = []
        if any([each.next_index <= index for each in self._taken]):  # noqa: C419 - each look-up asks it: half of the time
            self._take(index, leaf, detail)
        if self.returned or self._returns.next_index <= index:
            self._take_returns(index)
        method = leaf.method
        if method == LOOK_UP and leaf.purpose in rules.ON_A_GRANT:
            self._looked_up(index, leaf, detail)
        elif method == SEARCH and leaf.purpose in rules.ON_A_GRANT:
            self._search(index, leaf, detail)
        elif detail is None or leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            return
        elif detail.HasField("listed_grants"):
            self._compare_list(index, leaf, detail.listed_grants)
        elif method == _GET and len(detail.subjects) > 1:
            self._compare_shown(index, detail)

    def finish(self) -> None:
        """Report what is left."""
        self.giving.finish()
        self._ended.finish()
        self._passed_on.finish()
        self._allowed.finish()
        self._returns.finish()

    @property
    def is_whole(self) -> bool:
        """Whether no detail of a look-up on a grant was dropped so far."""
        return not self._dropped

    def naming(self, one: registrations.Identifier) -> Iterator[record_pb2.GrantRecord]:
        """The grants that have named somebody by an identifier, those that are over too."""
        for grant_id in self._naming.get(subjects.named_as(one), ()):
            yield self._grants[grant_id].record

    def counts(self, grant_id: bytes, at_us: int) -> bool:
        """Whether a grant is neither over at an instant nor withdrawn, nor opened with a key that is compromised."""
        grant = self._grants[grant_id]
        is_over = grant.record.expires_at_us <= at_us or grant.withdrawn is not None
        return not is_over and grant.record.opened_by_key not in self._compromised

    def record(self, grant_id: bytes) -> record_pb2.GrantRecord:
        """What was sealed of a grant that some entry has given."""
        return self._grants[grant_id].record

    def find(self, grant_id: bytes) -> record_pb2.GrantRecord | None:
        """The same; None: no entry has given it."""
        grant = self._grants.get(grant_id)
        return grant.record if grant is not None else None

    def agencies(self, before: int, until: int, over_us: int) -> set[str]:
        """The agencies with a grant, ticket or court case that counts, also by a key that is compromised.

        Args:
            before: given by an entry before this one.
            until: and withdrawn by none up to this one.
            over_us: over later than this instant.
        """
        return {
            agency
            for agency, ends in self._of_agency.items()
            if any(self._is_given(grant_id, before, until) for grant_id in _ending_after(ends, over_us))
        }

    def _is_given(self, grant_id: bytes, before: int, until: int) -> bool:
        grant = self._grants[grant_id]
        return grant.index < before and (grant.withdrawn is None or grant.withdrawn[0] > until)

    def shows_juveniles(self, grant_id: bytes) -> bool:
        """Whether a grant shows juveniles' records: its prosecutor and NPB have both said so."""
        grant = self._grants[grant_id]
        return grant.record.juvenile and grant.allowed >= 0

    def missed(self, grant_id: bytes, position: int) -> set[bytes]:
        """The accesses of a person on a grant that were answered "no record", and weren't given back before."""
        return {access_id for access_id, of in self._grants[grant_id].missed.items() if of == position}

    def _take_returns(self, index: int) -> None:
        for access_id, (grant_id, _) in self.returned.items():
            self._grants[grant_id].missed.pop(access_id, None)
        self.returned.clear()
        for access_id, grant_id, position in self._returns.take(index):
            grant = self._grants.get(grant_id)
            if grant is None or (grant.missed.get(access_id) != position and not self._dropped):
                self._add(index, _NOT_MISSED)
            elif position < len(grant.returned):
                grant.returned[position] += 1
                grant.changed = index
                grant.returned_at.append(index)
                self.returned[access_id] = grant_id, position

    def _take(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Take what the entry wrote: what was given, withdrawn, passed on and allowed."""
        for grant_id, agency, ends_us, case_blinds, sealed, *beside in self.giving.take(index):
            self._given(index, grant_id, (agency, ends_us, case_blinds), sealed, tuple(beside))
        for table, row_id, withdrawn_us in self._ended.take(index):
            if table != store.WITHDRAWALS:
                self._compromised.setdefault(row_id, index)
            elif row_id in self._grants:
                self._grants[row_id].withdrawn = index, withdrawn_us
                self._grants[row_id].changed = index
        for grant_id, officer_key in self._passed_on.take(index):
            self._passed(index, leaf, detail, grant_id, officer_key)
        for (grant_id,) in self._allowed.take(index):
            if grant_id in self._grants:
                self._grants[grant_id].allowed = index

    def _looked_up(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        if detail is None:
            self._dropped = True
        elif detail.subjects:
            if leaf.outcome == leaf_pb2.OUTCOME_ALLOWED:
                self._answered(index, leaf, detail)
            elif detail.outcome in _REASONS:
                self._refused(index, leaf, detail)

    def _search(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Hold a search against the grant that it rests on: it is for one of its subjects, and uses nothing of it."""
        if detail is None:
            return
        grant = self._grants.get(detail.subjects[-1] if detail.subjects else b"")
        if leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            if detail.outcome in _REASONS and detail.HasField("refused"):
                self._not_searched(index, leaf, detail, grant)
            return
        if grant is None:
            self._add(index, _SEARCHED[_NOT_VALID])
            return
        due = self._due_of_search(grant, leaf, detail)
        if due and self._due_of_search(grant, leaf, detail, earlier_us=_RUN_US):
            self._add(index, _SEARCHED[due])
        elif not grant.shows(detail.classes_shown):
            self._add(index, "a search shows classes of fields that its grant doesn't")
        elif not grant.shows(detail.searched.narrowed_by):
            self._add(index, "a search was narrowed by what its grant doesn't show: by years, sex or a district")
        elif not due and not _says_enough(subjects.of(grant.record)[detail.grant_position]):
            self._add(index, "a search was for a name that very many people have")

    def _not_searched(
        self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail, grant: _Grant | None
    ) -> None:
        """Hold the refusal of a search against its grant, but where that changed between the reading and the entry."""
        if grant is None:
            due = {_NOT_VALID}
        else:
            stolen = self._compromised.get(grant.record.opened_by_key, -1)
            if max(grant.changed, stolen) >= detail.refused.before:
                return
            if detail.outcome == _NOT_VALID and not self._knows_place_of(grant, detail):
                return
            due = {self._due_of_search(grant, leaf, detail, earlier_us=earlier_us) for earlier_us in (0, _RUN_US)}
            if self._dropped:
                due.add(_USED_UP)
        if detail.outcome not in due:
            self._add(index, _NOT_SEARCHED)

    def _due_of_search(
        self, grant: _Grant, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail, *, earlier_us: int = 0
    ) -> str:
        """Why a search had to be refused, as ``lookup/search/service.py`` says it; empty: it hadn't.

        ``earlier_us``: by so much it may have been decided before its entry was written.
        """
        due, named, position = self._due_of_grant(grant, leaf, detail), subjects.of(grant.record), detail.grant_position
        if due or position >= len(named) or not named[position].name.name:
            return _NOT_VALID
        due = self._ended_by(grant, leaf, earlier_us=earlier_us)
        return due or (_USED_UP if grant.used_up(position) else "")

    def _given(
        self,
        index: int,
        grant_id: bytes,
        columns: tuple[str, int, bytes],
        sealed: bytes,
        beside: tuple[bytes, str, list[str], bool],
    ) -> None:
        record = opened(
            self._add, index, store.GRANTS, lambda: store.open_grant(self._sealer, grant_id, columns, sealed)
        )
        if record is None:
            return
        if (record.access_request_id, record.opened_by_agency, list(record.places), record.juvenile) != beside:
            self._add(index, "a column of access_grant isn't what the seal beside it says")
        self.given.append(record)
        nobody = [0] * len(record.named)
        self._grants[grant_id] = _Grant(
            record, index, [*nobody], array("q"), array("q"), record.officer_key, nobody, changed=index
        )
        for named in filter(None, record.named):
            self._naming.setdefault(named, []).append(grant_id)
        bisect.insort(self._opened.setdefault(record.opened_by_agency, []), (record.expires_at_us, grant_id))
        bisect.insort(self._of_agency.setdefault(record.agency, []), (record.expires_at_us, grant_id))

    def _passed(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        grant_id: bytes,
        officer_key: bytes | None,
    ) -> None:
        """Follow a grant to the officer to whom it was passed."""
        grant = self._grants.get(grant_id)
        if grant is None or officer_key is None:
            return  # what is missing is found where the rows are compared with their records
        if leaf.method != _PASSES or (detail is not None and detail.decided_key != officer_key):
            self._add(index, "a grant was passed to another officer than the entry says")
        grant.holder, grant.changed = officer_key, index
        grant.passed.append(index)

    def _answered(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        grant = self._grants.get(detail.subjects[-1])
        due = self._due(grant, leaf, detail)
        if due or grant is None:
            self._add(index, _ANSWERED[due])
            return
        if not grant.shows(detail.classes_shown):
            self._add(index, "a look-up shows classes of fields that its grant doesn't")
        if detail.juvenile != self.shows_juveniles(grant.record.grant_id):
            self._add(index, _JUVENILES)
        if not detail.replay:
            self._use(index, leaf, grant, detail)

    def _use(self, index: int, leaf: leaf_pb2.Leaf, grant: _Grant, detail: record_pb2.AccessDetail) -> None:
        """Count a use: each comes once, and none is beyond what the grant allows."""
        position, use = _position(grant, detail), detail.grant_use
        if position is None:
            return
        before = grant.uses[position]
        follows = use > before if self._dropped else use == before + 1
        counts = use - grant.returned[position]
        if position != detail.grant_position or not follows or counts > grant.record.uses_per_subject:
            self._add(index, _NUMBERED)
        grant.uses[position] = max(before, use)
        grant.used.append(index)
        grant.changed = index
        if detail.outcome == rules.NO_RECORD:
            grant.missed[leaf.access_id] = position

    def _refused(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        grant = self._grants.get(detail.subjects[-1])
        if detail.outcome == _NOT_VALID and grant is not None and not self._knows_place_of(grant, detail):
            return
        due = self._due(grant, leaf, detail)
        if not due and grant is not None:
            position = _position(grant, detail)
            if self._dropped or (position is not None and grant.used_up(position)):
                due = _USED_UP
        if detail.outcome != due:
            self._add(index, _REFUSED)

    def _due(self, grant: _Grant | None, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> str:
        """Why a look-up had to be refused, as ``lookup/batch.py`` says it, but for its uses; empty: it hadn't."""
        if grant is None:
            return _NOT_VALID
        due = self._due_of_grant(grant, leaf, detail)
        if not due and _position(grant, detail) is None:
            return _NOT_VALID
        return due or self._ended_by(grant, leaf)

    def _due_of_grant(self, grant: _Grant, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> str:
        """Whether it is for whoever asked: its officer, or of a court's case one who acts where the court sits."""
        if grant.holder:
            is_his = grant.holder == detail.officer_key
        else:
            is_his = self._enrolled.may_act(leaf.agency, detail.officer_key, grant.record.court_case.court_place)
        same = (grant.record.agency, grant.record.purpose) == (leaf.agency, leaf.purpose)
        return "" if same and is_his else _NOT_VALID

    def _knows_place_of(self, grant: _Grant, detail: record_pb2.AccessDetail) -> bool:
        """Whether it is known where an officer acts, or that doesn't matter: a grant is its officer's anywhere."""
        return bool(grant.holder) or self._enrolled.officer(detail.officer_key) is not None

    def _ended_by(self, grant: _Grant, leaf: leaf_pb2.Leaf, *, earlier_us: int = 0) -> str:
        """Whether it counted no more; ``earlier_us``: its end was looked at so much before the entry."""
        if grant.withdrawn is not None or grant.record.opened_by_key in self._compromised:
            return _WITHDRAWN
        return _EXPIRED if leaf.time_us - earlier_us >= grant.record.expires_at_us else ""

    def _compare_shown(self, index: int, detail: record_pb2.AccessDetail) -> None:
        """Hold what an access request showed of its grant against whether it was withdrawn, and when."""
        grant = self._grants.get(detail.subjects[1])
        if grant is not None:
            withdrawn_us = grant.withdrawn[1] if grant.withdrawn else 0
            if detail.rests_on != rests_on.digest([(grant.record.grant_id, withdrawn_us)]):
                self._add(index, "an access request was shown with a grant as if it was withdrawn, or wasn't")

    def _compare_list(self, index: int, leaf: leaf_pb2.Leaf, listed: record_pb2.ListedGrants) -> None:
        """Hold a page against what counted, and its uses; where details were dropped there were more of them."""
        grants = list(islice(self._page(leaf.agency, listed), listed.most))
        used = [
            bisect.bisect_left(grant.used, listed.before) - bisect.bisect_left(grant.returned_at, listed.before)
            for grant in grants
        ]
        fewer = any(one < other for one, other in zip(listed.used, used, strict=False))
        if (
            listed.before > index
            or abs(leaf.time_us - listed.now_us) > _RUN_US
            or listed.found != rests_on.digest((grant.record.grant_id, grant.listed(listed.before)) for grant in grants)
            or (fewer if self._dropped else listed.used != used)
        ):
            self._add(index, "the grants that were listed, or their uses, aren't those that counted")

    def _page(self, agency_id: str, listed: record_pb2.ListedGrants) -> Iterator[_Grant]:
        """What an agency's officers had opened and what counted, from where the page begins on."""
        caller = Agency(agency_id, options_pb2.AGENCY_KIND_UNSPECIFIED, tuple(listed.jurisdiction), enabled=True)
        officer = Officer(b"", agency_id, "", b"", tuple(listed.acts_at), 0)
        scope = options_pb2.RowScope.ValueType(listed.rows)
        opened_ones = self._opened.get(agency_id, [])
        last = self._grants.get(listed.after)
        start = max((listed.now_us, _END), (last.record.expires_at_us, listed.after) if last else (0, b""))
        for _, grant_id in islice(opened_ones, bisect.bisect_right(opened_ones, start), None):
            grant = self._grants[grant_id]
            if grant.counted(listed.before) and scopes.shows(scope, store.said(grant.record), caller, officer):
                yield grant


def _ending_after(ends: list[tuple[int, bytes]], at_us: int) -> Iterator[bytes]:
    """The grants that are over later than an instant, of some in the order of when they are; the last one first."""
    for over_us, grant_id in reversed(ends):
        if over_us <= at_us:
            return
        yield grant_id


def _says_enough(subject: record_pb2.Suspect) -> bool:
    """Whether the name of a person may be searched for."""
    try:
        searches.check_name("", searches.names_of(subject))
    except errors.InvalidFields:
        return False
    return True


def _position(grant: _Grant, detail: record_pb2.AccessDetail) -> int | None:
    """The place in a grant of the person for whom a look-up asked; of a candidate that for which he was found."""
    if detail.found_by:
        return detail.grant_position if detail.grant_position < len(grant.uses) else None
    return subjects.position(grant.record, registrations.of_named(detail.named))
