"""What there is to do with a registration, for whom, and by when. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from nsor.v1 import options_pb2, registration_pb2, types_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.access.rows import Said
from nsor_server.calls import Agency
from nsor_server.formats.instants import instant, to_us
from nsor_server.policy.deadlines import (
    APPEAL_WINDOW,
    APPEAL_WINDOW_OTHER_COURTS,
    CONVICTION_CONFIRMATION,
    KARACHI,
    Deadlines,
    Due,
)
from nsor_server.registration import states
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.duties import states as duty_states
from nsor_server.registration.judgments.rules import SPECIAL_COURTS
from nsor_server.registration.transfers import rules as transfers
from nsor_server.registration.worklists import identities
from nsor_server.storage.v1 import record_pb2

NONE: Final = int(worklists_pb2.WORK_KIND_UNSPECIFIED)
"""There is nothing to do."""
PENDING_CONFIRMATION: Final = int(worklists_pb2.WORK_KIND_PENDING_CONFIRMATION)
APPEAL_WINDOW_OPEN: Final = int(worklists_pb2.WORK_KIND_APPEAL_WINDOW)
RELEASE_TO_ACCEPT: Final = int(worklists_pb2.WORK_KIND_RELEASE_TO_ACCEPT)
RELEASE_WITHOUT_ADDRESS: Final = int(worklists_pb2.WORK_KIND_RELEASE_WITHOUT_ADDRESS)
ADMISSION: Final = int(worklists_pb2.WORK_KIND_ADMISSION)
RELEASE_OVERDUE: Final = int(worklists_pb2.WORK_KIND_RELEASE_OVERDUE)
REVALIDATION: Final = int(worklists_pb2.WORK_KIND_REVALIDATION)
CORRECTION: Final = int(worklists_pb2.WORK_KIND_CORRECTION)
NOTICE_TO_VERIFY: Final = int(worklists_pb2.WORK_KIND_NOTICE_TO_VERIFY)
AMENDMENT: Final = int(worklists_pb2.WORK_KIND_AMENDMENT)
DUTY: Final = 201
"""A person's duty that is open, which ListDuties lists; no number of WorkKind: no worklist has it."""
TRANSFER_INCOMING: Final = 160
"""Not of ListRegistrations: ListTransfers lists this one and the next two."""
TRANSFER_OUTGOING: Final = 161
TRANSFER_UNRESOLVED: Final = 162
DUTY_STEP: Final = 202
"""The next step of escalation of such a duty, which is told when it falls due; likewise."""
OF_CONVICTION: Final = 0
"""The part of a work that a conviction is about: it has one kind at a time."""
OF_RELEASE: Final = 1
"""The part of a work that the release of a registration's person is about."""
OF_ADMISSION: Final = 2
"""The part of a work that the admission of a registration's person is about."""
OF_IDENTITY: Final = 3
"""The part of a work that the identity of a registration's person is about."""
OF_OVERDUE: Final = 4
"""The part of a work that an expected release is about which nobody has entered as one that happened."""
OF_NOTICES: Final = 150
"""The part of a work that the notices are about which nobody has verified or refused."""
OF_DUTY: Final = 180
"""The part of a work that a duty is about: it is the subject."""
OF_INCOMING: Final = 160
"""The part of a work that an open transfer is about, for the police of the new place."""
OF_OUTGOING: Final = 161
"""The same for the police of the old place."""
OF_UNRESOLVED: Final = 162
"""The same for NPB."""
OF_DUTY_STEP: Final = 181
"""The part of a work that the next step of escalation of a duty is about."""
_OF_IDENTITY: Final = (identities.TO_CORRECT, identities.WITHOUT_DOCUMENT)
_KINDS: Final[Mapping[int, tuple[int, ...]]] = {
    options_pb2.AGENCY_KIND_COURT: (PENDING_CONFIRMATION, APPEAL_WINDOW_OPEN),
    options_pb2.AGENCY_KIND_PROSECUTION: (APPEAL_WINDOW_OPEN, *_OF_IDENTITY, REVALIDATION, CORRECTION, AMENDMENT),
    options_pb2.AGENCY_KIND_POLICE: (
        *(RELEASE_TO_ACCEPT, RELEASE_WITHOUT_ADDRESS),
        *_OF_IDENTITY,
        *(REVALIDATION, CORRECTION, NOTICE_TO_VERIFY, AMENDMENT),
    ),
    options_pb2.AGENCY_KIND_PRISONS: (ADMISSION, RELEASE_OVERDUE),
    options_pb2.AGENCY_KIND_NPB: (RELEASE_TO_ACCEPT, RELEASE_WITHOUT_ADDRESS, RELEASE_OVERDUE),
}
"""Kind of agency -> what it has to do, in the order of the numbers; NPB, whom it has to remind."""
_LONGEST_WINDOW_DAYS: Final = 3_660


class Work(NamedTuple):
    """Something to do, or that there is nothing to do any more.

    Attributes:
        subject_id: what it is about, 16 bytes: a conviction, a registration, or a duty.
        part: of which there is one work of a subject at a time.
        kind: number of WorkKind; ``NONE``: nothing any more.
        agency: the prosecution that the record counts as entered by, or the prisons department that admits.
        place: of the court, or that whose police have to do it.
        court_kind: number of CourtKind; 0: no court has to do with it.
        since_us: when it began, microseconds since 1970; of a release the beginning of its day, of a duty the end
            of its time.
    """

    subject_id: bytes
    part: int
    kind: int
    agency: str
    place: str
    court_kind: int
    since_us: int


class Place(NamedTuple):
    """Where an item stands in a list, which is in this order."""

    kind: int
    since_us: int
    subject_id: bytes


class Wanted(NamedTuple):
    """Which works a page lists, besides those of the caller's rows.

    Attributes:
        kinds: numbers of WorkKind, sorted.
        court_kinds: only those of these courts; empty: of any.
        due_kinds: those of these kinds only once they have begun, sorted.
        due_us: the instant by which they must have.
        special_since_us: of an appeal window against a Special Court's judgment: only what began then or later.
        other_since_us: likewise, against another court's.
    """

    kinds: tuple[int, ...]
    court_kinds: tuple[int, ...]
    special_since_us: int
    other_since_us: int
    due_kinds: tuple[int, ...]
    due_us: int

    def until_us(self, kind: int) -> int | None:
        """When works of a kind must have begun at the latest; None: whenever."""
        return self.due_us if kind in self.due_kinds else None

    def since_us(self, kind: int, court_kind: int) -> int | None:
        """When works of a kind and a court must have begun; None: whenever."""
        if kind != APPEAL_WINDOW_OPEN:
            return None
        return self.special_since_us if court_kind in SPECIAL_COURTS else self.other_since_us

    def admits(self, kind: int, court_kind: int) -> bool:
        """Whether works of a kind and a court are among these."""
        return kind in self.kinds and (not self.court_kinds or court_kind in self.court_kinds)


_ENDED: Final = frozenset(
    {
        registration_pb2.REGISTRATION_STATE_SEALED,
        registration_pb2.REGISTRATION_STATE_ARCHIVED,
        registration_pb2.REGISTRATION_STATE_WITHDRAWN,
        registration_pb2.REGISTRATION_STATE_ERASED,
    }
)
"""States of a registration with which there is nothing to do."""


def works(record: record_pb2.RegistrationRecord) -> list[Work]:
    """What each conviction of a record needs, and what its custody does, or that they need nothing."""
    return [
        *_of_convictions(record),
        *(_of_custody(record) if record.custody_events else ()),
        *_of_identity(record),
        *(_of_notices(record) if record.notices_waited else ()),
        *of_duties(record),
        *(_of_transfer(record) if record.HasField("transfer") else ()),
    ]


def _of_custody(record: record_pb2.RegistrationRecord) -> list[Work]:
    """What the release and the admission of a record's person need, or that they need nothing."""
    shown = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    release, admission, overdue = (NONE, "", 0), (NONE, "", 0), (NONE, "", 0)
    if shown and record.HasField("expected_release") and not record.expected_release.accepted:
        began = custody.begins(record.expected_release.day)
        place = next(iter(custody.release_places(record)), "")
        release = (
            (RELEASE_TO_ACCEPT, place, began) if place else (RELEASE_WITHOUT_ADDRESS, record.responsible_place, began)
        )
    if shown and record.receiving_agency:
        admission = (ADMISSION, record.receiving_agency, custody.sent_us(record))
    if shown and record.custodian_agency and record.HasField("expected_release"):
        overdue = (RELEASE_OVERDUE, record.custodian_agency, custody.begins(record.expected_release.day + 1))
    return [
        Work(record.registration_id, OF_RELEASE, release[0], "", release[1], 0, release[2]),
        Work(record.registration_id, OF_ADMISSION, admission[0], admission[1], "", 0, admission[2]),
        Work(record.registration_id, OF_OVERDUE, overdue[0], overdue[1], "", 0, overdue[2]),
    ]


def _of_notices(record: record_pb2.RegistrationRecord) -> list[Work]:
    """That notices wait to be verified, since the first of them was taken, or that none does."""
    kind, place, since = NONE, "", 0
    if record.waiting_notices and record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED:
        kind, place, since = NOTICE_TO_VERIFY, record.responsible_place, record.waiting_notices[0].time_us
    return [Work(record.registration_id, OF_NOTICES, kind, "", place, 0, since)]


def of_duties(record: record_pb2.RegistrationRecord) -> list[Work]:
    """The duties of a record's person, each from when it is due, or that it isn't to be met any more."""
    found = []
    for duty in record.duties:
        due, step = (NONE, "", 0), (NONE, 0)
        if duty_states.is_open(record, duty):
            due = DUTY, record.responsible_place, duty.due_us
            step = (DUTY_STEP, duty.next_step_us) if duty.next_step_us else step
        found.append(Work(duty.duty_id, OF_DUTY, due[0], "", due[1], 0, due[2]))
        found.append(Work(duty.duty_id, OF_DUTY_STEP, step[0], "", "", 0, step[1]))
    return found


def _of_transfer(record: record_pb2.RegistrationRecord) -> list[Work]:
    """What an open transfer needs of the police of both places and of NPB, or that it needs nothing."""
    transfer = record.transfer
    shown = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED and transfers.is_open(record)
    waits = shown and transfer.state == transfers.PENDING
    unresolved_us = transfers.unresolved_us(record) if shown else None
    opened_us = transfer.open_time_us
    incoming = (TRANSFER_INCOMING, transfer.to_place, opened_us) if waits else (NONE, "", 0)
    outgoing = (TRANSFER_OUTGOING, transfer.from_place, opened_us) if shown else (NONE, "", 0)
    of_npb = (NONE, 0) if unresolved_us is None else (TRANSFER_UNRESOLVED, unresolved_us)
    return [
        Work(record.registration_id, OF_INCOMING, incoming[0], "", incoming[1], 0, incoming[2]),
        Work(record.registration_id, OF_OUTGOING, outgoing[0], "", outgoing[1], 0, outgoing[2]),
        Work(record.registration_id, OF_UNRESOLVED, of_npb[0], "", "", 0, of_npb[1]),
    ]


def _of_identity(record: record_pb2.RegistrationRecord) -> list[Work]:
    found = identities.to_do(record)
    if found is not None:
        return [Work(record.registration_id, OF_IDENTITY, *found)]
    nothing = Work(record.registration_id, OF_IDENTITY, NONE, "", "", 0, 0)
    return [nothing] if identities.may_have_been(record) else []


def _of_convictions(record: record_pb2.RegistrationRecord) -> list[Work]:
    return [
        Work(
            conviction.conviction_id,
            OF_CONVICTION,
            kind,
            record.created_by_agency,
            conviction.court_place,
            conviction.court_kind,
            _began_us(kind, conviction),
        )
        for conviction in record.convictions
        for kind in (_kind(record, conviction),)
    ]


def said(work: Work) -> Said:
    """What the scopes of the contract go by. A record that is sealed has no work; an agency's work isn't a place's."""
    return Said(own_agency=work.agency, case_places=(work.place,), place="" if work.agency else work.place)


def wanted(agency: Agency, kind: int, deadlines: Deadlines, now: dt.datetime) -> Wanted:
    """What a page lists for an agency.

    Args:
        agency: the caller.
        kind: the one that was asked for; ``NONE``: every one that the agency has.
        deadlines: of the policy that decides the call.
        now: by the database's clock.

    Raises:
        errors.Denied: that kind of agency doesn't have that kind of work.
    """
    own = _KINDS.get(agency.kind, ())
    if kind != NONE and kind not in own:
        raise errors.Denied
    is_court = agency.kind == options_pb2.AGENCY_KIND_COURT
    is_npb = agency.kind == options_pb2.AGENCY_KIND_NPB
    return Wanted(
        own if kind == NONE else (kind,),
        tuple(sorted(agency.court_kinds)) if is_court else (),
        _open_since(deadlines, APPEAL_WINDOW, now),
        _open_since(deadlines, APPEAL_WINDOW_OTHER_COURTS, now),
        (RELEASE_TO_ACCEPT, RELEASE_OVERDUE) if is_npb else (RELEASE_OVERDUE,),
        to_us(now),
    )


def duties_wanted(now: dt.datetime, *, overdue: bool) -> Wanted:
    """What a page of duties lists: those that are open, or only those whose time is over."""
    return Wanted((DUTY,), (), 0, 0, (DUTY,) if overdue else (), to_us(now))


def wanted_transfers(agency: Agency, kind: int, now: dt.datetime) -> Wanted:
    """What a page of transfers lists for an agency: ``kind`` alone, or ``NONE``: each that the agency has.

    Raises:
        errors.Denied: that kind of agency has no such side.
    """
    is_npb = agency.kind == options_pb2.AGENCY_KIND_NPB
    own = (TRANSFER_UNRESOLVED,) if is_npb else (TRANSFER_INCOMING, TRANSFER_OUTGOING)
    if kind != NONE and kind not in own:
        raise errors.Denied
    return Wanted(own if kind == NONE else (kind,), (), 0, 0, (TRANSFER_UNRESOLVED,), to_us(now))


def due(kind: int, conviction: record_pb2.Conviction, deadlines: Deadlines) -> Due:
    """By when it has to be done."""
    rule = CONVICTION_CONFIRMATION
    if kind == APPEAL_WINDOW_OPEN:
        rule = APPEAL_WINDOW if conviction.court_kind in SPECIAL_COURTS else APPEAL_WINDOW_OTHER_COURTS
    return deadlines.due(rule, instant(_began_us(kind, conviction)))


def masked(record: record_pb2.RegistrationRecord) -> worklists_pb2.MaskedPerson:
    """The person as a list shows one."""
    official = [each.name for each in record.names if each.kind == types_pb2.NAME_KIND_OFFICIAL]
    initials = (" ".join(f"{word[0]}." for word in name.split()) for name in official)
    return worklists_pb2.MaskedPerson(initials=dict.fromkeys(initials), cnic_ending=record.cnic[-3:])


def _began_us(kind: int, conviction: record_pb2.Conviction) -> int:
    """The instant from which a deadline is counted: of an appeal the judgment's day, else when it was entered.

    What waits for its court mustn't tell it the day of the judgment, which the court confirms, neither by its deadline
    nor by its place in the list.
    """
    if kind == APPEAL_WINDOW_OPEN:
        return custody.begins(conviction.judgment_day)
    return conviction.entered_time_us


def _kind(record: record_pb2.RegistrationRecord, conviction: record_pb2.Conviction) -> int:
    if record.state in _ENDED:
        return NONE
    if states.waits(conviction):
        return PENDING_CONFIRMATION
    appealed = conviction.appeal_state in {types_pb2.APPEAL_STATE_PENDING, types_pb2.APPEAL_STATE_DISMISSED}
    stands = conviction.state == states.CONFIRMED and states.standing_counts(conviction)
    return APPEAL_WINDOW_OPEN if stands and not appealed else NONE


def _open_since(deadlines: Deadlines, rule: str, now: dt.datetime) -> int:
    """The earliest day, as its first instant, from which a window is still open."""
    start = dt.datetime.combine(now.astimezone(KARACHI).date(), dt.time.min, KARACHI)
    for _ in range(_LONGEST_WINDOW_DAYS):
        before = dt.datetime.combine(start.date() - dt.timedelta(days=1), dt.time.min, KARACHI)
        if deadlines.due(rule, before).due < now:
            break
        start = before
    return to_us(start)
