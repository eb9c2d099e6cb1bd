"""A miniature register that loses entries, and owns up to it by a new epoch."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nsor.ledger import cosignature, epochs, note
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import oversight_pb2
from tests.client.conftest import ORIGIN

if TYPE_CHECKING:
    from nsor.ledger.cosignature import WitnessKey
    from tests.client.conftest import Register

AT = 1_790_000_000
"""When witnesses co-sign new epochs."""


def lose(
    register: Register,
    kept: int,
    *,
    last_known: bytes = b"",
    by: str = epochs.METHOD,
    signed: bool = True,
    witness: WitnessKey | None = None,
) -> None:
    """Set the ledger back, and go on under a new origin, as `ledger new-epoch` does."""
    ledger = register.ledger
    last_known = last_known or ledger.sign()
    before, ledger.origin = ledger.origin, f"{ORIGIN}/{len(ledger.epochs) + 2}"
    del ledger.leaves[kept:]
    leaf = leaf_pb2.Leaf(format=1, method=by, call_hash=hashlib.sha256(last_known).digest(), count=1)
    ledger.leaves.append(leaf.SerializeToString())
    checkpoint = ledger.sign()
    if signed:
        checkpoint = note.Signer(ledger.key, before).add_to(checkpoint)
    if witness:
        checkpoint = cosignature.cosign(checkpoint, witness, AT)
    ledger.epochs.append(
        oversight_pb2.Epoch(
            first_index=kept,
            last_known=last_known,
            leaf=ledger.leaves[-1],
            checkpoint=checkpoint,
            hashes=ledger.inclusion(kept, kept + 1),
        )
    )
