"""GetNotice and ListNotices on the wire. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor.v1 import notices_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import instant
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.notification import store
from nsor_server.notification.notices import kinds, messages, states
from nsor_server.notification.notices.found import Found, find, one
from nsor_server.policy.deadlines import ENDED_JOURNEY_SHOWN
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST_LISTED: Final = 100
"""Newest notices of a list; those that wait come besides."""


class Reading:
    """Shows notices."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                notices_pb2.GetNoticeRequest,
                notices_pb2.GetNoticeResponse,
                self.get_notice,
                charge=lambda request: Charge(request.registration_id),
            ),
            Unary(
                notices_pb2.ListNoticesRequest,
                notices_pb2.ListNoticesResponse,
                self.list_notices,
                charge=lambda request: Charge(request.registration_id),
            ),
        )

    def get_notice(
        self, call: Call, request: notices_pb2.GetNoticeRequest, conn: Connection
    ) -> Outcome[notices_pb2.GetNoticeResponse]:
        """Show a notice with what it tells.

        Raises:
            errors.NoRecord: there is none, or it isn't the caller's to see.
        """
        of = find(self._sealer, call, request.registration_id, conn)
        notice = one(call, conn, of, raw(request.notice_id))
        at_border = call.agency.kind == options_pb2.AGENCY_KIND_IMMIGRATION
        if at_border and not (registrations.in_look_ups(of.record) and kinds.crosses_border(notice.record)):
            raise errors.NoRecord
        if at_border and _ended_long_ago(call, notice):
            raise errors.NoRecord
        person = registrations.to_message(of.record, ()).person
        answer = messages.whole(notice, person, _officer_number(call, notice))
        detail = of.detail("NOTICE_SHOWN", notice.record.notice_id)
        _add_shown(detail, of, [notice], classes_shown(answer.DESCRIPTOR, call.purpose))
        return Outcome(disclose(answer, call.purpose), detail, seen=(of.seen, notice.seen))

    def list_notices(
        self, call: Call, request: notices_pb2.ListNoticesRequest, conn: Connection
    ) -> Outcome[notices_pb2.ListNoticesResponse]:
        """List the notices of a registration that wait, and the newest ones.

        Raises:
            errors.NoRecord: there is no such registration for the caller.
        """
        of = find(self._sealer, call, request.registration_id, conn)
        # Counted before they are read: one that is given in between is found or was not counted.
        counted = store.count(conn, of.row.registration_id)
        waiting = [each.notice_id for each in of.record.waiting_notices]
        found = store.listed(conn, of.key, of.row.registration_id, waiting, MOST_LISTED)
        answer = notices_pb2.ListNoticesResponse(
            notices=[messages.summary(each, _officer_number(call, each)) for each in found]
        )
        detail = of.detail("NOTICES_LISTED")
        _add_shown(detail, of, found, classes_shown(answer.DESCRIPTOR, call.purpose))
        seen = (of.seen, counted, *(each.seen for each in found))
        return Outcome(disclose(answer, call.purpose), detail, seen=seen)


def _ended_long_ago(call: Call, notice: store.Notice) -> bool:
    """Whether a journey isn't so, and those at the border have had their time to read that."""
    if notice.state in {states.TAKEN, states.VERIFIED}:
        return False
    return policy_of(call).deadlines.due(ENDED_JOURNEY_SHOWN, instant(notice.decision.time_us)).due < call.now()


def _officer_number(call: Call, notice: store.Notice) -> str:
    """The number of who took a notice, for his own agency."""
    if notice.record.agency != call.agency.agency_id:
        return ""
    return decisions.holder(call, notice.record.agency, notice.record.officer_key).officer_number


def _add_shown(
    detail: record_pb2.AccessDetail, of: Found, read: Sequence[store.Notice], classes: Sequence[int]
) -> None:
    """Say in an entry what its answer shows, and on what it rests: listed.py compares it with what there was."""
    detail.classes_shown.extend(classes)
    detail.shown_version = of.record.version
    detail.rests_on = rests_on.digest((each.record.notice_id, each.decision.version) for each in read)
