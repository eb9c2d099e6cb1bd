"""What NPB has to do besides releases and what waits for a second officer, for `nsor work`: counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nsor.cli import own_agency

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    """Whether the caller is NPB."""
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    return own_agency.kind(client) == options_pb2.AGENCY_KIND_NPB


def counts(client: Client) -> list[Count]:
    """What there is to do, what is to be looked at first in front."""
    return [*_reviews(client), _unmatched(client)]


def _reviews(client: Client) -> list[Count]:
    from nsor.v1 import proposals_pb2, reviews_pb2  # noqa: PLC0415 - as above

    asked = reviews_pb2.ListReviewsRequest(page_size=100)
    proposed = {reviews_pb2.REVIEW_STATE_PROPOSED, reviews_pb2.REVIEW_STATE_REOPENING_PROPOSED}
    late = proposals_pb2.PROPOSAL_STATE_EXPIRED
    opened: list[int] = []
    waiting: list[int] = []
    looked_at, more = 0, True
    while more and looked_at < _MOST:
        page = client.registration.list_reviews(asked).message
        looked_at += len(page.reviews)
        opened += [each.number for each in page.reviews if each.state == reviews_pb2.REVIEW_STATE_OPEN]
        waiting += [each.number for each in page.reviews if each.state in proposed and each.proposal_state != late]
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
