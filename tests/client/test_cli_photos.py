"""`nsor photo`: the picture comes from a file and goes into one that only its owner can read."""

import stat
from pathlib import Path

import pytest

from nsor.v1 import registration_pb2
from nsor_synthetic.pictures import picture
from tests.client.conftest import Register, Run

ADD = "nsor.v1.RegistrationService/AddPhoto"
LIST = "nsor.v1.RegistrationService/ListPhotos"
GET = "nsor.v1.RegistrationService/GetPhoto"
REJECT = "nsor.v1.RegistrationService/RejectPhoto"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
PHOTO = "8b5c1d2e-0000-4000-8000-000000000002"


def test_an_added_photo_names_the_commands_of_the_second_officer(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[ADD] = lambda _: registration_pb2.AddPhotoResponse(photo_id=PHOTO)
    file = tmp_path / "photo.png"
    file.write_bytes(picture())
    assert run("photo", "add", RECORD, str(file), "--taken", "05.03.2024") == 0
    request = registration_pb2.AddPhotoRequest.FromString(register.calls[0].request)
    assert (request.registration_id, request.file) == (RECORD, picture())
    assert (request.taken_date.year, request.taken_date.month, request.taken_date.day) == (2024, 3, 5)
    said = capsys.readouterr().err
    assert f"`nsor photo show {RECORD} {PHOTO} --output FILE`" in said
    assert f"`nsor photo confirm {RECORD} {PHOTO}`" in said


def test_a_photo_that_is_too_large_costs_no_call(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(bytes(262_145))
    assert run("photo", "add", RECORD, str(file), "--taken", "2024-03-05") == 2
    assert not register.calls
    assert "256 KiB" in capsys.readouterr().err


def test_a_shown_photo_is_its_readers_alone_and_replaces_no_file(
    run: Run, register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    register.answers[GET] = lambda _: registration_pb2.GetPhotoResponse(
        photo=registration_pb2.Photo(photo_id=PHOTO), picture=b"the picture"
    )
    output = tmp_path / "seen.jpg"
    assert run("photo", "show", RECORD, PHOTO, "--output", str(output)) == 0
    assert output.read_bytes() == b"the picture"
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    output.write_bytes(b"another")
    assert run("photo", "show", RECORD, PHOTO, "--output", str(output)) == 2
    assert output.read_bytes() == b"another"
    assert len(register.calls) == 1
    assert "name a new one" in capsys.readouterr().err


def test_photos_are_listed_with_their_state(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    photo = registration_pb2.Photo(photo_id=PHOTO, state=registration_pb2.PHOTO_STATE_ADDED)
    register.answers[LIST] = lambda _: registration_pb2.ListPhotosResponse(photos=[photo])
    assert run("photo", "list", RECORD) == 0
    printed = capsys.readouterr()
    assert PHOTO in printed.out
    assert "1 shown: all that you may see." in printed.err


def test_a_photo_is_rejected_with_a_reason(run: Run, register: Register) -> None:
    register.answers[REJECT] = lambda _: registration_pb2.RejectPhotoResponse(
        state=registration_pb2.PHOTO_STATE_REJECTED
    )
    assert run("photo", "reject", RECORD, PHOTO, "--reason", "not-alone") == 0
    request = registration_pb2.RejectPhotoRequest.FromString(register.calls[0].request)
    assert request.reason == registration_pb2.PHOTO_REJECTION_NOT_ALONE
