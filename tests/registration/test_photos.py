"""Photos: who adds, confirms and sees them, and what becomes of a row that somebody changed."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message
from PIL import Image

from nsor.v1 import errors_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Officer, Outcome
from nsor_server.confined.process import Unavailable
from nsor_server.policy.budgets import Bucket
from nsor_server.registration.photos import rules
from nsor_synthetic.pictures import picture
from tests.agencies import (
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PRISONS,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.budgets import with_budgets
from tests.calls import call_of, violations
from tests.images.test_photos import SVG, archive, bomb
from tests.orders import Created, conviction, day, order
from tests.services import Services, sealed_rows_are_listed

OTHER_CASE = "Sessions Case No. 7/2023"
ABSENT = str(uuid.UUID(int=7))
ADDED = registration_pb2.PHOTO_STATE_ADDED
PUT = "UPDATE registration_photo SET"
OTHERS = "FROM registration_photo WHERE photo_id <> %(photo)s) WHERE photo_id = %(photo)s"
CONFIRMED = registration_pb2.PHOTO_STATE_CONFIRMED


def released(services: Services) -> Created:
    created = services.create()
    services.confirm(created)
    return created


def imprisoned(services: Services) -> Created:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = services.create(order(custody=custody))
    services.confirm(created)
    return created


def addition(created: Created, **fields: Any) -> registration_pb2.AddPhotoRequest:
    return registration_pb2.AddPhotoRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "file": picture(),
            "taken_date": day(2025, 1, 2),
            **fields,
        }
    )


def confirmation(created: Created, photo_id: str) -> registration_pb2.ConfirmPhotoRequest:
    return registration_pb2.ConfirmPhotoRequest(
        request_id=str(uuid.uuid4()), registration_id=created.registration_id, photo_id=photo_id
    )


def rejection(created: Created, photo_id: str) -> registration_pb2.RejectPhotoRequest:
    return registration_pb2.RejectPhotoRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        photo_id=photo_id,
        reason=registration_pb2.PHOTO_REJECTION_OTHER_PERSON,
    )


def question(created: Created, photo_id: str) -> registration_pb2.GetPhotoRequest:
    return registration_pb2.GetPhotoRequest(registration_id=created.registration_id, photo_id=photo_id)


def answer(services: Services, call: Call, request: Message) -> Any:
    return services.ask(call, request).response


def add(services: Services, created: Created, agency: Agency = PUNJAB_POLICE, officer: Officer | None = None) -> str:
    return str(answer(services, call_of(agency, officer), addition(created)).photo_id)


def listed(services: Services, created: Created, agency: Agency) -> Sequence[registration_pb2.Photo]:
    request = registration_pb2.ListPhotosRequest(registration_id=created.registration_id)
    photos: Sequence[registration_pb2.Photo] = answer(services, call_of(agency), request).photos
    return photos


def test_who_asks_beside_a_rejection_is_shown_nothing_behind_it(services: Services) -> None:
    # It may be another person's: that nobody has rejected it meanwhile is asked under the head's lock.
    created = released(services)
    photo_id = add(services, created)
    services.ask(call_of(PUNJAB_POLICE), confirmation(created, photo_id))
    of_record = registration_pb2.ListPhotosRequest(registration_id=created.registration_id)
    _, one, every = services.at_once(
        (call_of(PUNJAB_POLICE), rejection(created, photo_id)),
        (call_of(PUNJAB_PROSECUTION), question(created, photo_id)),
        (call_of(PUNJAB_PROSECUTION), of_record),
        together=False,
    )
    assert isinstance(one, errors.NoRecord)
    assert isinstance(every, Outcome)
    assert every.response == services.ask(call_of(PUNJAB_PROSECUTION), of_record).response


def test_a_photo_is_shown_to_others_once_a_second_officer_has_confirmed_it(services: Services) -> None:
    created = released(services)
    photo_id = add(services, created)
    for other in (PUNJAB_PROSECUTION, NPB):
        assert not listed(services, created, other)
        hidden = services.refused(errors.NoRecord, call_of(other), question(created, photo_id))
        absent = services.refused(errors.NoRecord, call_of(other), question(created, ABSENT))
        assert repr(hidden) == repr(absent)
    assert [(each.photo_id, each.state) for each in listed(services, created, PUNJAB_POLICE)] == [(photo_id, ADDED)]
    answer(services, call_of(PUNJAB_POLICE), confirmation(created, photo_id))
    for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, NPB):
        (found,) = listed(services, created, agency)
        assert (found.photo_id, found.state, found.taken_date) == (photo_id, CONFIRMED, day(2025, 1, 2))
        assert found.added_by_agency == PUNJAB_POLICE.agency_id
        with Image.open(io.BytesIO(answer(services, call_of(agency), question(created, photo_id)).picture)) as shown:
            assert (shown.format, shown.size) == ("JPEG", (64, 64))


def test_who_added_a_photo_does_not_confirm_it(services: Services) -> None:
    created = released(services)
    one = officer_of(PUNJAB_POLICE)
    photo_id = add(services, created, officer=one)
    refusal = services.refused(errors.Denied, call_of(PUNJAB_POLICE, one), confirmation(created, photo_id))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    answer(services, call_of(PUNJAB_POLICE), confirmation(created, photo_id))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), confirmation(created, photo_id))


@pytest.mark.parametrize("request_of", [confirmation, rejection])
def test_the_owner_alone_decides_on_a_photo(services: Services, request_of: Callable[[Created, str], Any]) -> None:
    # The prosecution that entered the record until release, the police of the responsible place from then on.
    free, held = released(services), imprisoned(services)
    of_free, of_held = add(services, free), add(services, held, PUNJAB_PRISONS)
    services.refused(errors.NoRecord, call_of(PUNJAB_PROSECUTION), request_of(free, of_free))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), request_of(held, of_held))
    elsewhere = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, elsewhere), request_of(free, of_free))
    answer(services, call_of(PUNJAB_POLICE), request_of(free, of_free))
    answer(services, call_of(PUNJAB_PROSECUTION), request_of(held, of_held))


def test_a_rejected_photo_is_shown_to_nobody(services: Services) -> None:
    created = released(services)
    one = officer_of(PUNJAB_POLICE)
    photo_id = add(services, created, officer=one)
    answer(services, call_of(PUNJAB_POLICE), confirmation(created, photo_id))
    answer(services, call_of(PUNJAB_POLICE, one), rejection(created, photo_id))
    for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, NPB):
        assert not listed(services, created, agency)
        services.refused(errors.NoRecord, call_of(agency), question(created, photo_id))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), rejection(created, photo_id))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), confirmation(created, photo_id))


def test_whoever_has_no_part_in_the_record_hears_no_record(services: Services) -> None:
    created = imprisoned(services)
    photo_id = add(services, created, PUNJAB_PRISONS)
    answer(services, call_of(PUNJAB_PROSECUTION), confirmation(created, photo_id))
    for agency in (SINDH_PROSECUTION, SINDH_POLICE, SINDH_PRISONS):
        for request in (
            addition(created),
            registration_pb2.ListPhotosRequest(registration_id=created.registration_id),
            question(created, photo_id),
        ):
            services.refused(errors.NoRecord, call_of(agency), request)
    elsewhere = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, elsewhere), question(created, photo_id))


@pytest.mark.parametrize("agency", [PUNJAB_POLICE, PUNJAB_PROSECUTION])
def test_an_officer_of_another_place_does_nothing_with_photos(services: Services, agency: Agency) -> None:
    created = released(services) if agency is PUNJAB_POLICE else imprisoned(services)
    photo_id = add(services, created, agency)
    for request in (
        addition(created),
        confirmation(created, photo_id),
        rejection(created, photo_id),
        registration_pb2.ListPhotosRequest(registration_id=created.registration_id),
        question(created, photo_id),
    ):
        services.refused(errors.NoRecord, call_of(agency, officer_of(agency, "PK-PB/MUL")), request)
    # It is the officer's place alone, also when the request is sent again by one who was moved.
    added, officer = addition(created), officer_of(agency, "PK-PB/LHR")
    answer(services, call_of(agency, officer), added)
    services.refused(errors.NoRecord, call_of(agency, replace(officer, jurisdiction=("PK-PB/MUL",))), added)
    answer(services, call_of(agency, officer_of(agency, "PK-PB/LHR")), confirmation(created, photo_id))


def test_no_photo_of_a_sealed_record_is_shown(services: Services) -> None:
    created = imprisoned(services)
    photo_id = add(services, created, PUNJAB_PRISONS)
    answer(services, call_of(PUNJAB_PROSECUTION), confirmation(created, photo_id))
    assert answer(services, call_of(NPB), question(created, photo_id))
    services.judge_all(created, "SET_ASIDE")
    for agency in (PUNJAB_PROSECUTION, PUNJAB_PRISONS, NPB):
        for request in (
            registration_pb2.ListPhotosRequest(registration_id=created.registration_id),
            question(created, photo_id),
        ):
            services.refused(errors.NoRecord, call_of(agency), request)


def test_a_photo_is_no_photo_of_another_record(services: Services) -> None:
    one, other = released(services), released(services)
    photo_id = add(services, one)
    answer(services, call_of(PUNJAB_POLICE), confirmation(one, photo_id))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), question(other, photo_id))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), rejection(other, photo_id))


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        pytest.param(archive, errors_pb2.FIELD_REASON_NOT_A_PHOTO, id="zip"),
        pytest.param(lambda: SVG, errors_pb2.FIELD_REASON_NOT_A_PHOTO, id="svg"),
        pytest.param(bomb, errors_pb2.FIELD_REASON_PHOTO_SIZE, id="bomb"),
        pytest.param(lambda: picture()[:60], errors_pb2.FIELD_REASON_NOT_A_PHOTO, id="cut"),
        pytest.param(lambda: bytes(262_145), errors_pb2.FIELD_REASON_TOO_LONG, id="too many bytes"),
        pytest.param(bytes, errors_pb2.FIELD_REASON_REQUIRED, id="nothing"),
    ],
)
def test_what_is_no_photo_is_refused_by_field_and_rule(
    services: Services, file: Callable[[], bytes], reason: errors_pb2.FieldReason.ValueType
) -> None:
    created, sent = released(services), file()
    for validate_only in (False, True):
        request = addition(created, file=sent, validate_only=validate_only)
        refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request)
        assert violations(refusal) == [("file", reason)]


def test_a_rehearsal_decodes_the_photo_and_adds_nothing(services: Services) -> None:
    before = services.rows()
    rehearsed = answer(services, call_of(PUNJAB_POLICE), addition(released(services), validate_only=True))
    assert rehearsed.photo_id == ""
    assert services.rows()["registration_photo"] == before["registration_photo"]


def test_where_photos_cannot_be_decoded_safely_none_is_taken(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(_file: bytes) -> bytes:
        raise Unavailable

    monkeypatch.setattr(services.photos, "anew", unavailable)
    refusal = services.refused(errors.Unavailable, call_of(PUNJAB_POLICE), addition(released(services)))
    assert refusal.reason == errors_pb2.ERROR_REASON_PHOTOS_UNAVAILABLE


def test_one_agency_takes_the_room_of_no_other(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    # One officer added photos until nobody could add any: for ever, since rejected ones counted too.
    monkeypatch.setattr(rules, "MOST_WAITING", 1)
    created = released(services)
    first = add(services, created)
    refusal = services.refused(errors.WrongState, call_of(PUNJAB_POLICE), addition(created))
    assert refusal.reason == errors_pb2.ERROR_REASON_TOO_MANY_PHOTOS
    add(services, created, PUNJAB_PROSECUTION)
    answer(services, call_of(PUNJAB_POLICE), rejection(created, first))
    assert add(services, created)


@pytest.mark.parametrize("bound", ["MOST", "MOST_EVER"])
def test_a_registration_has_a_bound_of_photos(services: Services, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(rules, bound, 1)
    created = released(services)
    photo_id = add(services, created)
    answer(services, call_of(PUNJAB_POLICE), confirmation(created, photo_id))
    refusal = services.refused(errors.WrongState, call_of(PUNJAB_POLICE), addition(created))
    assert refusal.reason == errors_pb2.ERROR_REASON_TOO_MANY_PHOTOS


def test_a_rehearsal_costs_what_a_photo_costs(services: Services) -> None:
    # It decodes as well: whoever pays nothing for it keeps the one decoder from everybody.
    created = released(services)
    small, large = Bucket(capacity=6, refill_per_hour=1), Bucket(capacity=100, refill_per_hour=100)
    services.policy = with_budgets(call=1, first_named=0, officer=small, agency=large)
    one = officer_of(PUNJAB_POLICE)
    for _ in range(6):
        answer(services, call_of(PUNJAB_POLICE, one), addition(created, validate_only=True))
    with pytest.raises(errors.Exhausted):
        answer(services, call_of(PUNJAB_POLICE, one), addition(created, validate_only=True))


def test_the_case_of_what_fell_is_in_no_entry_of_a_photo(services: Services) -> None:
    # Lists of accesses name the case of an entry: that of a conviction that the caller is shown.
    created = released(services)
    second = conviction(case_number=OTHER_CASE)
    second.fir.serial = 680
    services.add_conviction(created, second)
    services.confirm(created, etag=services.get(created.registration_id, NPB).etag, case_number=OTHER_CASE)
    services.judge(conviction(), "SET_ASIDE")
    asked = registration_pb2.ListPhotosRequest(registration_id=created.registration_id)
    detail = services.ask(call_of(NPB), asked).detail
    assert detail.case_reference == "PK-PB/LHR/PS-001 680/2021"


def test_every_row_is_an_entrys_work(services: Services) -> None:
    created = released(services)
    outcome = services.ask(call_of(PUNJAB_POLICE), addition(created))
    assert sealed_rows_are_listed(services, outcome) == ["registration_photo"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(f"{PUT} picture = (SELECT picture {OTHERS}", id="another picture"),
        pytest.param(f"{PUT} sealed = (SELECT sealed {OTHERS}", id="another record"),
        "UPDATE registration_photo SET registration_id = %(other)s WHERE photo_id = %(photo)s",
        "UPDATE registration_photo_decision SET photo_id = %(photo)s",
    ],
)
def test_a_changed_row_is_shown_to_nobody(services: Services, change: str) -> None:
    created, other = released(services), released(services)
    photo_id, confirmed = add(services, created), add(services, other)
    answer(services, call_of(PUNJAB_POLICE), confirmation(other, confirmed))
    with services.database.owner() as owner:
        owner.execute(change.encode(), {"photo": photo_id, "other": other.registration_id})
    asked = question(other if "registration_id = " in change else created, photo_id)
    services.refused(errors.Internal, call_of(PUNJAB_POLICE), asked)
