"""An amendment between its two forms: the contract's particulars and the sealed record. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from nsor.v1 import amendments_pb2
from nsor_server.formats.instants import to_day
from nsor_server.registration import record as records
from nsor_server.registration.identity.rules import SETTLED
from nsor_server.storage.v1 import record_pb2

_NAMES: Final[Mapping[str, str]] = {
    "names": "names",
    "cnic": "cnic",
    "no_cnic_reason": "no_cnic_reason",
    "identity_document": "identity_document",
    "sex": "sex",
    "birth_date": "birth_day",
    "birth_date_precision": "birth_precision",
    "nationality": "nationality",
    "travel_documents": "documents",
    "mobile_numbers": "mobiles",
    "addresses": "addresses",
    "marks": "marks",
    "vehicles": "vehicles",
    "occupations": "occupations",
    "email_addresses": "email_addresses",
    "accounts": "accounts",
    "fingerprint_references": "fingerprint_references",
    "dna_references": "dna_references",
}
"""Path of an amendment -> the record's field."""


def of_request(given: amendments_pb2.Particulars) -> record_pb2.RegistrationRecord:
    """Particulars as a record holds them; of it nothing else is set."""
    return record_pb2.RegistrationRecord(
        names=map(records.name_record, given.names),
        cnic=given.cnic,
        no_cnic_reason=given.no_cnic_reason,
        identity_document=given.identity_document,
        sex=given.sex,
        birth_day=to_day(given.birth_date) if given.HasField("birth_date") else 0,
        birth_precision=given.birth_date_precision,
        nationality=given.nationality,
        documents=map(records.document_record, given.travel_documents),
        mobiles=given.mobile_numbers,
        addresses=map(records.address_record, given.addresses),
        marks=[record_pb2.Mark(kind=m.kind, body_part=m.body_part, side=m.side) for m in given.marks],
        vehicles=[record_pb2.Vehicle(kind=v.kind, number=v.number) for v in given.vehicles],
        occupations=[record_pb2.Occupation(kind=o.kind, place_code=o.place_code) for o in given.occupations],
        email_addresses=given.email_addresses,
        accounts=[record_pb2.Account(service=a.service, name=a.name) for a in given.accounts],
        fingerprint_references=given.fingerprint_references,
        dna_references=given.dna_references,
    )


def to_message(paths: Iterable[str], given: record_pb2.RegistrationRecord) -> amendments_pb2.Particulars:
    """The other way round: those of the particulars that an amendment names."""
    shown, found = records.to_message(given, ()), amendments_pb2.Particulars()
    for path in paths:
        of: Any = shown.person if path in shown.person.DESCRIPTOR.fields_by_name else shown
        field: Any = found.DESCRIPTOR.fields_by_name[path]
        if field.is_repeated:
            getattr(found, path).extend(getattr(of, path))
        elif field.message_type is not None:
            getattr(found, path).CopyFrom(getattr(of, path))
        else:
            setattr(found, path, getattr(of, path))
    return found


def amended(
    record: record_pb2.RegistrationRecord, paths: Collection[str], given: record_pb2.RegistrationRecord
) -> record_pb2.RegistrationRecord:
    """A record with some particulars as they are given, and no document of a number that is taken away.

    ``record`` stays as it is.

    Args:
        record: any version.
        paths: of a checked mask.
        given: what they are from now on, as ``of_request`` has it.
    """
    following = record_pb2.RegistrationRecord()
    following.CopyFrom(record)
    for path in paths:
        name = _NAMES[path]
        following.ClearField(name)  # type: ignore[arg-type]  # a field's name
        if following.DESCRIPTOR.fields_by_name[name].is_repeated:
            getattr(following, name).extend(getattr(given, name))
        else:
            setattr(following, name, getattr(given, name))
    if not following.cnic and "identity_document" not in paths:
        following.ClearField("identity_document")
    return following


def differing(before: record_pb2.RegistrationRecord, after: record_pb2.RegistrationRecord) -> set[str]:
    """Paths of the particulars in which two versions differ."""
    return {path for path, name in _NAMES.items() if getattr(before, name) != getattr(after, name)}


def of_others(record: record_pb2.RegistrationRecord) -> bytes:
    """What of a version no amendment changes, but for its number and its time."""
    left = record_pb2.RegistrationRecord()
    left.CopyFrom(record)
    for name in ("version", "update_time_us", *SETTLED, *_NAMES.values()):
        left.ClearField(name)  # type: ignore[arg-type]  # a field's name
    return left.SerializeToString(deterministic=True)
