"""What the command keeps of passengers that were screened: in the state folder what proves each row, and no number.

A row is a keyed digest, as whatever was sent: whoever reads the file without the folder's secret learns of nobody that
he was a passenger.
"""

from __future__ import annotations

import hmac
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from nsor.cli import kept

if TYPE_CHECKING:
    from nsor.screening import Screened
    from nsor.v1 import screening_pb2

_FILE: Final = "screened.jsonl"


class KeptRow(NamedTuple):
    """What is kept of a row.

    Attributes:
        digest: of what stands under its number.
        outcome: as the tree has it: FOUND, ALIKE, NO_RECORD or NAMES_NOT_COMPARED.
        entry: index of the entry.
        position: of the row among those of its message.
        salt: the row's own.
        hashes: of the rows of its message; in the file they stand with the first one of them that is kept.
        root: of their tree.
        access_id: of the entry.
    """

    digest: str
    outcome: str
    entry: int
    position: int
    salt: str
    hashes: tuple[str, ...]
    root: str
    access_id: str


def digest(folder: Path, manifest_id: str, row: screening_pb2.ManifestRow) -> str:
    """What stands under a row's number of a manifest."""
    content = b"screened" + manifest_id.encode() + row.SerializeToString(deterministic=True)
    return hmac.digest(kept.secret(folder), content, "sha256").hex()


def keep(folder: Path, manifest_id: str, row: screening_pb2.ManifestRow, answered: Screened, *, is_first: bool) -> None:
    """Keep what proves a row.

    Args:
        folder: the state folder.
        manifest_id: the manifest.
        row: as it was sent.
        answered: what became of it.
        is_first: whether none of its message was kept before it.
    """
    if answered.proof is None:
        return
    proof = answered.proof
    kept_row = KeptRow(
        digest(folder, manifest_id, row),
        proof.outcome,
        answered.index,
        proof.position,
        proof.salt.hex(),
        tuple(each.hex() for each in proof.hashes) if is_first else (),
        proof.root.hex(),
        answered.access_id,
    )
    line = json.dumps({"manifest": manifest_id, "row": row.row, **kept_row._asdict()}) + "\n"
    descriptor = os.open(folder / _FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line)


def rows(folder: Path, manifest_id: str) -> dict[int, KeptRow]:
    """The rows of a manifest that were screened from this folder, by their numbers: of each the last answer."""
    path = folder / _FILE
    if not path.exists():
        return {}
    found: dict[int, KeptRow] = {}
    hashes: dict[str, tuple[str, ...]] = {}  # by the access id: after a loss another entry may have the index
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            value = json.loads(line)
            if value.pop("manifest") != manifest_id:
                continue
            number = int(value.pop("row"))
            each = KeptRow(**{**value, "hashes": tuple(value["hashes"])})
        except (ValueError, KeyError, TypeError):
            continue  # the last one may have been cut off
        found[number] = each
        hashes[each.access_id] = each.hashes or hashes.get(each.access_id, ())
    return {number: each._replace(hashes=hashes[each.access_id]) for number, each in found.items()}
