"""`nsor disclosures`: who was shown a record of one's own agency, by agency and purpose."""

from __future__ import annotations

import datetime as dt

import click

from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common


@click.command()
@click.argument("registration_id", type=record_id)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@common
def disclosures(session: Session, registration_id: str, limit: int) -> None:
    """List who was shown a record of your agency, by agency and purpose, the newest in front.

    Most are told some time afterwards (policy), those in an emergency at once.
    """
    from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import disclosures_pb2, options_pb2  # noqa: PLC0415 - as above

    request = disclosures_pb2.ListDisclosuresRequest(registration_id=registration_id, page_size=min(100, limit))
    found: list[disclosures_pb2.Disclosure] = []
    with session.client(officer=True) as client:
        while len(found) < limit:
            page = client.lookup.list_disclosures(request).message
            found += page.disclosures
            request.page_token = page.next_page_token
            if not request.page_token:
                break
    if session.as_json:
        for each in found[:limit]:
            session.json_of(each)
        return
    rows = [
        (
            dt.datetime.fromtimestamp(each.access_time.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M"),
            each.agency_id,
            options_pb2.Purpose.Name(each.purpose).removeprefix("PURPOSE_").lower().replace("_", " "),
            ", ".join(_class(one) for one in each.classes),
        )
        for each in found[:limit]
    ]
    if rows:
        session.table("Shown to", ("time", "agency", "purpose", "what"), rows)
    more = len(found) > limit or bool(request.page_token)
    session.say("{:,} shown; there are more: --limit." if more else "{:,} shown: all that there are.", len(rows))


def _class(number: int) -> str:
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    return options_pb2.FieldClass.Name(options_pb2.FieldClass.ValueType(number)).removeprefix("FIELD_CLASS_").lower()
