"""Several registrations of one person, shown as one. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from nsor_server.storage.v1 import record_pb2

DIGEST_BYTES: Final = 8
_UNITED: Final = (
    "names",
    "documents",
    "mobiles",
    "marks",
    "vehicles",
    "occupations",
    "email_addresses",
    "accounts",
    "fingerprint_references",
    "dna_references",
)
"""Particulars of which a person may have several."""


def as_one(
    record: record_pb2.RegistrationRecord,
    others: Iterable[record_pb2.RegistrationRecord],
    convictions: Callable[[record_pb2.RegistrationRecord], Iterable[record_pb2.Conviction]],
) -> record_pb2.RegistrationRecord:
    """One record of all that several say of a person.

    Ids, versions, custody and responsibility are the first one's; so are the particulars that there is one of, but for
    a CNIC that it lacks. Its addresses come last: they are the newest.

    Args:
        record: that is shown.
        others: registrations of the same person that stand.
        convictions: gives those that may be shown of each of the others, by its own date of birth: what is shown of the
            whole is judged by the first one's besides, so that of two readings the younger counts.
    """
    whole = record_pb2.RegistrationRecord()
    whole.CopyFrom(record)
    del whole.addresses[:]
    for other in others:
        if not whole.cnic and other.cnic:
            whole.cnic, whole.no_cnic_reason = other.cnic, 0
        for field in _UNITED:
            known = getattr(whole, field)
            known.extend(each for each in getattr(other, field) if each not in known)
        whole.addresses.extend(each for each in other.addresses if each not in record.addresses)
        whole.convictions.extend(convictions(other))
        whole.heightened_handling |= other.heightened_handling
    whole.addresses.extend(record.addresses)
    return whole


def digest(records: Sequence[record_pb2.RegistrationRecord]) -> bytes:
    """What an entry says of several registrations that its answer shows, their ids and versions; empty of one."""
    return digest_of([(each.registration_id, each.version) for each in records])


def digest_of(shown: Sequence[tuple[bytes, int]]) -> bytes:
    """As ``digest``, of ids and versions."""
    if len(shown) < 2:
        return b""
    hashed = hashlib.sha256(b"".join(each + version.to_bytes(4, "big") for each, version in shown))
    return hashed.digest()[:DIGEST_BYTES]
