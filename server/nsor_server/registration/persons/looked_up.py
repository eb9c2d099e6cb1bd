"""Whom look-ups show by a number, read by the handler of one call: a person with all his registrations that stand.

Absent, sealed, not confirmed, held by that number, archived and a child at every offence that stands are one answer:
nobody, and take the same: where nobody has the number somebody else's registration is read, and shown to nobody.
`lookup/batch_store.py` says the same for many look-ups at a time, under the lock of the ledger's head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nsor_server.calls import Seen
from nsor_server.registration import claims, shown
from nsor_server.registration.arrivals import store
from nsor_server.registration.claims import Identifier
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.shown import as_one
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class LookedUp(NamedTuple):
    """What a number shows.

    Attributes:
        records: the registrations of one person that look-ups show, in the order of their confirmation; none: nobody.
        whole: the same as one record, with the convictions that everybody is shown; None: nobody.
        seen: that nobody else is found by it, and that these are the newest versions.
    """

    records: Sequence[record_pb2.RegistrationRecord]
    whole: record_pb2.RegistrationRecord | None
    seen: Sequence[Seen]


def looked_up(conn: Connection, sealer: Sealer, blind_index: BlindIndex, number: Identifier) -> LookedUp:
    """Find whom a number shows.

    Raises:
        errors.Internal: a row isn't what its seal says, or is of another number.
    """
    # Counted before it is read: what changes in between is found or was not counted.
    counted = store.counted(conn, blind_index, number)
    holders = store.shown_by(conn, blind_index, number)
    if not holders:
        return LookedUp((), None, counted)
    claimants = Claimants(conn, sealer, blind_index)
    first = claimants.get(min(holder.row.registration_id for holder in holders))
    if first is None or number not in first.current or claims.is_held(first.claim, number.kind):
        raise store.other_number()
    person = [first, *claimants.others(first.claim)]
    order = claims.person(first.claim) or [first.registration_id]
    records = [
        each.record
        for each in sorted(person, key=lambda one: order.index(one.registration_id))
        if shown.in_look_ups(each.record)
    ]
    if first.registration_id not in {each.registration_id for each in records}:
        raise contradicted("registration_version", "a row of %s is shown by look-ups, and its seal isn't")
    whole = as_one(records[0], records[1:], shown.to_everybody)
    convictions = shown.to_everybody(whole)
    del whole.convictions[:]
    whole.convictions.extend(convictions)
    if number.kind == claims.IDENTIFIER_CNIC:
        whole.cnic = number.text  # of several the one that was asked for
    return LookedUp(records, whole, [*counted, *claimants.seen()])
