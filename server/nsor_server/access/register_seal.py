"""How the register stands by its seal: what the steps that are stored say, told in their order. No SQL, no policy.

Each step is a row that decides, so that whoever owns the database can neither add one nor take one away unseen: a
snapshot of the directory is read only if its rows give the hash that is signed.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

from nsor_server.calls import DecidedRows

TABLE: Final = "register_seal"


class Step(enum.IntEnum):
    """What a row says was done."""

    SEAL_PROPOSED = 1
    SEALED = 2
    UNSEALING_PROPOSED = 3
    UNSEALING_SECONDED = 4
    UNSEALED = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken.

    Attributes:
        seal_id: of the seal that it sets or takes off, 16 bytes.
        proposal_id: by which proposal, 16 bytes.
        reason: number of nsor.v1.RegisterSealReason; 0: it unseals.
        agency_id: of the officer.
        officer_key: key id of the officer, 32 bytes.
        at: when.
    """

    step: Step
    seal_id: bytes
    proposal_id: bytes
    reason: int
    agency_id: str
    officer_key: bytes
    at: dt.datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """That of a row."""
        return cls(
            Step(row["step"]),
            row["seal_id"].bytes,
            row["proposal_id"].bytes,
            row["reason"],
            row["agency_id"],
            row["officer_key"],
            row["taken_at"],
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How the register stands.

    Attributes:
        version: of the newest step; 0: there was none.
        seal: the steps that have set the seal that lies on it: the proposal, and the second officer's; empty: there is
            none.
        proposal: the steps of the newest proposal that isn't carried out; empty: there is none.
    """

    version: int = 0
    seal: tuple[Taken, ...] = ()
    proposal: tuple[Taken, ...] = ()

    @property
    def is_sealed(self) -> bool:
        """Whether nothing is disclosed."""
        return bool(self.seal)

    def after(self, step: Taken) -> Standing:
        """How it stands after one more step, which was allowed."""
        match step.step:
            case Step.SEAL_PROPOSED | Step.UNSEALING_PROPOSED:
                stands = replace(self, proposal=(step,))
            case Step.UNSEALING_SECONDED:
                stands = replace(self, proposal=(*self.proposal, step))
            case Step.SEALED:
                stands = replace(self, seal=(*self.proposal, step), proposal=())
            case Step.UNSEALED:
                stands = replace(self, seal=(), proposal=())
        return replace(stands, version=self.version + 1)


class SetBy(NamedTuple):
    """The step that has set a seal, as the ledger's record of its row is found: what is behind that entry is sealed.

    Attributes:
        seal_id: 16 bytes.
        version: number of the step.
    """

    seal_id: bytes
    version: int


def standing(rows: DecidedRows) -> Standing:
    """How the register stands by all rows that decide."""
    stands = Standing()
    for row in sorted(rows.get(TABLE, ()), key=lambda row: row["version"]):
        stands = stands.after(Taken.of(row))
    return stands


def set_by(rows: DecidedRows) -> SetBy | None:
    """The step that has set the seal which lies on the register by all rows that decide; None: there is none."""
    seal = standing(rows).seal
    if not seal:
        return None
    wanted = (Step.SEALED, seal[-1].seal_id)
    versions = (row["version"] for row in rows[TABLE] if (row["step"], row["seal_id"].bytes) == wanted)
    return SetBy(seal[-1].seal_id, next(versions))
