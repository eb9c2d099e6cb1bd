"""Events of a decided access request: the agency whose officer may use the grant hears its id, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterable

from nsor.v1 import notification_pb2
from nsor_server.calls import Row
from nsor_server.events import outbox
from nsor_server.storage.v1 import record_pb2


def of_grant(
    kind: notification_pb2.EventKind.ValueType,
    record: record_pb2.AccessRequestRecord,
    users: Iterable[str],
    others: Iterable[str],
    *,
    about_agency: str,
) -> list[Row]:
    """The rows that owe an event of an access request to each recipient.

    Args:
        kind: what happened.
        record: the request, with the id of its grant if there is one.
        users: the agency that may use the grant.
        others: who hears of it besides.
        about_agency: the agency that the event is about.
    """
    of, grant_id = record.access_request_id, record.grant_id or None
    return [
        *outbox.owed(kind, users, access_request_id=of, about_agency=about_agency, grant_id=grant_id),
        *outbox.owed(kind, others, access_request_id=of, about_agency=about_agency),
    ]
