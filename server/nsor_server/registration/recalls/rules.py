"""What of a registration that was told is wrong by a later version of it. Pure.

What only goes on is no recall: a new name that its bearer has told, a move, an appeal that was filed, another
conviction. What was said and isn't said any more is one: a registration that is set aside, withdrawn or archived; a
count that fell; a number, a date of birth or a name that was corrected.

It follows from the purpose: whoever was shown an adult's convictions alone hears of nothing that is about others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from nsor.v1 import options_pb2, recalls_pb2, registration_pb2, types_pb2
from nsor_server.access.contract import purposes_of
from nsor_server.registration import shown, states
from nsor_server.storage.v1 import record_pb2

_Record: TypeAlias = record_pb2.RegistrationRecord
NO_LONGER: Final = recalls_pb2.RECALL_REASON_NO_LONGER
CHANGED: Final = recalls_pb2.RECALL_REASON_CHANGED
RESTORED: Final = recalls_pb2.RECALL_REASON_RESTORED
_CONFIRMED: Final = registration_pb2.REGISTRATION_STATE_CONFIRMED
_OFFICIAL: Final = types_pb2.NAME_KIND_OFFICIAL
_IDENTITY: Final = options_pb2.FIELD_CLASS_IDENTITY
_CONVICTION: Final = options_pb2.FIELD_CLASS_CONVICTION
_CASE: Final = options_pb2.FIELD_CLASS_CASE
_HASH_BYTES: Final = 16
_ID_BYTES: Final = 16
_OF_ALL_COUNTS: Final = options_pb2.PURPOSE_REGISTRATION
_OF_ADULTS: Final = options_pb2.PURPOSE_INVESTIGATION


class Wrong(NamedTuple):
    """What is wrong with something that was told.

    Attributes:
        reason: number of nsor.v1.RecallReason.
        classes: numbers of the classes of fields that say something else now; of a registration that isn't there any
            more, or again: none, since it is all of them.
    """

    reason: int
    classes: frozenset[int] = frozenset()


def is_due(before: _Record | None, after: _Record) -> bool:
    """Whether a version makes something wrong, or right again, that somebody may have been told by an older one."""
    if before is None or _CONFIRMED not in {before.state, after.state}:
        return False
    return any(became(before, after, purpose) is not None for purpose in (_OF_ALL_COUNTS, _OF_ADULTS))


def may_be_told(record: _Record) -> bool:
    """Whether anybody may have been told something by a version; if nobody, no later one makes it wrong, or right."""
    return record.state == _CONFIRMED or any(map(states.was_confirmed, record.convictions))


def became(before: _Record, after: _Record, purpose: options_pb2.Purpose.ValueType) -> Wrong | None:
    """What a version has made of what the one before told for a purpose; None: it is as it was, or nobody was told."""
    told, tells = _shown(before, purpose), _shown(after, purpose)
    if not told and tells and any(map(states.was_confirmed, before.convictions)):
        return Wrong(RESTORED)
    return _wrong(before, after, told, tells)


def of_told(told: _Record, before: _Record, after: _Record, purpose: options_pb2.Purpose.ValueType) -> Wrong | None:
    """What is wrong since a version with what an older one told for a purpose; None: nothing, or it was so before.

    Args:
        told: the version that was shown.
        before: the one before ``after``.
        after: the version that made it so.
        purpose: for which it was shown.
    """
    made = became(before, after, purpose)
    if made is None or not _shown(told, purpose):
        return None
    if made.reason != CHANGED:
        return made
    wrong = _wrong(told, after, _shown(told, purpose), _shown(after, purpose))
    classes = made.classes & wrong.classes if wrong is not None else frozenset[int]()
    return Wrong(CHANGED, classes) if classes else None


def is_parted(before: bytes, claim: record_pb2.ClaimRecord) -> bool:
    """Whether a claim says that a registration isn't of one person any more with whoever of it was confirmed first.

    So of a merge that is undone one part orders nothing: what was shown of both says the other one.

    Args:
        before: the registrations of the person that the claim before has named, 16 bytes each; empty: it was alone.
        claim: the claim.
    """
    first, now = before[:_ID_BYTES], claim.person or claim.registration_id
    return bool(before) and all(first != now[at : at + _ID_BYTES] for at in range(0, len(now), _ID_BYTES))


def _shown(record: _Record, purpose: options_pb2.Purpose.ValueType) -> list[record_pb2.Conviction]:
    """The convictions that are shown for a purpose of a registration that stands; none: it isn't shown as one."""
    if record.state != _CONFIRMED:
        return []
    if purpose in purposes_of(options_pb2.FIELD_CLASS_JUVENILE):
        return shown.standing(record)
    return shown.to_everybody(record)


def _wrong(
    told: _Record, now: _Record, of_told: Sequence[record_pb2.Conviction], of_now: Sequence[record_pb2.Conviction]
) -> Wrong | None:
    if not of_told:
        return None
    if not of_now:
        return Wrong(NO_LONGER)
    classes = frozenset(_of_particulars(told, now)) | _of_convictions(of_told, of_now)
    return Wrong(CHANGED, classes) if classes else None


def _of_particulars(told: _Record, now: _Record) -> Iterable[int]:
    """The classes of the particulars that were said and aren't any more."""
    was_born = (told.birth_day, told.birth_precision)
    if (
        (told.cnic and told.cnic != now.cnic)
        or told.sex != now.sex
        or was_born != (now.birth_day, now.birth_precision)
        or _names_are_wrong(told, now)
    ):
        yield _IDENTITY
    if told.nationality != now.nationality:
        yield options_pb2.FIELD_CLASS_NATIONALITY
    numbers = {(each.kind, each.country, each.number) for each in now.documents}
    if any((each.kind, each.country, each.number) not in numbers for each in told.documents):
        yield options_pb2.FIELD_CLASS_TRAVEL
    if any(each not in now.marks for each in told.marks):
        yield options_pb2.FIELD_CLASS_MARKS
    for field in ("fingerprint_references", "dna_references"):
        if set(getattr(told, field)) - set(getattr(now, field)):
            yield options_pb2.FIELD_CLASS_FORENSIC
            return


def _names_are_wrong(told: _Record, now: _Record) -> bool:
    """Whether a name isn't said any more; or is no official one any more, and no notice has told of a new one."""
    kinds = {(each.name, each.relative_name, each.relation): each.kind for each in now.names}
    is_told = told.told != now.told
    for each in told.names:
        kind = kinds.get((each.name, each.relative_name, each.relation))
        if kind is None or (each.kind == _OFFICIAL and kind != _OFFICIAL and not is_told):
            return True
    return False


def _of_convictions(told: Iterable[record_pb2.Conviction], now: Iterable[record_pb2.Conviction]) -> frozenset[int]:
    """The classes of what was said of convictions and isn't any more; how far an appeal is goes on."""
    by_id = {each.conviction_id: each for each in now}
    classes = set[int]()
    for each in told:
        other = by_id.get(each.conviction_id)
        if other is None:
            classes |= {_CONVICTION, _CASE}
            continue
        if _judged(each) != _judged(other):
            classes.add(_CONVICTION)
        if each.fir != other.fir:
            classes.add(_CASE)
    return frozenset(classes)


def _judged(conviction: record_pb2.Conviction) -> tuple[object, ...]:
    counts = [
        (each.offence_code, each.offence_day, each.victim_class, each.sentence_kind, each.months, each.legal_basis)
        for each in conviction.counts
    ]
    court = (conviction.court_kind, conviction.court_place, conviction.case_number)
    return (*court, conviction.judgment_day, *counts)


def told_of(record: _Record) -> bytes:
    """A hash of all that a later version may say otherwise: of two that have the same, neither recalls anything."""
    told = record_pb2.RegistrationRecord(
        state=record.state,
        names=record.names,
        cnic=record.cnic,
        sex=record.sex,
        birth_day=record.birth_day,
        birth_precision=record.birth_precision,
        nationality=record.nationality,
        documents=record.documents,
        marks=record.marks,
        fingerprint_references=record.fingerprint_references,
        dna_references=record.dna_references,
        convictions=record.convictions,
    )
    return hashlib.sha256(told.SerializeToString(deterministic=True)).digest()[:_HASH_BYTES]
