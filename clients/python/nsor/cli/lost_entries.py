# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""The receipts of entries that the register has lost, as it has owned up to: `nsor ledger verify` lists them.

A receipt names no person: it has the entry's index, method, time and access id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nsor.advice import Words
from nsor.cli import screen

if TYPE_CHECKING:
    from nsor.cli.session import Session
    from nsor.journal import Kept
    from nsor.ledger.v1 import leaf_pb2

EXIT_CODE = 4
_FOUND = Words(
    "The register has LOST entries, and has owned up to it. The rest is whole.",
    "رجسٹر کے اندراجات ضائع ہوئے ہیں اور رجسٹر نے یہ تسلیم کیا ہے۔ باقی لیجر مکمل ہے۔",
)
_NEXT_STEP = Words(
    "Send NPB this list (--json writes it for programs), enter again what was changed by these calls, and keep the "
    "state folder: it is your proof that they were made.",
    "یہ فہرست این پی بی کو بھیجیں، ان کارروائیوں سے جو بدلا تھا اسے دوبارہ درج کریں، اور ڈیٹا فولڈر (state) "
    "محفوظ رکھیں: یہی آپ کا ثبوت ہے۔",
)


def show(session: Session, lost: Sequence[Kept]) -> None:
    """Say loudly that entries were lost, and list those of this agency."""
    from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick

    screen.echo(_FOUND.ur if session.language == "ur" else _FOUND.en, fg="red", bold=True)
    if not lost:
        return
    rows = [
        (
            str(each.index),
            _leaf(each).method.rpartition("/")[2],
            _time(each).astimezone(render.PAKISTAN).strftime("%Y-%m-%d %H:%M:%S PKT"),
            each.access_id,
        )
        for each in lost
    ]
    session.table("Your receipts of lost entries", ("entry", "method", "time", "access id"), rows)
    session.say(_NEXT_STEP.ur if session.language == "ur" else _NEXT_STEP.en)


def as_dict(kept: Kept) -> dict[str, str | int]:
    """One receipt of a lost entry, for programs."""
    method, time = _leaf(kept).method, _time(kept).isoformat()
    return {"index": kept.index, "method": method, "time": time, "access_id": kept.access_id}


def _time(kept: Kept) -> dt.datetime:
    return dt.datetime.fromtimestamp(_leaf(kept).time_us / 1e6, dt.UTC)


def _leaf(kept: Kept) -> leaf_pb2.Leaf:
    from nsor.ledger.v1 import leaf_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    return leaf_pb2.Leaf.FromString(kept.leaf)
