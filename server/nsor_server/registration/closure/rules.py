"""When a record is archived, and what that makes of it. Pure; the length of the term is policy's.

Rule 25 of the domain: term expiry and verified death archive the record out of look-ups. The Rules 2023 could not be
read, so that where anything is unknown the longer reading counts: nobody is archived who may still have a duty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from nsor.v1 import closure_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.instants import from_day, to_date, to_us
from nsor_server.policy.deadlines import KARACHI, REGISTRATION_TERM, REGISTRATION_TERM_JUVENILE, Deadlines, Due
from nsor_server.registration import juveniles, states
from nsor_server.registration.proposals import rules as proposals
from nsor_server.storage.v1 import record_pb2

PROPOSED: Final = 1
"""Version of a decision that one officer has proposed."""
CONFIRMED: Final = 2
"""Version of one that another officer has confirmed."""
ENDED: Final = proposals.ENDED_VERSION
"""Version of one that was withdrawn or refused instead."""
_CONFIRMED: Final = registration_pb2.REGISTRATION_STATE_CONFIRMED
_ARCHIVED: Final = registration_pb2.REGISTRATION_STATE_ARCHIVED
_STATES: Final[Mapping[int, Collection[int]]] = {
    closure_pb2.CLOSURE_KIND_DECEASED: {_CONFIRMED},
    closure_pb2.CLOSURE_KIND_RESTORED: {_ARCHIVED},
    closure_pb2.CLOSURE_KIND_WITHDRAWN: {_CONFIRMED, _ARCHIVED},
    closure_pb2.CLOSURE_KIND_ERASED: {registration_pb2.REGISTRATION_STATE_UNDER_REVIEW, _ARCHIVED},
}
"""How a record has to stand for each decision. What a court has confirmed is withdrawn before it is erased."""
ARCHIVE_REASONS: Final[Mapping[int, int]] = {
    closure_pb2.CLOSURE_KIND_DECEASED: closure_pb2.ARCHIVE_REASON_DECEASED,
    closure_pb2.CLOSURE_KIND_WITHDRAWN: closure_pb2.ARCHIVE_REASON_WITHDRAWN,
}
"""Why a record is archived by each decision."""
_ENDLESS: Final = frozenset({types_pb2.SENTENCE_KIND_LIFE, types_pb2.SENTENCE_KIND_DEATH})
"""Sentences without an end that could be counted."""


def check_proposable(record: record_pb2.RegistrationRecord, kind: int) -> None:
    """See that a record stands as the decision needs.

    Args:
        record: the newest version.
        kind: a number of nsor.v1.ClosureKind.

    Raises:
        errors.WrongState: it doesn't.
    """
    is_again = kind == closure_pb2.CLOSURE_KIND_WITHDRAWN and is_withdrawn(record)
    is_early = kind == closure_pb2.CLOSURE_KIND_ERASED and record.state == _ARCHIVED and not is_withdrawn(record)
    if record.state not in _STATES[kind] or is_again or is_early:
        raise errors.WrongState


def is_withdrawn(record: record_pb2.RegistrationRecord) -> bool:
    """Whether two officers have withdrawn a record by such a decision: it should never have been made."""
    return record.HasField("archive") and record.archive.reason == closure_pb2.ARCHIVE_REASON_WITHDRAWN


def is_open(closure: record_pb2.ClosureRecord, now_us: int) -> bool:
    """Whether a second officer may confirm a decision now (microseconds since 1970)."""
    return proposals.is_open(waits=closure.version == PROPOSED, expire_us=closure.expire_time_us, now_us=now_us)


def ended(closure: record_pb2.ClosureRecord, end: record_pb2.ProposalEnd) -> record_pb2.ClosureRecord:
    """The version of a decision that an officer ends without a confirmation."""
    following = record_pb2.ClosureRecord()
    following.CopyFrom(closure)
    following.version = ENDED
    following.end.CopyFrom(end)
    return following


def are_of_one_end(one: record_pb2.RegistrationRecord, other: record_pb2.RegistrationRecord) -> bool:
    """Whether two records of a person were archived together: by one decision, or at one fixed time."""
    if not one.HasField("archive") or not other.HasField("archive"):
        return False
    return (one.archive.closure_id, one.archive.time_us) == (other.archive.closure_id, other.archive.time_us)


def death(
    before: record_pb2.Archive | None,
    others: Iterable[record_pb2.Archive],
    *,
    stands: bool,
    died: int | None,
    time_us: int,
) -> record_pb2.Archive | None:
    """How a record is archived once its withdrawal, or its seal, is undone: its person is dead.

    As the last end of his other records says, so that what undoes that one undoes this too; as it was archived before
    it was withdrawn; or by the death that its owner has verified. Who wasn't told of its own first end isn't told when
    that is undone.

    Args:
        before: how it is archived; None: it isn't, but sealed.
        others: how the other records of its person are, those that are.
        stands: whether another record of its person does: then NPB has found him alive since.
        died: the day of a death that archives it by itself; None: there is none.
        time_us: now, microseconds since 1970.

    Returns:
        None: it stands again, or is archived as it was.
    """
    if before is not None and before.reason != closure_pb2.ARCHIVE_REASON_WITHDRAWN:
        return None
    deaths = [each for each in others if each.reason == closure_pb2.ARCHIVE_REASON_DECEASED]
    archive = record_pb2.Archive()
    if deaths:
        archive.CopyFrom(max(deaths, key=lambda each: (each.time_us, each.closure_id, each.died_day)))
    elif stands:
        return None
    elif before is not None and before.HasField("replaced"):
        archive.CopyFrom(before.replaced)
    elif died is not None:
        archive.reason, archive.died_day, archive.time_us = closure_pb2.ARCHIVE_REASON_DECEASED, died, time_us
    else:
        return None
    archive.with_other = before.with_other if before is not None else bool(deaths)
    return archive


def archived(record: record_pb2.RegistrationRecord, archive: record_pb2.Archive) -> record_pb2.RegistrationRecord:
    """A version that an entry makes, as it is once its person is known to be dead: the same version, archived."""
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    following.archive.CopyFrom(archive)
    following.state = states.registration_state(following)
    return following


def closed(
    record: record_pb2.RegistrationRecord,
    closure: record_pb2.ClosureRecord,
    time_us: int,
    death: record_pb2.Archive | None = None,
) -> record_pb2.RegistrationRecord:
    """The next version of a record by a decision of two officers, at an instant (microseconds since 1970).

    The decision may be about another record of the person.

    Args:
        record: the newest version.
        closure: the decision.
        time_us: the instant.
        death: how a record is archived whose withdrawal is undone, as the function of this name says.
    """
    before = record_pb2.RegistrationRecord()
    before.CopyFrom(record)
    if closure.kind == closure_pb2.CLOSURE_KIND_ERASED:
        before.erased = True
    elif closure.kind == closure_pb2.CLOSURE_KIND_RESTORED:
        if before.archive.reason == closure_pb2.ARCHIVE_REASON_TERM_OVER:
            before.term_waived = True
        elif before.archive.reason == closure_pb2.ARCHIVE_REASON_DECEASED:
            # Of the person's records each may say another day: what archives this one again is its own.
            own = before.HasField("verified_death_day")
            before.waived_death_day = before.verified_death_day if own else before.archive.died_day
        before.ClearField("archive")
        if death is not None:
            before.archive.CopyFrom(death)
    else:
        archive = record_pb2.Archive(
            reason=ARCHIVE_REASONS[closure.kind],
            died_day=closure.died_day,
            certificate_number=closure.certificate_number,
            erasure_reason=closure.erasure_reason,
            time_us=time_us,
            closure_id=closure.closure_id,
            # Who wasn't told of the first end isn't told when that is put in another's place.
            with_other=closure.registration_id != record.registration_id or record.archive.with_other,
            replaced=replaced(record.archive if record.HasField("archive") else None),
        )
        before.archive.CopyFrom(archive)
    return states.next_version(before)


def replaced(archive: record_pb2.Archive | None) -> record_pb2.Archive | None:
    """What a withdrawal keeps of how a record was archived before: a death; None: nothing."""
    return archive if archive and archive.reason == closure_pb2.ARCHIVE_REASON_DECEASED else None


def died_day(record: record_pb2.RegistrationRecord) -> int | None:
    """The day of a death that archives a record by itself; None: there is none.

    Its owner has accepted what NADRA reported. What a prison or the police record in custody is a report, which
    verifies nothing; of that NPB decides, by the certificate. A death that NPB has found to be wrong counts no more.
    """
    is_waived = record.HasField("waived_death_day") and record.waived_death_day == record.verified_death_day
    return record.verified_death_day if record.HasField("verified_death_day") and not is_waived else None


def deceased(record: record_pb2.RegistrationRecord, day: int, time_us: int) -> record_pb2.RegistrationRecord:
    """The next version of a record whose person has died on a day, at an instant (microseconds since 1970)."""
    before = record_pb2.RegistrationRecord()
    before.CopyFrom(record)
    archive = record_pb2.Archive(
        reason=closure_pb2.ARCHIVE_REASON_DECEASED, died_day=day, time_us=time_us, with_other=died_day(record) is None
    )
    before.archive.CopyFrom(archive)
    return states.next_version(before)


def expired(record: record_pb2.RegistrationRecord, term: Due, time_us: int) -> record_pb2.RegistrationRecord:
    """The next version of a record whose term is over, at an instant (microseconds since 1970)."""
    before = record_pb2.RegistrationRecord()
    before.CopyFrom(record)
    archive = record_pb2.Archive(
        reason=closure_pb2.ARCHIVE_REASON_TERM_OVER,
        term_end_us=to_us(term.due),
        term_rule=term.rule_id,
        time_us=time_us,
    )
    before.archive.CopyFrom(archive)
    return states.next_version(before)


def term(record: record_pb2.RegistrationRecord, deadlines: Deadlines) -> Due | None:
    """When the term of a record is over; None: it has none, or none that can be counted.

    It is counted for each conviction that stands from the end of its sentence, as if its counts ran one after the
    other, and by a rule of its own for what was done under 18; the last one counts. There is none for a person who
    isn't released, who is sentenced to life or death, who has an appeal or another conviction open, or whom NPB has
    taken out of the archive.
    """
    ends = sentence_ends(record)
    return latest(ends, deadlines) if ends else None


class End(NamedTuple):
    """The end of a sentence, from which a term is counted.

    Attributes:
        rule: id of the deadline by which it is counted.
        at: the instant.
    """

    rule: str
    at: dt.datetime


def latest(ends: Iterable[End], deadlines: Deadlines) -> Due:
    """When a term is over that is counted from the ends of some sentences, one at least: the last one counts."""
    return max((deadlines.due(each.rule, each.at) for each in ends), key=lambda one: one.due)


def sentence_ends(record: record_pb2.RegistrationRecord) -> list[End]:
    """The ends of the sentences from which a record's term is counted, as ``term`` says; none: it has no term."""
    if record.state != registration_pb2.REGISTRATION_STATE_CONFIRMED or record.term_waived:
        return []
    if record.custody_state != types_pb2.CUSTODY_STATE_RELEASED or any(map(states.waits, record.convictions)):
        return []
    standing = _standing(record)
    counts = [count for each in standing for count in states.standing_counts(each)]
    appealed = any(each.state == states.UNDER_APPEAL for each in standing)
    if not standing or appealed or any(count.sentence_kind in _ENDLESS for count in counts):
        return []
    return [End(_term_rule(record, each), _sentence_end(each)) for each in standing]


def term_rules(record: record_pb2.RegistrationRecord) -> set[str]:
    """The deadlines by one of which a record's term is counted, also of one that is archived."""
    return {_term_rule(record, each) for each in _standing(record)}


def _standing(record: record_pb2.RegistrationRecord) -> list[record_pb2.Conviction]:
    return [each for each in record.convictions if states.standing_counts(each)]


def _term_rule(record: record_pb2.RegistrationRecord, conviction: record_pb2.Conviction) -> str:
    """The juveniles' term (rule 22) only if he was certainly under 18 at all that the conviction stands for."""
    counts = states.standing_counts(conviction)
    return (
        REGISTRATION_TERM_JUVENILE if all(juveniles.was_minor(record, each) for each in counts) else REGISTRATION_TERM
    )


def _sentence_end(conviction: record_pb2.Conviction) -> dt.datetime:
    """The end of a sentence: its months from the day of the judgment."""
    day = to_date(from_day(conviction.judgment_day))
    months = day.month - 1 + sum(count.months for count in states.standing_counts(conviction))
    # The first of a month is in every month: the last day of the sentence lies before the one that follows.
    first = dt.date(day.year + months // 12, months % 12 + 1, 1)
    return dt.datetime.combine(first + dt.timedelta(days=day.day - 1), dt.time(), KARACHI)
