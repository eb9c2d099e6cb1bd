"""A registration between its two forms: the contract's message and the sealed record.

The two are kept apart so that a change of the contract never changes what was stored. Nothing is decided here: the
request was checked before, and what a caller may see of the message is taken from it afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from nsor.v1 import closure_pb2, identity_pb2, movements_pb2, registration_pb2, types_pb2
from nsor_server.formats import case_references, uuids
from nsor_server.formats.instants import set_day, set_us, to_day
from nsor_server.registration import states
from nsor_server.storage import random_bytes
from nsor_server.storage.v1 import record_pb2

_UNDER_REVIEW: Final = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
_OTHER_SERIES: Final = ("appeal", "revision", "misc", "petition", "reference")
"""Words of numbers that aren't a trial's."""
_SERIAL_OR_YEAR: Final = re.compile(r"[0-9]+(?:-[A-Z]\b)?")
"""A serial may have a bench's letter: 123-P/2022."""


def to_message(
    record: record_pb2.RegistrationRecord, convictions: Sequence[record_pb2.Conviction], etag: str = ""
) -> registration_pb2.Registration:
    """The registration as the contract writes it; what the purpose may see is copied from it by disclosure.

    Every look-up that finds somebody comes through here, so parts are filled in place: messages that are made apart and
    handed over are copied, which takes twice as long.

    To whom no confirmed conviction is shown it is under review; who confirmed it is said of what is shown alone.

    Args:
        record: an opened version.
        convictions: those of its convictions that the caller is shown, from ``shown``.
        etag: of that version, from ``store.etag``.
    """
    confirmed_by = [each.confirmed_by_agency for each in convictions if states.was_confirmed(each)]
    registration = registration_pb2.Registration(
        registration_id=uuids.text(record.registration_id),
        etag=etag,
        state=record.state if confirmed_by else _UNDER_REVIEW,  # type: ignore[arg-type]  # stored numbers are the enum's
        heightened_handling=record.heightened_handling,
        responsible_place=record.responsible_place,
        created_by_agency=record.created_by_agency,
        confirmed_by_agency=confirmed_by[0] if confirmed_by else "",
    )
    set_us(registration.create_time, record.create_time_us)
    set_us(registration.update_time, record.update_time_us)
    registration.custody.state = record.custody_state  # type: ignore[assignment]  # stored numbers are the enum's
    registration.custody.prisons_agency_id = record.custodian_agency
    registration.identity.state = record.identity_state or identity_pb2.IDENTITY_STATE_UNVERIFIED  # type: ignore[assignment]  # as above
    if record.HasField("verified_death_day"):
        set_day(registration.identity.death_date, record.verified_death_day)
    _fill_person(registration.person, record)
    for address in record.addresses:
        fill_address(registration.addresses.add(), address)
    _fill_particulars(registration, record)
    if confirmed_by and record.HasField("archive"):
        _fill_archive(registration.archive, record.archive)
    for movement in record.movements:
        _fill_movement(registration.movements.add(), movement)
    if record.disputed:
        registration.disputed.extend(record.disputed)  # type: ignore[arg-type]  # stored numbers are the enum's
    for conviction in convictions:
        _fill_conviction(registration.convictions.add(verdict=types_pb2.VERDICT_CONVICTED), conviction)
    # Also for whom disclosure leaves the convictions out; how many there are it doesn't tell.
    stands = sorted({types_pb2.AppealState.ValueType(each.appeal_state) for each in convictions})
    registration.appeal_states.extend(stands)
    return registration


def from_request(request: registration_pb2.CreateRegistrationRequest) -> record_pb2.RegistrationRecord:
    """What a checked order says of the person. The caller adds who entered it, its convictions, and where it stands."""
    person = request.person
    return record_pb2.RegistrationRecord(
        names=map(name_record, person.names),
        cnic=person.cnic,
        no_cnic_reason=person.no_cnic_reason,
        identity_document=person.identity_document,
        sex=person.sex,
        birth_day=to_day(person.birth_date),
        birth_precision=person.birth_date_precision,
        nationality=person.nationality,
        documents=[document_record(document) for document in person.travel_documents],
        mobiles=person.mobile_numbers,
        addresses=[address_record(address) for address in request.addresses],
        custody_state=request.custody.state,
        custodian_agency=request.custody.prisons_agency_id,
        heightened_handling=request.heightened_handling,
    )


def court_places(record: record_pb2.RegistrationRecord) -> list[str]:
    """Places of the courts of its convictions that stand or wait, sorted, each once: the column beside the seal.

    The court of one that fell has no part in the record any more.
    """
    return sorted({each.court_place for each in record.convictions if states.is_shown(each)})


def case_reference(fir: record_pb2.Fir) -> str:
    """The case in the form of its key, ``PK-PB/LHR/PS-001 679/2021``."""
    return case_references.of_fir(fir.police_station, fir.serial, fir.year)


def court_reference(place: str, case_number: str) -> str:
    """A court's case: its number, with the place that makes it unique."""
    return case_references.of_court(place, case_number)


def court_number(case_number: str) -> str:
    """What tells a case number from others of the same court, such as ``case 123/2022``.

    People write one number in many forms (Sessions Case, S.C., GBV Case): so its words aren't compared,
    but what isn't the trial has serials of its own. This can't follow from the forms that policy lists: the blind index
    of a court's case is made of it, and ``ledger verify`` makes it anew.

    Args:
        case_number: in a form that policy lists.
    """
    words = case_number.casefold()
    series = next((word for word in _OTHER_SERIES if word in words), "case")
    return f"{series} {serial_and_year(case_number)}"


def serial_and_year(case_number: str) -> str:
    """What is left of a case number without the word for its series, such as ``123/2022``."""
    return "/".join(_SERIAL_OR_YEAR.findall(case_number))


def name_record(name: types_pb2.PersonName) -> record_pb2.Name:
    """A name as it is stored."""
    return record_pb2.Name(kind=name.kind, name=name.name, relative_name=name.relative_name, relation=name.relation)


def address_record(address: types_pb2.Address) -> record_pb2.Address:
    """An address as it is stored."""
    return record_pb2.Address(
        kind=address.kind,
        place_code=address.place_code,
        locality_code=address.locality_code,
        street_number=address.street_number,
        house_number=address.house_number,
        postal_code=address.postal_code,
        no_fixed_abode=address.no_fixed_abode,
        since_day=to_day(address.since_date) if address.HasField("since_date") else None,
    )


def conviction_record(
    conviction: types_pb2.Conviction,
    legal_bases: Sequence[types_pb2.LegalBasis.ValueType],
    offence_table_version: int,
) -> record_pb2.Conviction:
    """A checked conviction with a new id, as it is before it is entered.

    Args:
        conviction: of a request.
        legal_bases: why each of its counts is registrable.
        offence_table_version: of the offence table that says so.
    """
    court, fir = conviction.court_case, conviction.fir
    return record_pb2.Conviction(
        conviction_id=random_bytes.new_id(),
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
                legal_basis=legal_basis,
                underlying_offence_code=count.underlying_offence_code,
            )
            for count, legal_basis in zip(conviction.counts, legal_bases, strict=True)
        ],
        appeal_state=conviction.appeal_state,
        offence_table_version=offence_table_version,
    )


def fill_names(person: types_pb2.Person, record: record_pb2.RegistrationRecord) -> None:
    """A person's names as the contract writes them, in place."""
    for name in record.names:
        person.names.add(
            kind=name.kind,
            name=name.name,
            relative_name=name.relative_name,
            relation=name.relation,
        )


def _fill_person(person: types_pb2.Person, record: record_pb2.RegistrationRecord) -> None:
    fill_names(person, record)
    person.cnic = record.cnic
    person.no_cnic_reason = record.no_cnic_reason  # type: ignore[assignment]  # stored numbers are the enum's
    person.identity_document = record.identity_document  # type: ignore[assignment]  # stored numbers are the enum's
    person.sex = record.sex  # type: ignore[assignment]  # stored numbers are the enum's
    set_day(person.birth_date, record.birth_day)
    person.birth_date_precision = record.birth_precision  # type: ignore[assignment]  # stored numbers are the enum's
    person.nationality = record.nationality
    for stored in record.documents:
        fill_document(person.travel_documents.add(), stored)
    person.mobile_numbers.extend(record.mobiles)


def _fill_particulars(registration: registration_pb2.Registration, record: record_pb2.RegistrationRecord) -> None:
    for mark in record.marks:
        registration.marks.add(kind=mark.kind, body_part=mark.body_part, side=mark.side)
    for vehicle in record.vehicles:
        registration.vehicles.add(kind=vehicle.kind, number=vehicle.number)
    for occupation in record.occupations:
        registration.occupations.add(kind=occupation.kind, place_code=occupation.place_code)
    # Most have none of these: to extend a field by nothing takes five times as long as to see that.
    if record.email_addresses:
        registration.email_addresses.extend(record.email_addresses)
    for account in record.accounts:
        registration.accounts.add(service=account.service, name=account.name)
    if record.fingerprint_references:
        registration.fingerprint_references.extend(record.fingerprint_references)
    if record.dna_references:
        registration.dna_references.extend(record.dna_references)


def fill_address(address: types_pb2.Address, stored: record_pb2.Address) -> None:
    """An address as the contract writes it, in place."""
    address.kind = stored.kind  # type: ignore[assignment]  # stored numbers are the enum's
    address.place_code = stored.place_code
    address.locality_code = stored.locality_code
    address.street_number = stored.street_number
    address.house_number = stored.house_number
    address.postal_code = stored.postal_code
    address.no_fixed_abode = stored.no_fixed_abode
    if stored.HasField("since_day"):
        set_day(address.since_date, stored.since_day)


def _fill_conviction(conviction: types_pb2.Conviction, stored: record_pb2.Conviction) -> None:
    court = conviction.court_case
    court.court_kind = stored.court_kind  # type: ignore[assignment]  # stored numbers are the enum's
    court.place_code = stored.court_place
    court.case_number = stored.case_number
    set_day(conviction.judgment_date, stored.judgment_day)
    fir = conviction.fir
    fir.police_station = stored.fir.police_station
    fir.year = stored.fir.year
    fir.serial = stored.fir.serial
    set_day(fir.fir_date, stored.fir.day)
    conviction.appeal_state = stored.appeal_state  # type: ignore[assignment]  # stored numbers are the enum's
    conviction.offence_table_version = stored.offence_table_version
    conviction.conviction_id = uuids.text(stored.conviction_id)
    conviction.state = stored.state  # type: ignore[assignment]  # stored numbers are the enum's
    for count in stored.counts:
        shown = conviction.counts.add(
            offence_code=count.offence_code,
            victim_class=count.victim_class,
            sentence_kind=count.sentence_kind,
            months=count.months,
            legal_basis=count.legal_basis,
            underlying_offence_code=count.underlying_offence_code,
        )
        set_day(shown.offence_date, count.offence_day)


def _fill_archive(archive: closure_pb2.Archive, stored: record_pb2.Archive) -> None:
    archive.reason = stored.reason  # type: ignore[assignment]  # stored numbers are the enum's
    archive.certificate_number = stored.certificate_number
    archive.term_rule_id = stored.term_rule
    set_us(archive.archive_time, stored.time_us)
    archive.erasure_reason = stored.erasure_reason  # type: ignore[assignment]  # as above
    if stored.reason == closure_pb2.ARCHIVE_REASON_DECEASED:
        set_day(archive.died_date, stored.died_day)
    elif stored.reason == closure_pb2.ARCHIVE_REASON_TERM_OVER:
        set_us(archive.term_end_time, stored.term_end_us)


def _fill_movement(message: movements_pb2.Movement, stored: record_pb2.MetMovement) -> None:
    message.movement_id = uuids.text(stored.movement_id)
    message.direction = stored.direction  # type: ignore[assignment]  # stored numbers are the enum's
    message.border_crossing = stored.border_crossing  # type: ignore[assignment]  # as above
    set_us(message.movement_time, stored.time_us)
    message.country, message.carrier_code = stored.country, stored.carrier_code
    message.notice_id = uuids.text(stored.notice_id) if stored.notice_id else ""


def fill_document(document: types_pb2.TravelDocument, stored: record_pb2.Document) -> None:
    """A travel document as the contract writes it, in place."""
    document.number, document.country = stored.number, stored.country
    document.kind = types_pb2.TravelDocumentKind.ValueType(stored.kind)
    if stored.HasField("expiry_day"):
        set_day(document.expiry_date, stored.expiry_day)


def document_record(document: types_pb2.TravelDocument) -> record_pb2.Document:
    """A travel document as it is stored."""
    expiry = to_day(document.expiry_date) if document.HasField("expiry_date") else None
    return record_pb2.Document(number=document.number, country=document.country, expiry_day=expiry, kind=document.kind)
