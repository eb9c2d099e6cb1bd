"""AmendRegistration on the wire: from the message to the rules and the store, and back. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import amendments_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.uuids import raw
from nsor_server.registration import record as records
from nsor_server.registration import rules, shown, states, store
from nsor_server.registration.amendments.record import amended
from nsor_server.registration.amendments.rules import check_fits
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Request = amendments_pb2.AmendRegistrationRequest
Response = amendments_pb2.AmendRegistrationResponse


class Amendments:
    """Amends registrations."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (Unary(Request, Response, self.amend_registration, self._amended_again),)

    def amend_registration(self, call: Call, request: Request, conn: Connection) -> Outcome[Response]:
        """Amend particulars; the record's owner alone does.

        Raises:
            errors.NoRecord: there is none, or it isn't his to amend.
            errors.EtagMismatch: he has seen another version.
            errors.InvalidFields: as ``rules.check_fits``.
        """
        if request.validate_only:
            return Outcome(Response(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None or not rules.is_owner(found[1], call.agency, call.officer):
            raise errors.NoRecord
        row, record = found
        if request.etag != store.etag(row.sealed):
            raise errors.EtagMismatch
        following = amended(states.next_version(record), request.update_mask.paths, request.particulars)
        convictions = shown.to_agency(record, call.agency, call.officer)
        check_fits(record, following, convictions)
        written = store.version_row(store.data_key(self._sealer, row), following, call.now())
        answer = Response(registration_id=request.registration_id, etag=written.etag)
        detail = record_pb2.AccessDetail(
            outcome="AMENDED",
            case_reference=records.case_reference(convictions[0].fir),
            subjects=[record.registration_id],
        )
        return Outcome(disclose(answer, call.purpose), detail, (written.row,), (written.ref,), (store.seen(row),))

    def _amended_again(self, call: Call, request: Request, conn: Connection) -> tuple[Seen, ...]:
        found = store.head(conn, self._sealer, raw(request.registration_id), call)
        if found is None:
            raise errors.NoRecord
        return (store.seen(found[0]),)
