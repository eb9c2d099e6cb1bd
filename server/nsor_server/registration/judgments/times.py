"""What is told of judgments at a time for reviews: which registrations they have met, and those that met none.

Whoever records a judgment may not know whether it met anybody. So its own entry tells nobody: at the next time every
agency that may have such a registration has one event, with those that it has, perhaps none. Whether an agency is
told follows from the judgments alone. Those that met nobody are for NPB's list, with what may be the case, mistyped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Agency, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.registration import store as registrations
from nsor_server.registration.judgments import rules, store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 100
"""Judgments that are told of at one time; what is left waits for the next."""
MOST_NAMED: Final = 500
"""Registrations after which no further judgment is told of at one time: one event may name as many, and a few more."""
Agencies = Mapping[str, Agency]


@dataclass(slots=True)
class Told:
    """What is told at a time.

    Attributes:
        judged: the judgments and whom they have met, as they are sealed.
        until: index of the entry up to which judgments have been looked at.
        trials: kinds and places of their trials' courts.
        met: the registrations that they have met, by id.
        courts: of each of those, kinds and places of the courts whose convictions are judged.
        seen: the versions that this rests on.
    """

    until: int
    judged: list[record_pb2.JudgedRecord] = field(default_factory=list)
    trials: set[tuple[int, str]] = field(default_factory=set)
    met: dict[bytes, record_pb2.RegistrationRecord] = field(default_factory=dict)
    courts: dict[bytes, set[tuple[int, str]]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)


def told(conn: Connection, sealer: Sealer, blind_index: BlindIndex, after: int) -> Told:
    """Look at the judgments that were recorded by entries after one."""
    until = store.last_entry(conn)
    found = store.recorded_between(conn, after=after, until=until, most=MOST)
    result = Told(until if len(found) < MOST else found[-1][0])
    for index, judgment in readable(found, lambda row: (row[0], store.open_version(sealer, row[1]))):
        result.judged.append(_judged(conn, sealer, blind_index, judgment, result))
        if len(result.met) >= MOST_NAMED:
            result.until = index
            break
    return result


def is_full(judged: Iterable[record_pb2.JudgedRecord]) -> bool:
    """Whether a time tells of as much as it may: the rest waits for the next."""
    all_of_them = list(judged)
    named = {one for each in all_of_them for one in each.registration_ids}
    return len(all_of_them) >= MOST or len(named) >= MOST_NAMED


def events(agencies: Agencies, found: Told) -> list[Row]:
    """One event for each agency that may have a registration that was judged; none if no judgment was recorded."""
    if not found.judged:
        return []
    # Of no place: it names the registrations of many, and is told where it names none.
    named: dict[str, set[bytes]] = {str(agency_id): set() for agency_id in _possible(agencies, found.trials)}
    for registration_id, record in found.met.items():
        for agency_id in _concerned(agencies, record, found.courts[registration_id]) & named.keys():
            named[agency_id].add(registration_id)
    kind = notification_pb2.EVENT_KIND_REGISTRATIONS_JUDGED
    return [
        row
        for agency_id, registration_ids in sorted(named.items())
        for row in outbox.owed(kind, [agency_id], registration_ids=registration_ids)
    ]


def _judged(
    conn: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    judgment: record_pb2.JudgmentRecord,
    result: Told,
) -> record_pb2.JudgedRecord:
    rows, seen = store.claiming(conn, blind_index, [rules.near_case(judgment)])
    result.seen += seen
    result.trials.add((judgment.trial.court_kind, judgment.trial.court_place))
    records = list(readable(rows, lambda row: registrations.open_version(sealer, row)))
    for record in records:
        if joined := rules.joined_to(record, judgment):
            result.met[record.registration_id] = record
            courts = result.courts.setdefault(record.registration_id, set())
            courts.update((each.court_kind, each.court_place) for each in joined)
    return rules.judged(judgment, records)


def _possible(agencies: Agencies, trials: Iterable[tuple[int, str]]) -> set[str]:
    """Whoever may have a registration that was judged, as far as the judgments tell: its home may be anywhere."""
    places = {place for _, place in trials}
    return {
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_POLICE),
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_PRISONS),
        *(agency_id for place in places for agency_id in recipients.prosecution_for(agencies, place)),
        *recipients.courts_for(agencies, trials),
    }


def _concerned(
    agencies: Agencies, record: record_pb2.RegistrationRecord, courts: Iterable[tuple[int, str]]
) -> set[str]:
    return {
        *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
        *recipients.responsible_police(agencies, record.responsible_place),
        *recipients.courts_for(agencies, courts),
        record.created_by_agency,
        record.custodian_agency,
    }
