"""The outbox: the causing transaction leaves one unnumbered row per recipient here, and the deliverer takes it away."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from nsor.v1 import notification_pb2
from nsor_server.rpc.calls import Connection

CHANNEL: Final = "nsor_outbox"
"""Notified at the commit of a transaction that left something here."""


def publish(
    conn: Connection,
    kind: notification_pb2.EventKind.ValueType,
    recipients: Iterable[str],
    *,
    registration_id: uuid.UUID | None = None,
    notice_id: uuid.UUID | None = None,
    access_request_id: uuid.UUID | None = None,
) -> None:
    """Owe an event to each recipient, once, if and when the transaction commits.

    Args:
        conn: in the causing transaction.
        kind: what happened.
        recipients: agency ids; one that is named twice is told once.
        registration_id: the registration, for events of a registration.
        notice_id: the notice, for changes of address.
        access_request_id: the access request, for events of access.
    """
    conn.execute(
        """
        INSERT INTO outbox (recipient, kind, registration_id, notice_id, access_request_id)
        SELECT recipient, %s, %s, %s, %s FROM unnest(%s::text[]) AS recipient
        """,
        (kind, registration_id, notice_id, access_request_id, sorted(set(recipients))),
    )
    conn.execute("SELECT pg_notify(%s, '')", (CHANNEL,))
