"""AddConviction on the wire: from the message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import notification_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.uuids import raw, text
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import record as records
from nsor_server.registration import rules, shown, states, store
from nsor_server.registration.convictions import bulk
from nsor_server.registration.convictions.rules import check_fits
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Request = registration_pb2.AddConvictionRequest
Response = registration_pb2.AddConvictionResponse


class Convictions:
    """Adds convictions to registrations."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (Unary(Request, Response, self.add_conviction, self._added_again), bulk.handler())

    def add_conviction(self, call: Call, request: Request, conn: Connection) -> Outcome[Response]:
        """Add a conviction, which waits for its own court; of the owner's records alone."""
        added = _checked(call, request)
        reference = records.case_reference(added.fir)
        if request.validate_only:
            return Outcome(Response(), record_pb2.AccessDetail(outcome="VALIDATED", case_reference=reference))
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        row, record = found
        if request.etag != store.etag(row.sealed):
            raise errors.EtagMismatch
        check_fits(record, shown.to_agency(record, call.agency, call.officer), added)
        following = states.next_version(
            record, states.entering([added], call.agency.agency_id, call.officer_key), [added]
        )
        written = store.version_row(store.data_key(self._sealer, row), record, following, call.now())
        answer = Response(
            registration_id=request.registration_id, etag=written.etag, conviction_id=text(added.conviction_id)
        )
        detail = record_pb2.AccessDetail(
            outcome="CONVICTION_ADDED", case_reference=reference, subjects=[record.registration_id]
        )
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (written.row, *_events(call, record.registration_id, added)),
            (written.ref,),
            (store.seen(row),),
        )

    def _added_again(self, call: Call, request: Request, conn: Connection) -> tuple[Seen, ...]:
        _require_within(call, request)
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        return (store.seen(found[0]),)


def _checked(call: Call, request: Request) -> record_pb2.Conviction:
    """The conviction as a record, after every rule that needs no register."""
    convictions = [request.conviction]
    rules.check_convicted(convictions, "conviction")
    policy = policy_of(call)
    (bases,) = rules.legal_bases(policy.offences, convictions, "conviction")
    _require_within(call, request)
    return records.conviction_record(request.conviction, bases, policy.offence_table_version)


def _require_within(call: Call, request: Request) -> None:
    rows.require_within(call.agency, call.officer, rules.places_of_cases([request.conviction]))


def _events(call: Call, registration_id: bytes, added: record_pb2.Conviction) -> list[Row]:
    """NPB hears of it, and the courts hear what awaits them."""
    return outbox.owed(
        notification_pb2.EVENT_KIND_CONVICTION_ADDED,
        [
            *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB),
            *recipients.courts_for(call.agencies, [(added.court_kind, added.court_place)]),
        ],
        registration_id=registration_id,
    )
