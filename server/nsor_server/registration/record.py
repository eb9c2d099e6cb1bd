"""A registration between its two forms: the contract's message and the sealed record.

The two are kept apart so that a change of the contract never changes what was stored. Nothing is decided here: the
request was checked before, and what a caller may see of the message is taken from it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

from nsor.v1 import registration_pb2, types_pb2
from nsor_server.registration.dates import from_day, from_us, to_day
from nsor_server.storage.v1 import record_pb2


def to_message(record: record_pb2.RegistrationRecord, etag: str = "") -> registration_pb2.Registration:
    """The whole registration as the contract writes it; what the purpose may see is copied from it by disclosure.

    Args:
        record: an opened version.
        etag: of that version, from ``store.etag``.
    """
    return registration_pb2.Registration(
        registration_id=uuid_text(record.registration_id),
        etag=etag,
        state=record.state,  # type: ignore[arg-type]  # stored numbers are the enum's
        person=_person(record),
        convictions=[_conviction(conviction) for conviction in record.convictions],
        addresses=[address_message(address) for address in record.addresses],
        custody=types_pb2.Custody(
            state=record.custody_state,  # type: ignore[arg-type]  # stored numbers are the enum's
            prisons_agency_id=record.custodian_agency,
        ),
        heightened_handling=record.heightened_handling,
        responsible_place=record.responsible_place,
        created_by_agency=record.created_by_agency,
        confirmed_by_agency=record.confirmed_by_agency,
        held_for_review=record.held,
        create_time=from_us(record.create_time_us),
        update_time=from_us(record.update_time_us),
    )


def from_request(request: registration_pb2.CreateRegistrationRequest) -> record_pb2.RegistrationRecord:
    """What a checked conviction order says. The caller adds who entered it, where it stands, and its legal bases."""
    person = request.person
    return record_pb2.RegistrationRecord(
        names=[
            record_pb2.Name(kind=n.kind, name=n.name, relative_name=n.relative_name, relation=n.relation)
            for n in person.names
        ],
        cnic=person.cnic,
        no_cnic_reason=person.no_cnic_reason,
        sex=person.sex,
        birth_day=to_day(person.birth_date),
        birth_precision=person.birth_date_precision,
        nationality=person.nationality,
        documents=[_document_record(document) for document in person.travel_documents],
        mobiles=person.mobile_numbers,
        convictions=[_conviction_record(conviction) for conviction in request.convictions],
        addresses=[address_record(address) for address in request.addresses],
        custody_state=request.custody.state,
        custodian_agency=request.custody.prisons_agency_id,
        heightened_handling=request.heightened_handling,
    )


def uuid_text(raw: bytes) -> str:
    """The text form of a UUID's 16 bytes."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def court_places(record: record_pb2.RegistrationRecord) -> list[str]:
    """Places of the courts of all convictions, sorted, each once: the column beside the sealed record."""
    return sorted({conviction.court_place for conviction in record.convictions})


def case_reference(fir: record_pb2.Fir) -> str:
    """The case in the form of its key, ``PK-PB/LHR/PS-001 679/2021``."""
    return f"{fir.police_station} {fir.serial}/{fir.year}"


def address_message(address: record_pb2.Address) -> types_pb2.Address:
    """A stored address as the contract writes it."""
    message = types_pb2.Address(
        kind=address.kind,  # type: ignore[arg-type]  # stored numbers are the enum's
        place_code=address.place_code,
        locality_code=address.locality_code,
        street_number=address.street_number,
        house_number=address.house_number,
        postal_code=address.postal_code,
    )
    if address.HasField("since_day"):
        message.since_date.CopyFrom(from_day(address.since_day))
    return message


def address_record(address: types_pb2.Address) -> record_pb2.Address:
    """An address as it is stored."""
    return record_pb2.Address(
        kind=address.kind,
        place_code=address.place_code,
        locality_code=address.locality_code,
        street_number=address.street_number,
        house_number=address.house_number,
        postal_code=address.postal_code,
        since_day=to_day(address.since_date) if address.HasField("since_date") else None,
    )


def _person(record: record_pb2.RegistrationRecord) -> types_pb2.Person:
    return types_pb2.Person(
        names=_names(record.names),
        cnic=record.cnic,
        no_cnic_reason=record.no_cnic_reason,  # type: ignore[arg-type]  # stored numbers are the enum's
        sex=record.sex,  # type: ignore[arg-type]  # stored numbers are the enum's
        birth_date=from_day(record.birth_day),
        birth_date_precision=record.birth_precision,  # type: ignore[arg-type]  # stored numbers are the enum's
        nationality=record.nationality,
        travel_documents=[_document(document) for document in record.documents],
        mobile_numbers=record.mobiles,
    )


def _names(names: Iterable[record_pb2.Name]) -> list[types_pb2.PersonName]:
    return [
        types_pb2.PersonName(
            kind=name.kind,  # type: ignore[arg-type]  # stored numbers are the enum's
            name=name.name,
            relative_name=name.relative_name,
            relation=name.relation,  # type: ignore[arg-type]  # stored numbers are the enum's
        )
        for name in names
    ]


def _document(document: record_pb2.Document) -> types_pb2.TravelDocument:
    expiry = from_day(document.expiry_day) if document.HasField("expiry_day") else None
    return types_pb2.TravelDocument(number=document.number, country=document.country, expiry_date=expiry)


def _document_record(document: types_pb2.TravelDocument) -> record_pb2.Document:
    expiry = to_day(document.expiry_date) if document.HasField("expiry_date") else None
    return record_pb2.Document(number=document.number, country=document.country, expiry_day=expiry)


def _conviction(conviction: record_pb2.Conviction) -> types_pb2.Conviction:
    fir = conviction.fir
    return types_pb2.Conviction(
        court_case=types_pb2.CourtCase(
            court_kind=conviction.court_kind,  # type: ignore[arg-type]  # stored numbers are the enum's
            place_code=conviction.court_place,
            case_number=conviction.case_number,
        ),
        verdict=types_pb2.VERDICT_CONVICTED,
        judgment_date=from_day(conviction.judgment_day),
        fir=types_pb2.FirKey(
            police_station=fir.police_station, year=fir.year, serial=fir.serial, fir_date=from_day(fir.day)
        ),
        counts=[_count(count) for count in conviction.counts],
        appeal_state=conviction.appeal_state,  # type: ignore[arg-type]  # stored numbers are the enum's
    )


def _count(count: record_pb2.Count) -> types_pb2.Count:
    return types_pb2.Count(
        offence_code=count.offence_code,
        offence_date=from_day(count.offence_day),
        victim_class=count.victim_class,  # type: ignore[arg-type]  # stored numbers are the enum's
        sentence_kind=count.sentence_kind,  # type: ignore[arg-type]  # stored numbers are the enum's
        months=count.months,
        legal_basis=count.legal_basis,  # type: ignore[arg-type]  # stored numbers are the enum's
    )


def _conviction_record(conviction: types_pb2.Conviction) -> record_pb2.Conviction:
    court, fir = conviction.court_case, conviction.fir
    return record_pb2.Conviction(
        court_kind=court.court_kind,
        court_place=court.place_code,
        case_number=court.case_number,
        judgment_day=to_day(conviction.judgment_date),
        fir=record_pb2.Fir(
            police_station=fir.police_station, year=fir.year, serial=fir.serial, day=to_day(fir.fir_date)
        ),
        counts=[
            record_pb2.Count(
                offence_code=count.offence_code,
                offence_day=to_day(count.offence_date),
                victim_class=count.victim_class,
                sentence_kind=count.sentence_kind,
                months=count.months,
            )
            for count in conviction.counts
        ],
        appeal_state=conviction.appeal_state,
    )
