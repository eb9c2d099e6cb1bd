"""DecideJuvenileAccess: NPB says whether juveniles' records may be shown on an access request that asks for them.

It decides that of every such request and reads no registration: neither it nor anybody else learns whether there is a
juvenile's record. The prosecutor decides the rest, before or after.
"""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import access_requests_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.uuids import raw
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.requests import records, rules, store
from nsor_server.lookup.requests.escalation.rules import waits_for_npb
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class JuvenileAccess:
    """Decides of juveniles' records on access requests."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                access_requests_pb2.DecideJuvenileAccessRequest,
                access_requests_pb2.DecideJuvenileAccessResponse,
                self.decide_juvenile_access,
                self._decided_again,
            ),
        )

    def decide_juvenile_access(
        self, call: Call, request: access_requests_pb2.DecideJuvenileAccessRequest, conn: Connection
    ) -> Outcome[access_requests_pb2.DecideJuvenileAccessResponse]:
        """Decide of that part of an access request, and let a grant that waits for it show juveniles' records.

        Raises:
            NoRecord: there is no such request.
            Denied: SECOND_PERSON_REQUIRED: the officer has asked for access himself, or granted it.
            EtagMismatch: it has moved on.
            WrongState: it doesn't ask for juveniles' records, was returned, or NPB has decided of it; or they would be
                shown by an act of a compromised key.
        """
        if request.validate_only:
            return Outcome(
                access_requests_pb2.DecideJuvenileAccessResponse(), record_pb2.AccessDetail(outcome="VALIDATED")
            )
        found = self._to_decide(call, request, conn)
        record = records.decided_of_juveniles(found.record, call, request.decision)
        row, ref, etag = store.request_row(self._sealer, record)
        events = outbox.owed(
            notification_pb2.EVENT_KIND_JUVENILE_ACCESS_DECIDED,
            [*recipients.prosecution_for(call.agencies, found.district), record.agency],
            access_request_id=record.access_request_id,
        )
        response = access_requests_pb2.DecideJuvenileAccessResponse(
            access_request_id=request.access_request_id, etag=etag
        )
        decision = access_requests_pb2.JuvenileDecision.Name(request.decision)
        detail = record_pb2.AccessDetail(
            outcome=decision.removeprefix("JUVENILE_DECISION_"),
            case_reference=registrations.case_reference(record.fir),
            subjects=[record.access_request_id, *([record.grant_id] if record.grant_id else [])],
        )
        allowed = self._allowed(call, record, conn)
        return Outcome(disclose(response, call.purpose), detail, (row, *allowed, *events), (ref,), (store.seen(found),))

    def _allowed(self, call: Call, record: record_pb2.AccessRequestRecord, conn: Connection) -> Sequence[Row]:
        """The row with which a grant that was given before shows juveniles' records, if it is to."""
        if not record.grant_id or record.juvenile_decision != access_requests_pb2.JUVENILE_DECISION_ALLOWED:
            return ()
        if not grants.grant(conn, self._sealer, record.grant_id).record.juvenile:
            return ()
        return (grants.juvenile_row(record.grant_id, call.officer_key, call.now()),)

    def _to_decide(
        self, call: Call, request: access_requests_pb2.DecideJuvenileAccessRequest, conn: Connection
    ) -> store.StoredRequest:
        """The request of which NPB decides.

        Raises:
            NoRecord, Denied, EtagMismatch, WrongState: as ``decide_juvenile_access``.
        """
        found = store.newest(conn, (self._sealer, self._blind_index), raw(request.access_request_id), call)
        if found is None:
            raise errors.NoRecord
        decisions.check_acts(
            call,
            (*rules.asked(found.record), rules.of_prosecutor(found.record)),
            etag_is_current=request.etag == found.etag,
            open_state=waits_for_npb(found.record),
            grants=request.decision == access_requests_pb2.JUVENILE_DECISION_ALLOWED,
        )
        return found

    def _decided_again(
        self, call: Call, request: access_requests_pb2.DecideJuvenileAccessRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (store.seen(self._to_decide(call, request, conn)),)
