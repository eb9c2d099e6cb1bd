"""Which of its agency's events a consumer hears, as SQL: one place for the deliverer and for verification.

It follows from rows that never change: the consumer's filter, the event's kind and places, and the order of the ledger.
So whoever makes it again later gets the same events under the same numbers.
"""

from __future__ import annotations

from typing import Final

BOUNDS: Final = """
    JOIN LATERAL (
        SELECT index FROM ledger_record
        WHERE table_name = 'event_consumer' AND row_id = uuid_send(c.consumer_id) AND version = 1
        LIMIT 1
    ) AS began ON true
    LEFT JOIN LATERAL (
        SELECT index FROM ledger_record
        WHERE table_name = 'event_consumer_disabled' AND row_id = uuid_send(c.consumer_id) AND version = 1
        LIMIT 1
    ) AS ended ON true
"""
"""Joins ``event_consumer AS c`` to the entries that enrolled and disabled it: ``began.index``, ``ended.index``."""


def hears(consumer: str, event: str) -> str:
    """An SQL condition: an event of the agency is of those that the consumer hears.

    Args:
        consumer: alias of a row with ``places``, ``kinds``, ``began`` and ``ended``.
        event: alias of a row with ``kind``, ``places`` and ``index``, that of the entry that caused it.
    """
    return f"""{event}.index > {consumer}.began
        AND ({consumer}.ended IS NULL OR {event}.index < {consumer}.ended)
        AND (cardinality({consumer}.kinds) = 0 OR {event}.kind = ANY ({consumer}.kinds))
        AND (cardinality({consumer}.places) = 0 OR EXISTS (
            SELECT FROM unnest({event}.places) AS at, unnest({consumer}.places) AS within
            WHERE at = within OR starts_with(at, within || '/')
        ))"""
