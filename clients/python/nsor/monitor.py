"""Compares the accesses that the register has of an agency with the receipts that the agency's own computers keep.

Every answer comes with a receipt, which is kept before it is given out. So an entry under one's own agency that none of
its computers has a receipt of was caused by somebody else with its certificate; or its answer never arrived, as when a
computer failed, or it stands for many refusals, which have no receipts of their own. Proofs of the ledger are left out:
they show nobody, and no receipt of them is kept.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nsor import contract, journal

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import oversight_pb2

_PAGE: Final = 500
_COMPARED: Final = "monitored.json"
"""File beside the receipts: up to which entry was compared, and whose receipts are still missing."""


class NotNamed(Exception):
    """An access was accepted that isn't one of those without a receipt."""


def unknown(
    client: Client, folders: Iterable[Path], *, everything: bool = False, accepted: Collection[int] = ()
) -> list[oversight_pb2.Access]:
    """The accesses of the agency, the newest first, of which no receipt is kept in any of these folders.

    What was named once is named each time, until its receipt turns up or it is accepted: nobody has to have read the
    one line that named it. Also when the register doesn't list it any more, then by its id alone.

    Args:
        client: of the agency; its own receipts count too. What it asks for here is compared the next time.
        folders: state folders of the agency's other computers, or copies of them.
        everything: all of them, those too that were accepted before; else those since the last time.
        accepted: indexes of accesses of which somebody knows by whom they were.

    Raises:
        NotNamed: one of ``accepted`` isn't among them.
    """
    reached, missing = (0, {}) if everything else _compared(client.state_folder)
    listed = {each.access_id: each for each in _since(client, min((reached, *missing.values())))}
    # Read after they were listed: whoever has called meanwhile has his receipt.
    kept = {each for folder in (client.state_folder, *folders) for each in journal.access_ids(folder)}
    found = [
        each
        for each in _with(listed, missing)
        if (each.index >= reached or each.access_id in missing)
        and each.access_id not in kept
        and each.method not in contract.PROOFS
    ]
    if not {each.index for each in found}.issuperset(accepted):
        raise NotNamed
    found = [each for each in found if each.index not in accepted]
    reached = max((reached, *(each.index + 1 for each in listed.values())))
    compared = {"reached": reached, "missing": {each.access_id: each.index for each in found}}
    (client.state_folder / _COMPARED).write_text(json.dumps(compared), encoding="ascii")
    return found


def _compared(folder: Path) -> tuple[int, dict[str, int]]:
    """Up to which entry was compared, and the accesses without a receipt: their indexes by their ids."""
    path = folder / _COMPARED
    if not path.exists():
        return 0, {}
    compared = json.loads(path.read_text(encoding="ascii"))
    return int(compared["reached"]), {str(each): int(index) for each, index in compared["missing"].items()}


def _with(listed: Mapping[str, oversight_pb2.Access], missing: Mapping[str, int]) -> Iterator[oversight_pb2.Access]:
    """What the register lists, and by its id what it has listed before."""
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    yield from listed.values()
    for access_id, index in sorted(missing.items(), key=lambda each: -each[1]):
        if access_id not in listed:
            yield oversight_pb2.Access(access_id=access_id, index=index)


def _since(client: Client, first: int) -> Iterator[oversight_pb2.Access]:
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = oversight_pb2.ListAccessesRequest(agency_id=client.agency_id, page_size=_PAGE)
    while True:
        page = client.oversight.list_accesses(request).message
        for access in page.accesses:
            if access.index < first:
                return
            yield access
        request.page_token = page.next_page_token
        if not request.page_token:
            return
