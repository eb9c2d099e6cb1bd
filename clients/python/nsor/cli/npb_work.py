"""What NPB has to do besides releases, for `nsor work`: what a second officer confirms, and counts of the rest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import worklists_pb2

_MOST: Final = 500
"""How many of a list are counted: more are said to be more."""


class Count(NamedTuple):
    """How much there is of something.

    Attributes:
        what: a kind of work.
        number: how many; of more than are counted, how many were.
        more: there are more.
        command: what to type next.
    """

    what: str
    number: int
    more: bool
    command: str

    @property
    def text(self) -> str:
        """The number as people read it."""
        return f"{self.number:,}{' or more' if self.more else ''}"


def may_be_of(items: Sequence[worklists_pb2.WorkItem]) -> bool:
    """Whether a list may be NPB's: that of a court or a prosecution shows by its kinds that it isn't."""
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    kinds = {
        worklists_pb2.WORK_KIND_RELEASE_TO_ACCEPT,
        worklists_pb2.WORK_KIND_RELEASE_WITHOUT_ADDRESS,
        worklists_pb2.WORK_KIND_RELEASE_OVERDUE,
    }
    return all(item.kind in kinds for item in items)


def is_npb(client: Client) -> bool:
    """Whether the caller is NPB, by the list of agencies that everybody is shown."""
    from nsor.v1 import directory_pb2, options_pb2  # noqa: PLC0415 - as above

    asked = directory_pb2.ListAgenciesRequest(page_size=500)
    while True:
        page = client.directory.list_agencies(asked).message
        own = next((each for each in page.agencies if each.agency_id == client.agency_id), None)
        if own is not None or not page.next_page_token:
            return own is not None and own.kind == options_pb2.AGENCY_KIND_NPB
        asked.page_token = page.next_page_token


def counts(client: Client) -> list[Count]:
    """What there is to do, what is to be looked at first in front."""
    return [*_reviews(client), _unmatched(client)]


def pending(client: Client) -> tuple[list[worklists_pb2.PendingDecision], bool]:
    """What waits for a second officer, the first proposed in front, and whether there is more than is listed here."""
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    asked = worklists_pb2.ListPendingDecisionsRequest(page_size=100)
    found: list[worklists_pb2.PendingDecision] = []
    more = True
    while more and len(found) < _MOST:
        page = client.registration.list_pending_decisions(asked).message
        found += page.decisions
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return found, more


def row(decision: worklists_pb2.PendingDecision) -> tuple[str, str, str, str, str]:
    """A decision that waits as a list shows it: what, by whom, when, until when, and what to type next."""
    by = f"{decision.officer_number} (you)" if decision.own else decision.officer_number
    until = _minute(decision.expire_time) if decision.HasField("expire_time") else ""
    command = f"another officer: {_confirming(decision)}" if decision.own else _confirming(decision)
    return _what(decision), by, _minute(decision.propose_time), until, command


def _what(decision: worklists_pb2.PendingDecision) -> str:
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    if decision.kind == worklists_pb2.PENDING_DECISION_KIND_CLOSURE:
        return _ENDS.get(decision.closure_kind, "end of a record")
    if decision.kind == worklists_pb2.PENDING_DECISION_KIND_UNSEALING:
        return "unsealing"
    return "reading of what is sealed"


def _confirming(decision: worklists_pb2.PendingDecision) -> str:
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    if decision.kind == worklists_pb2.PENDING_DECISION_KIND_CLOSURE:
        return f"nsor archive confirm {decision.registration_id} {decision.decision_id}"
    if decision.kind == worklists_pb2.PENDING_DECISION_KIND_UNSEALING:
        return f"nsor judgment unseal {decision.decision_id} --confirm"
    return f"nsor sealed confirm {decision.decision_id} {decision.registration_id}"


def _minute(time: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(time.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")


_ENDS: Final = {1: "archive: deceased", 2: "out of the archive", 3: "erasure", 4: "withdrawal"}
"""Number of a kind of closure, and what a list calls it."""


def _reviews(client: Client) -> list[Count]:
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - as above

    asked = reviews_pb2.ListReviewsRequest(page_size=100)
    proposed = {reviews_pb2.REVIEW_STATE_PROPOSED, reviews_pb2.REVIEW_STATE_REOPENING_PROPOSED}
    opened: list[int] = []
    waiting: list[int] = []
    looked_at, more = 0, True
    while more and looked_at < _MOST:
        page = client.registration.list_reviews(asked).message
        looked_at += len(page.reviews)
        opened += [each.number for each in page.reviews if each.state == reviews_pb2.REVIEW_STATE_OPEN]
        waiting += [each.number for each in page.reviews if each.state in proposed]
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    confirm = f"nsor review show {waiting[-1]}" if waiting else "nsor reviews --open"
    return [
        Count("reviews that another officer confirms", len(waiting), more, confirm),
        Count("reviews that are open", len(opened), more, "nsor reviews --open"),
    ]


def _unmatched(client: Client) -> Count:
    from nsor.v1 import judgments_pb2  # noqa: PLC0415 - as above

    asked = judgments_pb2.ListUnmatchedJudgmentsRequest()
    number, more = 0, True
    while more and number < _MOST:
        page = client.registration.list_unmatched_judgments(asked).message
        number += len(page.judgments)
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return Count("judgments that have met no conviction", number, more, "nsor judgment unmatched")
