"""An amendment between its two forms: the contract's particulars and the sealed record. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from nsor.v1 import amendments_pb2
from nsor_server.formats.instants import to_day
from nsor_server.registration import record as records
from nsor_server.storage.v1 import record_pb2

_Made = Callable[[amendments_pb2.Particulars], Any]

_OF: Final[Mapping[str, tuple[str, _Made]]] = {
    "names": ("names", lambda given: map(records.name_record, given.names)),
    "sex": ("sex", lambda given: given.sex),
    "birth_date": ("birth_day", lambda given: to_day(given.birth_date)),
    "birth_date_precision": ("birth_precision", lambda given: given.birth_date_precision),
    "nationality": ("nationality", lambda given: given.nationality),
    "mobile_numbers": ("mobiles", lambda given: given.mobile_numbers),
    "addresses": ("addresses", lambda given: map(records.address_record, given.addresses)),
    "marks": (
        "marks",
        lambda given: [record_pb2.Mark(kind=m.kind, body_part=m.body_part, side=m.side) for m in given.marks],
    ),
    "vehicles": ("vehicles", lambda given: [record_pb2.Vehicle(kind=v.kind, number=v.number) for v in given.vehicles]),
    "occupations": (
        "occupations",
        lambda given: [record_pb2.Occupation(kind=o.kind, place_code=o.place_code) for o in given.occupations],
    ),
    "email_addresses": ("email_addresses", lambda given: given.email_addresses),
    "accounts": (
        "accounts",
        lambda given: [record_pb2.Account(service=a.service, name=a.name) for a in given.accounts],
    ),
    "fingerprint_references": ("fingerprint_references", lambda given: given.fingerprint_references),
    "dna_references": ("dna_references", lambda given: given.dna_references),
}
"""Path of an amendment -> the record's field, and what it becomes."""


def amended(
    record: record_pb2.RegistrationRecord, paths: Collection[str], given: amendments_pb2.Particulars
) -> record_pb2.RegistrationRecord:
    """A record with some particulars as they are given. ``record`` stays as it is.

    Args:
        record: any version.
        paths: of a checked mask.
        given: what they are from now on.
    """
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    for path in paths:
        name, made = _OF[path]
        following.ClearField(name)  # type: ignore[arg-type]  # a field's name
        if following.DESCRIPTOR.fields_by_name[name].is_repeated:
            getattr(following, name).extend(made(given))
        else:
            setattr(following, name, made(given))
    return following


def of_others(record: record_pb2.RegistrationRecord) -> bytes:
    """What of a version no amendment changes, but for its number and its time."""
    left = record_pb2.RegistrationRecord()
    left.CopyFrom(record)
    for name in ("version", "update_time_us", *(name for name, _ in _OF.values())):
        left.ClearField(name)  # type: ignore[arg-type]  # a field's name
    return left.SerializeToString(deterministic=True)
