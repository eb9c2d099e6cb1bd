"""Identity's part of RegistrationService: whom NADRA is handed, and what its officers decide. No SQL, no law."""

from __future__ import annotations

import os
from collections.abc import Sequence

from nsor.v1 import identity_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen, Shown
from nsor_server.formats.instants import to_day, to_us
from nsor_server.formats.uuids import raw
from nsor_server.policy.deadlines import IDENTITY_CHECK
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import states
from nsor_server.registration import store as registrations
from nsor_server.registration.identity import events, rules, store
from nsor_server.registration.identity import record as records
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_USE = "identity"
"""The blind index's use for who has an item."""


class IdentityService:
    """Hands persons out to be checked, and takes the decisions on them."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer = sealer
        self._blind_index = blind_index

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                identity_pb2.ClaimVerificationRequest,
                identity_pb2.ClaimVerificationResponse,
                self.claim_verification,
                charge=lambda _request: Charge(""),
                shows=lambda _request: 1,
            ),
            Unary(
                identity_pb2.VerifyIdentityRequest,
                identity_pb2.VerifyIdentityResponse,
                self.verify_identity,
                self._decided_again,
            ),
        )

    def claim_verification(
        self, call: Call, _request: identity_pb2.ClaimVerificationRequest, conn: Connection
    ) -> Outcome[identity_pb2.ClaimVerificationResponse]:
        """Hand out a person who waits: the one that the officer has in hand, or any that nobody has.

        A row is written whether or not somebody waits, so that the entries of both are of one kind.
        """
        now = call.now()
        lease = policy_of(call).deadlines.due(IDENTITY_CHECK, now)
        holder = self._holder(call)
        last, alone = store.newest_of(conn, self._sealer, holder)
        item = record_pb2.IdentityItemRecord(
            item_id=os.urandom(16),
            agency=call.agency.agency_id,
            holder=holder,
            number=alone.version + 1,
            time_us=to_us(now),
            officer_key=call.officer_key,
        )
        found, lease_until_us = None, to_us(lease.due)
        if last is not None and rules.is_running(last, item.time_us):
            found, lease_until_us = store.waiting(conn, self._sealer, last.registration_id), last.lease_until_us
        if found is None:
            found = store.next_waiting(conn, self._sealer, os.urandom(16), item.time_us)
            lease_until_us = to_us(lease.due)
        answer = identity_pb2.ClaimVerificationResponse()
        detail = record_pb2.AccessDetail(outcome="NOBODY_WAITS", subjects=[item.item_id])
        if found is not None:
            item.registration_id, item.version = found.record.registration_id, found.record.version
            item.lease_until_us = lease_until_us
            answer.item.CopyFrom(records.item_message(item, rules.particulars(found.record), lease))
            detail = record_pb2.AccessDetail(
                outcome="HANDED_OUT",
                subjects=[item.registration_id, item.item_id],
                shown_version=item.version,
                classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            )
        row, ref = store.item_row(self._sealer, item)
        seen = (alone, *(found.seen if found else ()))
        shown = [Shown(item.registration_id, item.version)] if found is not None else []
        return Outcome(disclose(answer, call.purpose), detail, (row,), (ref,), seen, shown)

    def verify_identity(
        self, call: Call, request: identity_pb2.VerifyIdentityRequest, conn: Connection
    ) -> Outcome[identity_pb2.VerifyIdentityResponse]:
        """Take an officer's decision on what he was handed.

        Raises:
            errors.NoRecord: he wasn't handed it, or its record isn't shown any more.
            errors.WrongState: it is decided; LEASE_ENDED.
        """
        if request.validate_only:
            return Outcome(identity_pb2.VerifyIdentityResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found, now = self._own(call, request.handle, conn), call.now()
        item, record = found.item, found.record
        rules.check_decidable(item, record, to_us(now))
        handed_out = record
        if item.version != record.version:
            handed_out = store.version(conn, self._sealer, item.registration_id, item.version)
        following = states.next_version(record)
        following.identity_verifications.add(
            item_id=item.item_id,
            version=item.version,
            particulars=rules.particulars(handed_out),
            result=request.result,
            mismatches=sorted(request.mismatches),
            reference_number=request.reference_number,
            checked_day=to_day(request.checked_date),
            agency=call.agency.agency_id,
            officer_key=call.officer_key,
            time_us=to_us(now),
        )
        written = registrations.version_row(found.key, record, following, now)
        answer = identity_pb2.VerifyIdentityResponse(result=request.result)
        detail = record_pb2.AccessDetail(outcome="CHECKED", subjects=[record.registration_id, item.item_id])
        told = events.to_owner(call, record, notification_pb2.EVENT_KIND_IDENTITY_CHECKED)
        return Outcome(
            disclose(answer, call.purpose),
            detail,
            (written.row, *told),
            (written.ref,),
            (registrations.seen(found.row),),
        )

    def _own(self, call: Call, handle: str, conn: Connection) -> store.HandedOut:
        """An item that the acting officer was handed.

        Raises:
            errors.NoRecord: there is none, it is somebody else's, or its registration isn't confirmed any more.
        """
        found = store.by_handle(conn, self._sealer, raw(handle), call)
        if found is None or found.item.holder != self._holder(call):
            raise errors.NoRecord
        return found

    def _holder(self, call: Call) -> bytes:
        """Who acts: the officer by his number, whatever key he has. Neither part holds a NUL."""
        number = call.officer.officer_number if call.officer else ""
        return self._blind_index.lasting(_USE, f"{call.agency.agency_id}\0{number}".encode())

    def _decided_again(
        self, call: Call, request: identity_pb2.VerifyIdentityRequest, conn: Connection
    ) -> tuple[Seen, ...]:
        return (registrations.seen(self._own(call, request.handle, conn).row),)
