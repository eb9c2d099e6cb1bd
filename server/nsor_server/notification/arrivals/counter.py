"""FindRegistrant on the wire: whoever stands at the counter, by the number that he shows. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor.v1 import arrivals_pb2
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.errors import Internal
from nsor_server.formats.uuids import text
from nsor_server.ledger import rests_on
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.naming import named
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST_DUTIES: Final = 10
"""Of a record: ListDuties and GetDuty show all."""


class Counter:
    """Finds a station's own registered persons by the numbers that they show."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                arrivals_pb2.FindRegistrantRequest,
                arrivals_pb2.FindRegistrantResponse,
                self.find_registrant,
                charge=lambda request: Charge(named(request)),
            ),
        )

    def find_registrant(
        self, call: Call, request: arrivals_pb2.FindRegistrantRequest, conn: Connection
    ) -> Outcome[arrivals_pb2.FindRegistrantResponse]:
        """Show the records of the caller's stations that have a number, or that there is none.

        Raises:
            errors.Internal: what was read contradicts its seal.
        """
        shown = registrations.of_named(named(request))
        if shown is None:
            raise Internal  # the request was checked: it has one number
        found = registrations.by_number(conn, self._sealer, self._blind_index, shown, call)
        answer = arrivals_pb2.FindRegistrantResponse(
            outcome=arrivals_pb2.FIND_OUTCOME_FOUND if found.records else arrivals_pb2.FIND_OUTCOME_NO_RECORD,
            registrants=[_registrant(call, row, record) for row, record in found.records],
        )
        detail = record_pb2.AccessDetail(
            outcome="FOUND" if found.records else "NO_RECORD",
            subjects=[row.registration_id for row, _ in found.records],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose) if found.records else (),
            rests_on=rests_on.digest((row.registration_id, row.version) for row, _ in found.records),
            shown=[
                record_pb2.ShownRegistration(registration_id=row.registration_id, version=row.version)
                for row, _ in found.records
            ],
        )
        return Outcome(disclose(answer, call.purpose), detail, seen=found.seen)


def _registrant(
    call: Call, row: registrations.StoredVersion, record: record_pb2.RegistrationRecord
) -> arrivals_pb2.Registrant:
    policy, now = policy_of(call), call.now()
    due = sorted(record.duties, key=lambda each: (each.due_us, each.duty_id))
    due = [each for each in due if registrations.duty_is_open(record, each)][:MOST_DUTIES]
    return arrivals_pb2.Registrant(
        registration_id=text(record.registration_id),
        etag=registrations.etag(row.sealed),
        person=registrations.masked(record),
        responsible_place=record.responsible_place,
        duties=[registrations.duty_message(policy, record, each, now) for each in due],
    )
