"""Transfers that nobody answers or decides, for the fixed times: silence is told to stations, provinces and NPB.

Of a merged person it is told once: of the registration of which the time is over first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.calls import Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.registration import claims
from nsor_server.registration import store as registrations
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.others import Others
from nsor_server.registration.returned import Returned
from nsor_server.registration.transfers import rules, store
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_Found: TypeAlias = tuple[record_pb2.RegistrationRecord, list[rules.EventKind]]
_OF_NPB = frozenset({rules.OVERDUE_NPB_EVENT, rules.UNRESOLVED_EVENT})


class Due(NamedTuple):
    """What is told of transfers of which a time is over, and that these were the newest versions."""

    rows: list[Row]
    seen: list[Seen]


def due(
    conn: Connection,
    keys: tuple[Sealer, BlindIndex],
    agencies: recipients.Agencies,
    time: record_pb2.ReviewTimeRecord,
    *,
    after_us: int,
    returned: Returned,
) -> Due:
    """Note in the record of a fixed time the transfers of which a time ended since the one before, or unseen.

    Args:
        conn: any.
        keys: what opens registrations, and reads the others of a person.
        agencies: by id.
        time: that is being made; its instant is set, and whom it archives: of these nothing is told.
        after_us: the instant of the time before.
        returned: what has come to stand: of this also what was over before.
    """
    sealer, blind_index = keys
    told, found = Due([], []), list[_Found]()
    rows = {row.registration_id: row for row in store.between(conn, after_us, time.due_us)}
    rows |= {one: each.row for one, each in returned.standing.items() if one not in rows}
    standing = (row for one, row in sorted(rows.items()) if one not in time.archived_ids)
    for row, record in readable(standing, lambda row: (row, registrations.open_version(sealer, row))):
        since_us = 0 if row.registration_id in returned.standing else after_us
        alerts = rules.fallen_due(record, since_us, time.due_us)
        if alerts:
            found.append((record, alerts))
            told.seen.append(registrations.seen(row))
    newest = claims.newest_versions(conn, [record.registration_id for record, _ in found])
    told.seen.extend(each.seen for each in newest.values())
    claimants = Claimants(conn, sealer, blind_index)
    for record, fallen_due in found:
        alerts, claim = fallen_due, newest.get(record.registration_id)
        if claim is not None and claim.is_merged:
            others = _others(claimants, record.registration_id, time.archived_ids)
            alerts = [each for each in fallen_due if not rules.is_told_of_another(record, each, others)]
        if not alerts:
            continue
        time.due_transfers.add(registration_id=record.registration_id, alerts=alerts)
        for alert in alerts:
            parts = _hearing(agencies, record.transfer, alert)
            told.rows.extend(outbox.owed(alert, parts, registration_id=record.registration_id))
    told.seen.extend(claimants.seen())
    return told


def _others(claimants: Claimants, registration_id: bytes, archived_ids: Iterable[bytes]) -> Others:
    """The others of the person that stand; of one that isn't what was sealed there is an alert already."""
    try:
        own = claimants.get(registration_id)
        return Others() if own is None else claimants.apart(own, without=frozenset(archived_ids))
    except errors.Internal:
        return Others()


def _hearing(agencies: recipients.Agencies, transfer: record_pb2.Transfer, alert: rules.EventKind) -> list[str]:
    """The police of both places, from the stations or from the provinces up; and NPB, when it is its turn."""
    police = [
        each for place in rules.hearing(transfer, alert) for each in recipients.responsible_police(agencies, place)
    ]
    return [*police, *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)] if alert in _OF_NPB else police
