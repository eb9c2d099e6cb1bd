"""Which accesses are unusual. Pure: neither grpc nor psycopg, and no key.

Accesses are taken in the order of the ledger, and what they come to is closed at each fixed time. So whoever takes the
same ones again finds the same: a process that was started anew, and ``nsor-server ledger verify``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from nsor.v1 import tripwires_pb2
from nsor_server.policy.deadlines import KARACHI
from nsor_server.policy.tripwires import Tripwire, TripwirePolicy

MOST_NAMED: Final = 20
"""Accesses that are named of one finding, the newest."""
NPB_ALONE: Final = frozenset({tripwires_pb2.TRIPWIRE_KIND_TWO_AGENCIES})
"""Kinds of which the officer's agency hears nothing, and which it isn't shown."""
MOST_FOUND: Final = 200
"""Findings of one time: where it has so many it reads no further, and the next time goes on there."""
MOST_OTHERS: Final = 8
"""Other officers who are the same human that are named of one finding: what is sealed of it has one size."""
DAY_US: Final = 86_400_000_000
"""From before a time so far the agency is named what the officer has read."""
AT_ONCE: Final = frozenset(
    {
        tripwires_pb2.TRIPWIRE_KIND_DECOY,
        tripwires_pb2.TRIPWIRE_KIND_OWN_NUMBER,
        tripwires_pb2.TRIPWIRE_KIND_PROTECTED_PERSON,
        tripwires_pb2.TRIPWIRE_KIND_DECOY_ENTERED,
        tripwires_pb2.TRIPWIRE_KIND_TWO_AGENCIES,
    }
)
"""Kinds of which each fixed time tells: nothing is waited for, and no window is quiet."""
_MANY: Final = tripwires_pb2.TRIPWIRE_KIND_MANY_SUBJECTS
_NIGHT: Final = tripwires_pb2.TRIPWIRE_KIND_NIGHT_BURST
_DISTRICTS: Final = tripwires_pb2.TRIPWIRE_KIND_OUT_OF_DISTRICT
_REFUSALS: Final = tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS
TRAVELLED: Final = tripwires_pb2.TRIPWIRE_KIND_NOT_TRAVELLED

Who: TypeAlias = tuple[str, str]
"""Agency, and number of the officer or system; without one: the agency's calls that name nobody."""


class Ref(NamedTuple):
    """An access, by what it is found again.

    Attributes:
        entry: its index in the ledger.
        access_id: 16 bytes.
        time_us: of the entry, microseconds since 1970.
    """

    entry: int
    access_id: bytes
    time_us: int


class Access(NamedTuple):
    """What an entry says of an access.

    Attributes:
        ref: by what it is found.
        who: by whom it was.
        purpose: number of nsor.v1.Purpose; 0: it was refused before there was one.
        subject: whom it names; empty: nobody.
        district: of its case; empty: it has none, or no district.
        refused: how many refusals it stands for.
        kinds: what is unusual of it by itself: numbers of nsor.v1.TripwireKind.
        others: of an enrolment the other officers who are the one whom ``who`` names.
    """

    ref: Ref
    who: Who
    purpose: int = 0
    subject: str = ""
    district: str = ""
    refused: int = 0
    kinds: frozenset[int] = frozenset()
    others: tuple[Who, ...] = ()


class Manifest(NamedTuple):
    """A manifest that is over, and whose passengers haven't travelled.

    Attributes:
        manifest_id: 16 bytes.
        agency: that has declared it.
        crossing: where, number of nsor.v1.BorderCrossing.
        closes_us: when it was over, microseconds since 1970.
        screened: how many passengers were screened; of small ones that count together, of all of them.
    """

    manifest_id: bytes
    agency: str
    crossing: int
    closes_us: int
    screened: int


@dataclass(slots=True)
class Finding:
    """Something unusual.

    Attributes:
        kind: number of nsor.v1.TripwireKind.
        who: whose accesses they are.
        tripped_us: when it came to be unusual, microseconds since 1970.
        count: how many there were of what is counted.
        unusual: the newest unusual accesses, the oldest in front.
        accesses: the newest accesses of the same one, likewise, unusual or not.
        manifest_id: of NOT_TRAVELLED the manifest, 16 bytes.
        others: of TWO_AGENCIES the other officers who are the same human.
    """

    kind: int
    who: Who
    tripped_us: int
    count: int = 0
    unusual: list[Ref] = field(default_factory=list)
    accesses: list[Ref] = field(default_factory=list)
    manifest_id: bytes = b""
    others: tuple[Who, ...] = ()


@dataclass(slots=True)
class _Window:
    """What lies within a window: of each access what it counts as, where the same counts once."""

    counted: deque[tuple[Ref, str, int]] = field(default_factory=deque)
    keys: Counter[str] = field(default_factory=Counter)
    size: int = 0

    def add(self, ref: Ref, key: str, weight: int, since_us: int) -> None:
        """Take an access, and forget those until an instant."""
        self.forget(since_us)
        self.counted.append((ref, key, weight))
        self.keys[key] += 1
        if self.keys[key] == 1:
            self.size += weight

    def forget(self, since_us: int) -> None:
        """Forget what isn't after an instant."""
        while self.counted and self.counted[0][0].time_us <= since_us:
            _, key, weight = self.counted.popleft()
            self.keys[key] -= 1
            if not self.keys[key]:
                del self.keys[key]
                self.size -= weight

    def newest(self) -> list[Ref]:
        """The newest accesses, the oldest in front."""
        behind = len(self.counted) - MOST_NAMED
        return [self.counted[at][0] for at in range(max(0, behind), len(self.counted))]


class Tripwires:
    """What accesses have come to, by one policy."""

    def __init__(self, policy: TripwirePolicy) -> None:
        """Nothing was taken yet."""
        self._policy = policy
        self._rows = {kind: policy.by_purpose(kind) for kind in tripwires_pb2.TripwireKind.values()}
        self._told: dict[tuple[int, Who], int] = {}
        self._windows: dict[tuple[Tripwire, Who], _Window] = {}
        self._recent: dict[Who, deque[Ref]] = {}
        self._found: dict[tuple[int, Who], Finding] = {}
        self._now_us = 0

    @property
    def is_full(self) -> bool:
        """Whether so much was found since the last time that no more is taken."""
        return len(self._found) >= MOST_FOUND

    def hear(self, told: Mapping[tuple[int, Who], int]) -> None:
        """Take what others have told: when it had come to be unusual, by kind and officer."""
        self._told |= told

    def take(self, access: Access, *, telling: bool = True) -> None:
        """Take the next access.

        Args:
            access: the accesses come in the order of their entries.
            telling: whether it may be found unusual; not where it was told of already.
        """
        self._now_us = access.ref.time_us
        if access.others:
            self._take_enrolment(access, telling=telling)
            return
        self._recent.setdefault(access.who, deque(maxlen=MOST_NAMED)).append(access.ref)
        for kind, key, weight in self._counted(access):
            row = self._row(kind, access.purpose)
            if row is None:
                continue
            window = self._windows.setdefault((row, access.who), _Window())
            window.add(access.ref, key, weight, access.ref.time_us - row.window_us)
            if telling and window.size >= row.at_least:
                self._find(row, access, window.size, window.newest())
        for kind in sorted(access.kinds) if telling else ():
            row = self._row(kind, access.purpose)
            if row is not None:
                before = self._found.get((kind, access.who))
                unusual = [*(before.unusual if before else ()), access.ref][-MOST_NAMED:]
                self._find(row, access, (before.count if before else 0) + 1, unusual)

    def _take_enrolment(self, access: Access, *, telling: bool) -> None:
        """Take an enrolment of somebody who is an officer elsewhere: it is no access of his."""
        row = self._row(tripwires_pb2.TRIPWIRE_KIND_TWO_AGENCIES, access.purpose)
        if row is not None and telling:
            self._find(row, access, 1 + len(access.others), [access.ref])
            self._found[row.number, access.who].others = access.others[:MOST_OTHERS]

    def close(self, due_us: int, manifests: Iterable[Manifest] = ()) -> list[Finding]:
        """What was found since the last time, in the order in which it came to be unusual.

        Args:
            due_us: the fixed time, microseconds since 1970.
            manifests: what ``not_travelled`` has found.
        """
        found = sorted(self._found.values(), key=lambda each: (each.tripped_us, each.kind, each.who))
        self._told |= {(each.kind, each.who): each.tripped_us for each in found}
        self._found = {}
        found += [
            Finding(TRAVELLED, (each.agency, ""), each.closes_us, each.screened, manifest_id=each.manifest_id)
            for each in manifests
        ]
        for each in found:
            each.accesses = [ref for ref in self._recent.get(each.who, ()) if ref.time_us > due_us - DAY_US]
        self._forget()
        return found

    def _counted(self, access: Access) -> Iterator[tuple[int, str, int]]:
        """As what an access counts: kind, what counts once, and as how many."""
        one = str(access.ref.entry)
        if access.subject:
            yield _MANY, access.subject, 1
            if self._policy.is_night(_hour(access.ref.time_us)):
                yield _NIGHT, one, 1
        if access.district:
            yield _DISTRICTS, access.district, 1
        if access.refused:
            yield _REFUSALS, one, access.refused

    def _row(self, kind: int, purpose: int) -> Tripwire | None:
        rows = self._rows[tripwires_pb2.TripwireKind.ValueType(kind)]
        return rows.get(purpose) or rows.get(0)

    def _find(self, row: Tripwire, access: Access, count: int, unusual: list[Ref]) -> None:
        key = row.number, access.who
        found = self._found.get(key)
        if found is None:
            told = self._told.get(key)
            if told is not None and row.number not in AT_ONCE and access.ref.time_us < told + row.window_us:
                return
            found = self._found[key] = Finding(row.number, access.who, access.ref.time_us)
        found.count, found.unusual = max(found.count, count), unusual

    def _forget(self) -> None:
        """Forget what is too old to count with any access that is still to come."""
        for key, window in list(self._windows.items()):
            window.forget(self._now_us - key[0].window_us)
            if not window.counted:
                del self._windows[key]
        since_us = self._now_us - reach_us(self._policy)
        self._recent = {who: recent for who, recent in self._recent.items() if recent[-1].time_us > since_us}
        self._told = {key: at for key, at in self._told.items() if at > since_us}


def not_travelled(row: Tripwire, manifests: Sequence[Manifest], small: Sequence[Manifest]) -> list[Manifest]:
    """Of which manifests it is told that their passengers haven't travelled.

    Of small ones of an agency at a crossing, which say nothing each, the newest stands for all that lie within the
    window: nobody stays unseen by declaring two for one.

    Args:
        row: says from how many passengers on.
        manifests: those that are looked at now, the oldest in front.
        small: the small ones, of now and of before.
    """
    newest = {(each.agency, each.crossing): each for each in manifests if 0 < each.screened < row.at_least}
    together = [
        each._replace(
            screened=sum(
                one.screened
                for one in small
                if (one.agency, one.crossing) == at and each.closes_us - row.window_us < one.closes_us <= each.closes_us
            )
        )
        for at, each in newest.items()
    ]
    found = [each for each in (*manifests, *together) if each.screened >= row.at_least]
    return sorted(found, key=lambda each: (each.closes_us, each.manifest_id))


def reach_us(policy: TripwirePolicy) -> int:
    """How far back accesses and findings are needed to go on at some instant by a policy, microseconds."""
    return max(policy.longest_us, DAY_US)


def _hour(time_us: int) -> int:
    """The hour of the day in Asia/Karachi."""
    return dt.datetime.fromtimestamp(time_us // 1_000_000, KARACHI).hour
