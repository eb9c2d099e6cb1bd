"""What goes between the server and the process that makes recalls (``process.py``, ``child.py``).

The keys go this way too: never by the environment or a command line, which others can read.
"""

from __future__ import annotations

import msgspec

from nsor_server.calls import RecordRef


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The first word of the process: nobody else can look into it from now on.

    Attributes:
        per_entry: recalls that it makes for an entry.
        planned: accesses that it plans together. Of another release, which was installed meanwhile, these may differ.
    """

    per_entry: int
    planned: int


class Begin(msgspec.Struct, tag=True, frozen=True):
    """What the process is told then.

    Attributes:
        keyring: the document, keys in cleartext.
        url: libpq connection string of the server's role.
    """

    keyring: bytes
    url: str

    def __repr__(self) -> str:
        """Nothing of it: it has keys, and perhaps a password."""
        return "<Begin>"


class Next(msgspec.Struct, tag=True, frozen=True):
    """Make the recalls of the next pass.

    Attributes:
        before: the pass before it, nsor.storage.v1.RecallPassRecord; None: there was none.
        record: it, as far as it is known.
        times: nsor.storage.v1.RecallRecord with what all of its recalls say.
    """

    before: bytes | None
    record: bytes
    times: bytes


class Columns(msgspec.Struct, frozen=True):
    """Rows of a table, as they are written: its columns, packed (``storage/arrays.py``)."""

    table: str
    columns: list[bytes]


class Made(msgspec.Struct, tag=True, frozen=True):
    """The recalls of a pass.

    Attributes:
        record: the pass, which says now how far it has come.
        records: what the ledger holds to the recalls.
        unsealed: and to their events.
        rows: of both.
        alerts: lines that the process would have written to the log.
    """

    record: bytes
    records: list[RecordRef]
    unsealed: list[RecordRef]
    rows: list[Columns]
    alerts: list[str] = []

    def __repr__(self) -> str:
        """Nothing of it."""
        return "<Made>"
