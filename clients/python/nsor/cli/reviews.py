"""`nsor reviews`: what NPB has to decide on, registrations that may be of one person with an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nsor.cli import fixed_times
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from nsor.v1 import reviews_pb2


@click.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "all_of_them", is_flag=True, help="However many there are.")
@click.option("--open", "open_only", is_flag=True, help="Only those that haven't ended.")
@common
def reviews(session: Session, limit: int, all_of_them: bool, open_only: bool) -> None:
    """List registrations that share an identifier with an earlier one, or are alike, the newest first.

    The list grows at fixed times; an event tells of each. `nsor review show` with a number shows both registrations.
    """
    from nsor.v1 import reviews_pb2  # noqa: PLC0415 - as above

    request = reviews_pb2.ListReviewsRequest()
    found: list[reviews_pb2.Review] = []
    more = True
    with session.client(officer=True) as client:
        while more and (all_of_them or len(found) < limit):
            request.page_size = 100 if all_of_them else min(100, limit - len(found))
            page = client.registration.list_reviews(request).message
            ended = reviews_pb2.REVIEW_STATE_DECIDED
            found += [each for each in page.reviews if not open_only or each.state != ended]
            more, request.page_token = bool(page.next_page_token), page.next_page_token
        if not found:
            fixed_times.say(session, client)
    if session.as_json:
        for review in found:
            session.json_of(review)
    elif found:
        names = ("number", "state", "decision", "review_time", "why", "registration_id", "earlier_registration_id")
        columns = ("review", "state", "decision", "time", "why", "registration", "confirmed first")
        shown = [{**_texts(review), "why": _why(review)} for review in found]
        session.table("Reviews", columns, [tuple(values.get(name, "") for name in names) for values in shown])
        session.say("The first one, both registrations side by side: `nsor review show {}`.", found[0].number)
    if more:
        session.say("{:,} shown; there are more: `nsor reviews --all`.", len(found))
    else:
        session.say("{:,} shown: all that there are.", len(found))


def _texts(message: Message) -> dict[str, str]:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return {field.name: render.text(field, value) for field, value in message.ListFields()}


def _why(review: reviews_pb2.Review) -> str:
    """What they share; of a likely duplicate, where the two differ."""
    if review.identifier:
        return f"one {_texts(review)['identifier']}"
    parts = [_texts(each) for each in review.evidence]
    differing = [
        " ".join(filter(None, (each["part"], each.get("word", ""), each["rule"])))
        for each in parts
        if each["rule"] != "same"
    ]
    return "; ".join(["alike", *differing])
