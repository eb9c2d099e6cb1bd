"""The witnesses whom the Special Committee has registered, of the rows that decide.

A name and a key are a witness's once. Whoever runs one may fetch the ledger's entries while it isn't retired: nothing
else is granted by it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from nsor.ledger.cosignature import WitnessVerifier
from nsor_server.calls import DecidedRows


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness.

    Attributes:
        witness_id: 16 bytes.
        verifier: its name and key.
        agency_id: the agency that may fetch entries because of it; empty: none.
        registered_at: when.
        retired_at: when it was retired; None: it counts.
    """

    witness_id: bytes
    verifier: WitnessVerifier
    agency_id: str
    registered_at: dt.datetime
    retired_at: dt.datetime | None = None


def registered(rows: DecidedRows) -> tuple[Witness, ...]:
    """All of them by name, retired ones too."""
    retired = {row["witness_id"]: row["retired_at"] for row in rows["ledger_witness_retired"]}
    found = (
        Witness(
            row["witness_id"].bytes,
            WitnessVerifier.parse(row["verifier_key"]),
            row["agency_id"] or "",
            row["registered_at"],
            retired.get(row["witness_id"]),
        )
        for row in rows["ledger_witness"]
    )
    return tuple(sorted(found, key=lambda each: each.verifier.name))


def that_count(rows: DecidedRows) -> tuple[Witness, ...]:
    """Those that aren't retired, by name."""
    return tuple(each for each in registered(rows) if each.retired_at is None)


def may_fetch(rows: DecidedRows) -> frozenset[str]:
    """Ids of the agencies that may fetch entries because of a witness."""
    return frozenset(each.agency_id for each in that_count(rows) if each.agency_id)
