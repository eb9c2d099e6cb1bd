"""Movements that were compared before, and registrations that have come to stand since: as long as their keys live.

Whoever is confirmed or unsealed some hours after he has left is met by his departure, too. No index has a number: where
somebody has come to stand, all movements that still open are opened again, so many at a time. That is a round, with
those who have come to stand until it began; who comes meanwhile is of the next one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from nsor_server.registration.claims import Identifier
from nsor_server.registration.movements import meeting, queues, rules, store
from nsor_server.registration.persons.claimants import Known
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 20_000
"""Movements that one time opens again."""
MOST_STANDING: Final = 500
"""Registrations of a round; the others are of the next one."""
MOST_NEXT: Final = 5_000
"""Registrations that wait for a round: of an import of more the others are met by what is reported from then on."""


def following(before: record_pb2.ReviewTimeRecord, came: Collection[bytes]) -> record_pb2.MovementsAgain:
    """What a time goes on with, or begins.

    Args:
        before: the time before.
        came: the registrations that have come to stand since, by their ids.
    """
    last = before.movements_again
    waiting = [*last.next_ids, *sorted({*came} - {*last.next_ids})]
    if last.to < last.end:
        goes_on = record_pb2.MovementsAgain(next_ids=waiting[:MOST_NEXT], to=last.to, to_us=last.to_us, end=last.end)
        goes_on.registration_ids.extend(last.registration_ids)
        return goes_on
    if not waiting:
        return record_pb2.MovementsAgain()
    return record_pb2.MovementsAgain(
        registration_ids=waiting[:MOST_STANDING],
        to_us=before.movements_destroyed_before_us,
        end=before.movements_to,
        next_ids=waiting[MOST_STANDING : MOST_STANDING + MOST_NEXT],
    )


def compare(
    conn: Connection,
    sealer: Sealer,
    time: record_pb2.ReviewTimeRecord,
    before: record_pb2.ReviewTimeRecord,
    meets: meeting.Meeting,
) -> None:
    """Hold older movements against those that have come to stand; the time says how far, and names whom they have met.

    Args:
        conn: any.
        sealer: opens them.
        time: that is being made, with what it goes on with.
        before: the time before: what waited then is compared for the first time, now or later.
        meets: whom the time's movements have met so far.
    """
    again, having = time.movements_again, dict[Identifier, list[Known]]()
    for each in meets.standing(again.registration_ids):
        for one in each.current:
            if meeting.is_met_by(each, one) and not may_have_forgotten(each.record):
                having.setdefault(one, []).append(each)
    if not having:
        again.to = again.end
        return
    places = queues.places(before)
    place = store.Place(again.to, max(again.to_us, before.movements_destroyed_before_us))
    rows = store.reported_between(conn, place, until=again.end, most=MOST)
    again.to, again.to_us = rows[-1][0] if len(rows) == MOST else (again.end, again.to_us)
    for at, movement in readable(rows, lambda row: (row[0], store.opened(sealer, row[1]))):
        of_number = having.get(rules.identifier(movement), [])
        if not of_number or at.entry > places[movement.border_crossing].entry:
            continue
        known = [each for each in of_number if not _has_met(each.record, movement.movement_id)]
        if not meets.add(movement, known, time.moved_again):
            again.to, again.to_us = at.entry - 1, at.time_us
            break


def may_have_forgotten(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a version says no more of some movements: such a one isn't compared again, or would meet them twice."""
    return len(record.movements) >= rules.MOST


def _has_met(record: record_pb2.RegistrationRecord, movement_id: bytes) -> bool:
    """Whether a registration has met a movement already: before it was sealed, say."""
    return any(each.movement_id == movement_id for each in record.movements)
