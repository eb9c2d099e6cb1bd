"""RevalidateRegistration on the wire, and the validation that GetRegistration shows."""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import options_pb2, registration_pb2, validation_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row, Seen
from nsor_server.formats.instants import to_us
from nsor_server.formats.uuids import raw
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import record as records
from nsor_server.registration import rules as owners
from nsor_server.registration import shown, states
from nsor_server.registration import store as registrations
from nsor_server.registration.duties import due_dates
from nsor_server.registration.validation import rules, store
from nsor_server.registration.worklists import owed
from nsor_server.registration.worklists import rows as works
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2


class Validations:
    """Has owners look at their records again."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                validation_pb2.RevalidateRegistrationRequest,
                validation_pb2.RevalidateRegistrationResponse,
                self.revalidate_registration,
                self._revalidated_again,
            ),
        )

    def revalidate_registration(
        self, call: Call, request: validation_pb2.RevalidateRegistrationRequest, conn: Connection
    ) -> Outcome[validation_pb2.RevalidateRegistrationResponse]:
        """Take an owner's word that a record is still right, and by another tier count what the person owes anew.

        Raises:
            errors.NoRecord: there is none, or the caller isn't its owner.
            errors.EtagMismatch: he has seen another version.
            errors.WrongState: no court has confirmed it.
        """
        if request.validate_only:
            answer = validation_pb2.RevalidateRegistrationResponse()
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        row, record = self._owned(call, request.registration_id, conn)
        if request.etag != registrations.etag(row.sealed):
            raise errors.EtagMismatch
        if record.state != registration_pb2.REGISTRATION_STATE_CONFIRMED:
            raise errors.WrongState
        key = registrations.data_key(self._sealer, row)
        before, seen = store.newest(conn, key, row.registration_id)
        deadlines, now = policy_of(call).deadlines, call.now()
        following = rules.again(deadlines, call, before, request.tier, now)
        added, ref = store.row(key, following)
        rows, refs = [added, works.of_itself(owed.done(row.registration_id, owed.OF_VALIDATION))], [ref]
        etag = request.etag
        if following.tier != before.tier:
            tiered = states.next_version(record)
            tiered.supervision_tier = following.tier
            due_dates.by_other_tier(due_dates.Counting.by(policy_of(call)), tiered, to_us(now))
            written = registrations.version_row(key, record, tiered, now)
            etag = written.etag
            rows.append(written.row)
            refs.append(written.ref)
        message = rules.message(deadlines, following, now)
        convictions = shown.to_agency(record, call.agency, call.officer)
        detail = record_pb2.AccessDetail(
            outcome="REVALIDATED",
            case_reference=records.case_reference(convictions[0].fir) if convictions else "",
            subjects=[row.registration_id],
        )
        answer = validation_pb2.RevalidateRegistrationResponse(validation=message, etag=etag)
        return Outcome(disclose(answer, call.purpose), detail, rows, refs, (registrations.seen(row), seen))

    def _revalidated_again(
        self, call: Call, request: validation_pb2.RevalidateRegistrationRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        row, _ = self._owned(call, request.registration_id, conn)
        return (registrations.seen(row),)

    def _owned(
        self, call: Call, registration_id: str, conn: Connection
    ) -> tuple[registrations.StoredVersion, record_pb2.RegistrationRecord]:
        found = registrations.head(conn, self._sealer, raw(registration_id), call)
        if found is None or not owners.is_owner(found[1], call.agency, call.officer):
            raise errors.NoRecord
        return found


def of_confirmation(call: Call, key: DataKey, registration_id: bytes) -> tuple[Row, RecordRef]:
    """The row of a registration's first confirmation: from then on its owner has to look at it again."""
    return store.row(key, rules.first(policy_of(call).deadlines, call, registration_id, call.now()))


def shown_to(
    call: Call, conn: Connection, key: DataKey, record: record_pb2.RegistrationRecord
) -> tuple[validation_pb2.Validation, Seen] | None:
    """The validation of a record for its owner and NPB, and that it is the newest; None: the caller isn't shown it."""
    of_npb = call.agency.kind == options_pb2.AGENCY_KIND_NPB
    confirmed = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    if not confirmed or not (of_npb or owners.is_owner(record, call.agency, call.officer)):
        return None
    validation, seen = store.newest(conn, key, record.registration_id)
    return rules.message(policy_of(call).deadlines, validation, call.now()), seen
