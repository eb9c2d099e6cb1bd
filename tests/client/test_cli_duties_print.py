"""`nsor duties print`: a page to hand over, from the record's name and its open duties; never over another file."""

import shlex
import stat
import sys
from pathlib import Path

import pytest

from nsor import cli, extras
from nsor.cli import duties_print
from nsor.errors import SettingsWrong
from nsor.printing import pdf
from nsor.printing.sheet import Sheet
from nsor.v1 import duties_pb2, registration_pb2, types_pb2
from tests.client.conftest import Register, Run

GET_DUTY = "nsor.v1.NotificationService/GetDuty"
GET = "nsor.v1.RegistrationService/GetRegistration"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"


@pytest.fixture
def sheets(register: Register, monkeypatch: pytest.MonkeyPatch) -> list[Sheet]:
    """What was printed of a person with duties in every state."""
    duties = [
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION, state=duties_pb2.DUTY_STATE_OVERDUE),
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_RETURN, state=duties_pb2.DUTY_STATE_OPEN),
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_INITIAL_NOTICE, state=duties_pb2.DUTY_STATE_MET),
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_INITIAL_NOTICE, state=duties_pb2.DUTY_STATE_WAIVED),
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_INITIAL_NOTICE, state=duties_pb2.DUTY_STATE_VOID),
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_TRAVEL_ABROAD, state=duties_pb2.DUTY_STATE_STANDING),
        duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_RETURN, state=duties_pb2.DUTY_STATE_STANDING),
    ]
    for at, duty in enumerate(duties[:2]):
        duty.deadline.due_time.seconds = 4_100_000_000 + at * 86_400
    shown = registration_pb2.Registration(registration_id=RECORD)
    shown.person.cnic = "3520112345671"
    for kind, name in (
        (types_pb2.NAME_KIND_FORMER, "Former Name"),
        (types_pb2.NAME_KIND_OFFICIAL, "محمد اسلم"),
        (types_pb2.NAME_KIND_OFFICIAL, "Muhammad Aslam"),
        (types_pb2.NAME_KIND_ALIAS, "Kala"),
    ):
        shown.person.names.add(kind=kind, name=name, relative_name="Relative", relation=types_pb2.RELATION_SON_OF)
    register.answers[GET_DUTY] = lambda _: duties_pb2.GetDutyResponse(duties=duties)
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=shown)
    found: list[Sheet] = []
    real = pdf.page

    def page(sheet: Sheet) -> bytes:
        found.append(sheet)
        return real(sheet)

    monkeypatch.setattr(pdf, "page", page)
    return found


def test_a_page_has_the_official_name_and_what_is_still_owed(
    run: Run, sheets: list[Sheet], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "duties.pdf"
    assert run("duties", "print", RECORD, str(path)) == 0
    assert path.read_bytes().startswith(b"%PDF-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (sheet,) = sheets
    assert (sheet.name, sheet.urdu_name) == ("Muhammad Aslam", "محمد اسلم")
    told = [(each.what.en, each.due is not None, each.overdue) for each in sheet.owed]
    assert told == [
        ("Come to your police station to be verified, with a new photo", True, True),
        ("Tell that you are back from your journey", True, False),
        ("Tell a journey abroad before it begins", False, False),
    ]
    said = capsys.readouterr()
    assert f"Written: {path}." in said.err
    assert "Aslam" not in said.out + said.err


def test_what_is_past_is_overdue_also_before_the_register_has_told_of_it(
    run: Run, sheets: list[Sheet], register: Register, tmp_path: Path
) -> None:
    duty = duties_pb2.Duty(kind=duties_pb2.DUTY_KIND_RETURN, state=duties_pb2.DUTY_STATE_OPEN)
    duty.deadline.due_time.seconds = 1_718_045_999
    register.answers[GET_DUTY] = lambda _: duties_pb2.GetDutyResponse(duties=[duty])
    assert run("duties", "print", RECORD, str(tmp_path / "duties.pdf")) == 0
    assert [each.overdue for each in sheets[0].owed] == [True]


def test_a_file_that_is_there_is_kept_and_nothing_is_asked(
    run: Run, sheets: list[Sheet], register: Register, tmp_path: Path
) -> None:
    path = tmp_path / "duties.pdf"
    path.write_text("kept")
    assert run("duties", "print", RECORD, str(path)) == cli.USAGE
    assert path.read_text() == "kept"
    assert (sheets, register.calls) == ([], [])


def test_who_is_not_shown_the_record_gets_no_page(
    run: Run, sheets: list[Sheet], register: Register, tmp_path: Path, refusals: type
) -> None:
    register.answers[GET] = lambda _: refusals("NOT_FOUND", "NO_RECORD")
    assert run("duties", "print", RECORD, str(tmp_path / "duties.pdf")) == cli.REFUSED
    assert sheets == []
    assert not (tmp_path / "duties.pdf").exists()


def test_every_kind_of_duty_is_told_in_both_languages() -> None:
    assert set(duties_print.TOLD) == {number for number in duties_pb2.DutyKind.values() if number}
    assert all(words.en and words.ur for words in duties_print.TOLD.values())


def test_what_is_not_installed_is_named_with_its_extra() -> None:
    with pytest.raises(SettingsWrong) as raised:
        extras.need("print", "json", "no_such_module_anywhere")
    assert "no_such_module_anywhere" in raised.value.message.en
    # As it stands there it can be pasted, and asks no registry for a package of this name.
    command = shlex.split(raised.value.next_step.en.removeprefix("Install it: `").removesuffix("`"))
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    source = command[4].removesuffix("[print]")
    assert source != command[4]
    assert (Path(source) / "pyproject.toml").is_file()
    assert f"`{shlex.join(command)}`" in raised.value.next_step.ur
