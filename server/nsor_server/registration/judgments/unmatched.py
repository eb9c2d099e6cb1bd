"""ListUnmatchedJudgments on the wire: what the times for reviews say of judgments that had met nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nsor.v1 import judgments_pb2
from nsor_server.access import lists
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import set_us
from nsor_server.formats.uuids import text
from nsor_server.ledger import rests_on
from nsor_server.registration import review_store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

TIMES: Final = 24
"""Times of a page."""
Request = judgments_pb2.ListUnmatchedJudgmentsRequest
Response = judgments_pb2.ListUnmatchedJudgmentsResponse


class UnmatchedJudgments:
    """Lists them for NPB."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (Unary(Request, Response, self.list_unmatched, charge=lambda request: Charge(request.page_token)),)

    def list_unmatched(self, call: Call, request: Request, conn: Connection) -> Outcome[Response]:
        """List the judgments of some times that had met nobody then.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: a time isn't what was written, or one is missing between two.
        """
        ended = lists.place(self._sealer, call, request.page_token)
        before = None if ended is None else int.from_bytes(ended, "big")
        found = review_store.times_before(conn, self._sealer, before, TIMES)
        answer = Response()
        for time in found:
            for judged in time.judged:
                if not judged.registration_ids:
                    _add(answer, judged, time.due_us)
        if found and found[-1].number > 1:
            answer.next_page_token = lists.token(self._sealer, call, found[-1].number.to_bytes(8, "big"))
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=[judged.judgment_id for time in found for judged in time.judged if not judged.registration_ids],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            rests_on=rests_on.digest((rests_on.number(time.number), 1) for time in found),
            listed_below=before,
            listed_most=TIMES,
        )
        last = found[0].number if found else 0
        seen = (Seen(review_store.LAST_TIME, (), last),) if before is None else ()
        return Outcome(disclose(answer, call.purpose), detail, seen=seen)


def _add(answer: Response, judged: record_pb2.JudgedRecord, due_us: int) -> None:
    item = answer.judgments.add(
        judgment_id=text(judged.judgment_id), near_registration_ids=map(text, judged.near_registration_ids)
    )
    set_us(item.review_time, due_us)
