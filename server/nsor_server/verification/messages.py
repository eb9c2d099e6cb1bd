"""What goes between a verification and its second process.

The keys go this way too: never by the environment or a command line, which others can read.
"""

from __future__ import annotations

import msgspec

from nsor_server.verification.report import Finding


class Begin(msgspec.Struct, tag=True, frozen=True):
    """The one thing that the second process is told.

    Attributes:
        keyring: the document, keys in cleartext.
        url: libpq connection string of the server's role.
        snapshot: that it joins.
    """

    keyring: bytes
    url: str
    snapshot: str

    def __repr__(self) -> str:
        """Nothing of it: it has keys, and perhaps a password."""
        return "<Begin>"


class Went(msgspec.Struct, tag=True, frozen=True):
    """How far it has come along the entries, or, with the last number again, that it is alive."""

    done: int
    of: int


class Found(msgspec.Struct, tag=True, frozen=True):
    """Its whole report; it says nothing after it."""

    findings: list[Finding]
    remarks: list[str]
    leaves: bytes | None


Said = Went | Found
