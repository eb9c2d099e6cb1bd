"""What a judgment does to a conviction, and what the law asks of one who records or confirms it. Pure.

Which state a conviction goes to says the table in ``registration/states.py``. A judgment that the table has no line
for, such as an appeal against what was set aside, is joined to the conviction and moves nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from nsor.v1 import errors_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.calls import Agency, Officer
from nsor_server.formats.instants import to_date, to_day
from nsor_server.policy.deadlines import (
    APPEAL_WINDOW,
    APPEAL_WINDOW_OTHER_COURTS,
    JUDGMENT_CONFIRMATION,
    KARACHI,
    Deadlines,
    Due,
)
from nsor_server.registration import cases, states
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.record import court_number
from nsor_server.storage.v1 import record_pb2

_EVENTS: Final[Mapping[int, states.Event]] = {
    registration_pb2.JUDGMENT_KIND_APPEAL_FILED: states.Event.FILE_APPEAL,
    registration_pb2.JUDGMENT_KIND_APPEAL_DISMISSED: states.Event.DISMISS_APPEAL,
    registration_pb2.JUDGMENT_KIND_SENTENCE_VARIED: states.Event.VARY,
    registration_pb2.JUDGMENT_KIND_SET_ASIDE: states.Event.SET_ASIDE,
    registration_pb2.JUDGMENT_KIND_RETRIAL_ORDERED: states.Event.ORDER_RETRIAL,
    registration_pb2.JUDGMENT_KIND_PARDONED: states.Event.PARDON,
}
"""What happens to a conviction. What is restored isn't here: it stays sealed until NPB's two officers unseal it."""

SPECIAL_COURTS: Final = frozenset(
    {
        types_pb2.COURT_KIND_SPECIAL_COURT,
        types_pb2.COURT_KIND_GBV_COURT,
        types_pb2.COURT_KIND_JUVENILE_COURT,
        types_pb2.COURT_KIND_CHILD_PROTECTION_COURT,
    }
)
"""Special Courts, and those that are deemed such (s.3): the 30 days of s.18(3) are for their judgments."""


def trial_key(court_kind: int, place: str, case_number: str, judgment_day: int) -> str:
    """By what a judgment and a conviction find each other, in whatever form either writes the number.

    Args:
        court_kind: number of nsor.v1.CourtKind.
        place: the court's.
        case_number: of the trial.
        judgment_day: days since 1970.
    """
    return f"{court_kind} {place} {court_number(case_number)} {judgment_day}"


def key_of_conviction(conviction: record_pb2.Conviction) -> str:
    """The trial's key of a conviction."""
    return trial_key(conviction.court_kind, conviction.court_place, conviction.case_number, conviction.judgment_day)


def near_case(judgment: record_pb2.JudgmentRecord) -> str:
    """The trial of a judgment, as convictions are found that may be the one, mistyped."""
    return cases.near_case(judgment.trial.court_place, judgment.trial.case_number)


def key_of_trial(trial: registration_pb2.TrialJudgment) -> str:
    """The trial's key of a request."""
    return trial_key(trial.court_kind, trial.place_code, trial.case_number, to_day(trial.judgment_date))


def key_of_judgment(judgment: record_pb2.JudgmentRecord) -> str:
    """The trial's key of a judgment."""
    trial = judgment.trial
    return trial_key(trial.court_kind, trial.court_place, trial.case_number, judgment.trial_day)


def concerns(judgment: record_pb2.JudgmentRecord, record: record_pb2.RegistrationRecord) -> bool:
    """Whether a judgment is about this person: it names nobody, or his CNIC; several may be convicted in one case."""
    return not judgment.cnics or record.cnic in judgment.cnics


def joined(
    record: record_pb2.RegistrationRecord, judgments: Iterable[record_pb2.JudgmentRecord]
) -> record_pb2.RegistrationRecord:
    """What a record is after judgments, in the order in which they were recorded; the version stays, and ``record``.

    Each is joined to every confirmed conviction that it is about. A conviction that its court hasn't confirmed isn't
    touched: it is joined when it is confirmed.
    """
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    for judgment in judgments:
        following = _after(following, judgment)
    following.version = record.version
    return following


def about(record: record_pb2.RegistrationRecord, judgment: record_pb2.JudgmentRecord) -> list[record_pb2.Conviction]:
    """The confirmed convictions of a record that a judgment is about."""
    if not concerns(judgment, record):
        return []
    key = key_of_judgment(judgment)
    return [each for each in record.convictions if states.was_confirmed(each) and key_of_conviction(each) == key]


def joined_to(
    record: record_pb2.RegistrationRecord, judgment: record_pb2.JudgmentRecord
) -> list[record_pb2.Conviction]:
    """The convictions of a record to which a judgment is joined."""
    return [each for each in record.convictions if judgment.judgment_id in each.judgment_ids]


def is_near(record: record_pb2.RegistrationRecord, judgment: record_pb2.JudgmentRecord) -> bool:
    """Whether a judgment may be about a confirmed conviction of a record, but for a day or a word that was mistyped."""
    wanted = near_case(judgment)
    return concerns(judgment, record) and any(
        cases.near_case(each.court_place, each.case_number) == wanted
        for each in record.convictions
        if states.was_confirmed(each)
    )


def judged(
    judgment: record_pb2.JudgmentRecord, records: Iterable[record_pb2.RegistrationRecord]
) -> record_pb2.JudgedRecord:
    """Whom a judgment has met among registrations; if nobody, those near which it came."""
    found = list(records)
    met = [each.registration_id for each in found if joined_to(each, judgment)]
    near = [] if met else [each.registration_id for each in found if is_near(each, judgment)]
    return record_pb2.JudgedRecord(
        judgment_id=judgment.judgment_id, registration_ids=sorted(met), near_registration_ids=sorted(near)
    )


def unsealing(record: record_pb2.RegistrationRecord, judgment: record_pb2.JudgmentRecord) -> list[states.Move]:
    """What of a record stands again by a judgment that restores; nothing of a conviction with a later judgment.

    The counts that it names; without any, those that the last judgment took that took one: it restores against that.
    What an earlier judgment had taken stays down.
    """
    moves = []
    for conviction in about(record, judgment):
        last = _last_taker(conviction)
        counts = [
            at
            for at, count in enumerate(conviction.counts)
            if not count.stands and (_judged(judgment, count) if judgment.counts else count.taken_by_judgment == last)
        ]
        is_last = conviction.judgment_ids[-1] == judgment.judgment_id
        if is_last and counts and states.leads(states.Event.UNSEAL, conviction.state):
            moves.append(states.Move(states.Event.UNSEAL, conviction.conviction_id, counts=counts))
    return moves


def check_proposable(judgment: record_pb2.JudgmentRecord, now_us: int) -> None:
    """See that a judgment restores, that its registry stands by it, and that it isn't proposed already.

    Raises:
        errors.WrongState: it doesn't, or it is: its time isn't over (microseconds since 1970).
    """
    restores = judgment.kind == registration_pb2.JUDGMENT_KIND_RESTORED
    proposed_late = is_unsealing_proposed(judgment) and now_us > judgment.unsealing_expire_time_us
    if not restores or not (judgment.state == registration_pb2.JUDGMENT_STATE_CONFIRMED or proposed_late):
        raise errors.WrongState


def is_unsealing_proposed(judgment: record_pb2.JudgmentRecord) -> bool:
    """Whether an officer has proposed to unseal what a judgment restores, and nobody has confirmed or ended that."""
    return judgment.state == registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED


def is_unsealable(judgment: record_pb2.JudgmentRecord, now_us: int) -> bool:
    """Whether a second officer of NPB may confirm now (microseconds since 1970) what another one has proposed."""
    return proposals.is_open(
        waits=is_unsealing_proposed(judgment), expire_us=judgment.unsealing_expire_time_us, now_us=now_us
    )


def check_may_record(agency: Agency, officer: Officer | None, request: registration_pb2.RecordJudgmentRequest) -> None:
    """See that the caller may record a judgment of that court about a trial at that place.

    Raises:
        errors.InvalidFields: the judgment is of a court that hears no appeals.
        errors.Denied: OUTSIDE_JURISDICTION: the trial's place, or the caller's court is another one than gave it.
    """
    if request.court_kind not in rows.APPELLATE_COURTS:
        raise errors.InvalidFields(violations=(errors.Violation("court_kind", errors_pb2.FIELD_REASON_FORM),))
    rows.require_within(agency, officer, [request.trial.place_code])
    if agency.kind == options_pb2.AGENCY_KIND_COURT and not gave(agency, request.court_kind):
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)


def gave(agency: Agency, court_kind: int) -> bool:
    """Whether a court is of the kind that gave a judgment."""
    return court_kind in agency.court_kinds


def appeal_deadline(deadlines: Deadlines, request: registration_pb2.RecordJudgmentRequest) -> tuple[Due, bool] | None:
    """By when an appeal had to be filed, and whether it came later; None: the judgment isn't the filing of one."""
    if request.kind != registration_pb2.JUDGMENT_KIND_APPEAL_FILED:
        return None
    special = request.trial.court_kind in SPECIAL_COURTS
    rule = APPEAL_WINDOW if special else APPEAL_WINDOW_OTHER_COURTS
    due = deadlines.due(rule, _midnight(to_date(request.trial.judgment_date)))
    return due, _midnight(to_date(request.order_date)) > due.due


def confirmation_deadline(deadlines: Deadlines, agency: Agency, now: dt.datetime) -> Due | None:
    """By when the registry has to confirm; None: it recorded the judgment itself."""
    if agency.kind == options_pb2.AGENCY_KIND_COURT:
        return None
    return deadlines.due(JUDGMENT_CONFIRMATION, now)


def confirming(
    judgment: record_pb2.JudgmentRecord, kind: options_pb2.AgencyKind.ValueType
) -> options_pb2.AgencyKind.ValueType:
    """The caller's kind of agency while the judgment is yet to be confirmed; AGENCY_KIND_UNSPECIFIED afterwards."""
    if judgment.state == registration_pb2.JUDGMENT_STATE_RECORDED:
        return kind
    return options_pb2.AGENCY_KIND_UNSPECIFIED


def _after(record: record_pb2.RegistrationRecord, judgment: record_pb2.JudgmentRecord) -> record_pb2.RegistrationRecord:
    # One of the same trial that fell before has it already: the trial may be entered again.
    new = {each.conviction_id for each in about(record, judgment) if judgment.judgment_id not in each.judgment_ids}
    convictions = [each for each in record.convictions if each.conviction_id in new]
    moves = [move for conviction in convictions if (move := _move(conviction, judgment)) is not None]
    following = states.next_version(record, moves)
    moved = {move.conviction_id for move in moves}
    for conviction in following.convictions:
        if conviction.conviction_id not in new:
            continue
        conviction.judgment_ids.append(judgment.judgment_id)
        if judgment.kind == registration_pb2.JUDGMENT_KIND_SENTENCE_VARIED and conviction.conviction_id in moved:
            _vary(conviction, judgment)
    return following


def _move(conviction: record_pb2.Conviction, judgment: record_pb2.JudgmentRecord) -> states.Move | None:
    """What happens to a conviction; None: nothing."""
    event = _EVENTS.get(judgment.kind)
    counts: list[int] = []
    if judgment.kind == registration_pb2.JUDGMENT_KIND_SET_ASIDE and judgment.counts:
        counts = [at for at, count in enumerate(conviction.counts) if count.stands and _judged(judgment, count)]
        if not counts:
            return None  # none of the counts that it names stands
        if len(counts) < sum(count.stands for count in conviction.counts):
            event = states.Event.VARY
    if event is None or not states.leads(event, conviction.state):
        return None
    return states.Move(event, conviction.conviction_id, counts=counts, judgment_id=judgment.judgment_id)


def _last_taker(conviction: record_pb2.Conviction) -> bytes:
    """The last of its judgments that took a count of a conviction, also if that stands again; empty: none did."""
    takers = {count.taken_by_judgment for count in conviction.counts}
    return next((each for each in reversed(conviction.judgment_ids) if each in takers), b"")


def _vary(conviction: record_pb2.Conviction, judgment: record_pb2.JudgmentRecord) -> None:
    for count in conviction.counts:
        judged = _judged(judgment, count)
        if judged is not None:
            count.sentence_kind, count.months = judged.sentence_kind, judged.months


def _judged(judgment: record_pb2.JudgmentRecord, count: record_pb2.Count) -> record_pb2.JudgedCount | None:
    """What a judgment says of a count; the line with its day comes before the one of its section."""
    of_section = [each for each in judgment.counts if each.offence_code == count.offence_code]
    of_day = [each for each in of_section if each.HasField("offence_day") and each.offence_day == count.offence_day]
    return next(iter(of_day or [each for each in of_section if not each.HasField("offence_day")]), None)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.min, KARACHI)
