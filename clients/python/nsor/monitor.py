"""Compares the accesses that the register has of an agency with the receipts that the agency's own computers keep.

Every answer comes with a receipt, which is kept before it is given out. So an entry under one's own agency that none of
its computers has a receipt of was caused by somebody else with its certificate; or its answer never arrived, as when a
computer failed, or it stands for many refusals, which have no receipts of their own. Proofs of the ledger are left out:
they show nobody, and no receipt of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nsor import contract, journal

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import oversight_pb2

_PAGE: Final = 500
_REACHED: Final = "monitored"
"""File beside the receipts: up to which entry was compared."""


def unknown(client: Client, folders: Iterable[Path], *, everything: bool = False) -> list[oversight_pb2.Access]:
    """The accesses of the agency, the newest first, of which no receipt is kept in any of these folders.

    Args:
        client: of the agency; its own receipts count too. What it asks for here is compared the next time.
        folders: state folders of the agency's other computers, or copies of them.
        everything: all of them; else those since the last time.
    """
    reached = client.state_folder / _REACHED
    first = 0 if everything or not reached.exists() else int(reached.read_text(encoding="ascii"))
    found = list(_since(client, first))
    # Read after they were listed: whoever has called meanwhile has his receipt.
    kept = {each for folder in (client.state_folder, *folders) for each in _access_ids(folder)}
    if found:
        reached.write_text(str(found[0].index + 1), encoding="ascii")
    return [each for each in found if each.access_id not in kept and each.method not in contract.PROOFS]


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


def _access_ids(folder: Path) -> Iterator[str]:
    """The accesses whose receipts are kept in a state folder, or in one ledger's part of it."""
    for path in (*folder.glob(journal.LEAVES), *folder.glob(f"ledger-*/{journal.LEAVES}")):
        yield from (each.access_id for each in journal.kept(path))
