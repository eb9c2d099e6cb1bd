"""What goes between a verification and its second process.

The keys go this way too, and details that were opened: never by the environment or a command line, which others can
read.
"""

from __future__ import annotations

import msgspec

from nsor_server.verification.details import Opened
from nsor_server.verification.report import Finding


class Begin(msgspec.Struct, tag=True, frozen=True):
    """What the second process is told first.

    Attributes:
        keyring: the document, keys in cleartext.
        url: libpq connection string of the server's role.
        snapshot: that it joins.
        entries: how many there are.
    """

    keyring: bytes
    url: str
    snapshot: str
    entries: int

    def __repr__(self) -> str:
        """Nothing of it: it has keys, and perhaps a password."""
        return "<Begin>"


class Entries(msgspec.Struct, tag=True, frozen=True):
    """Entries whose details were opened, in their order.

    Attributes:
        opened: of each the index, the leaf and the detail.
    """

    opened: list[Opened]

    def __repr__(self) -> str:
        """Nothing of it: details name persons."""
        return "<Entries>"


class Ended(msgspec.Struct, tag=True, frozen=True):
    """There are no more entries.

    Attributes:
        whole: they were passed on to the last one.
    """

    whole: bool


class Went(msgspec.Struct, tag=True, frozen=True):
    """How far it has come along the entries, or, with the last number again, that it is alive."""

    done: int
    of: int


class Found(msgspec.Struct, tag=True, frozen=True):
    """Its whole report; it says nothing after it."""

    findings: list[Finding]
    remarks: list[str]


Heard = Entries | Ended
"""What the second process is told after the first word."""
Said = Went | Found
"""What it says."""
