"""Doing it twice says so: when, and under which entry; nobody asks the register for that."""

import json
import stat
import uuid
from pathlib import Path

import pytest

from nsor import cli
from nsor.cli import kept
from nsor.v1 import corrections_pb2, notices_pb2, registration_pb2
from tests.client.conftest import Register, Run

SERVICE = "nsor.v1.RegistrationService"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
OTHER = "8b5c1d2f-0000-4000-8000-000000000002"


@pytest.fixture
def answered(register: Register) -> Register:
    register.answers[f"{SERVICE}/RecordJudgment"] = lambda _: registration_pb2.RecordJudgmentResponse()
    register.answers[f"{SERVICE}/RequestCorrection"] = lambda _: corrections_pb2.RequestCorrectionResponse()
    register.answers[f"{SERVICE}/DecideCorrection"] = lambda _: corrections_pb2.DecideCorrectionResponse()
    register.answers["nsor.v1.NotificationService/CreateNotice"] = lambda _: notices_pb2.CreateNoticeResponse()
    return register


COMMANDS = [
    (("judgment", "record", "-"), {"order_number": "12/2023", "cnics": ["3520112345671"]}, {"order_number": "13/2023"}),
    (("correction", "request", "-"), {"cnic": "3520112345671"}, {"cnic": "3520112345679"}),
    (("notice", "-"), {"registration_id": RECORD}, {"registration_id": OTHER}),
]


@pytest.mark.parametrize(("command", "same", "other"), COMMANDS)
def test_what_was_sent_before_is_said_with_its_entry(  # noqa: PLR0917 - fixtures and a case
    run: Run,
    answered: Register,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    same: dict[str, object],
    other: dict[str, object],
) -> None:
    assert run(*command, "--validate-only", stdin=json.dumps(same)) == 0
    assert run(*command, stdin=json.dumps(same)) == 0
    assert "The same was sent" not in capsys.readouterr().err
    assert run(*command, stdin=json.dumps(same)) == 0
    assert "entry 1." in capsys.readouterr().err
    assert run(*command, stdin=json.dumps(other)) == 0
    assert "The same was sent" not in capsys.readouterr().err
    assert len(answered.calls) == 4


@pytest.fixture
def entered(register: Register) -> list[str]:
    """The request ids that came; each makes a notice, once."""
    ids: list[str] = []

    def create(request: bytes) -> notices_pb2.CreateNoticeResponse:
        request_id = notices_pb2.CreateNoticeRequest.FromString(request).request_id
        ids.append(request_id)
        return notices_pb2.CreateNoticeResponse(notice_id=str(uuid.uuid5(uuid.NAMESPACE_OID, request_id)))

    register.answers["nsor.v1.NotificationService/CreateNotice"] = create
    return ids


def test_a_program_that_enters_a_notice_again_enters_it_once(
    run: Run, entered: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    notice = json.dumps({"registration_id": RECORD})
    assert run("notice", "-", stdin=notice) == 0
    assert "already" not in "".join(capsys.readouterr())
    assert run("notice", "-", stdin=notice) == 0
    assert entered[0] == entered[1]
    said = "".join(capsys.readouterr())
    assert "Entered already: nothing was entered" in said
    assert "`nsor notice enter --again -`" in said
    assert "Notice entered" not in said
    # Also when the first answer was lost, so that nothing was kept of it.
    (path,) = (tmp_path / "state").rglob("sent.jsonl")
    path.unlink()
    assert run("notice", "-", "--json", stdin=notice) == 0
    assert run("notice", "-", stdin=json.dumps({"registration_id": OTHER})) == 0
    assert (len(set(entered)), entered[2]) == (2, entered[0])


def test_a_second_one_that_is_meant_is_entered(
    run: Run, entered: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notice = json.dumps({"registration_id": RECORD})
    assert run("notice", "-", stdin=notice) == 0
    assert run("notice", "enter", "--again", "-", stdin=notice) == 0
    assert "Entered already" not in "".join(capsys.readouterr())
    assert run("notice", "-", stdin=notice) == 0
    assert "Entered already" in "".join(capsys.readouterr())
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "y")
    assert run("notice", "-", stdin=notice) == 0
    assert len(set(entered)) == 3
    assert "Entered already" not in "".join(capsys.readouterr())
    # A file's own id is kept: whoever writes it says by it what is the same.
    own = json.dumps({"registration_id": RECORD, "request_id": OTHER})
    assert run("notice", "-", stdin=own) == 0
    assert entered[-1] == OTHER


def test_a_decision_on_a_correction_is_known_by_what_was_decided(
    run: Run, answered: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("correction", "accept", RECORD, OTHER) == 0
    assert run("correction", "refuse", RECORD, OTHER, "--reason", "source-agrees") == 0
    assert "The same was sent" not in capsys.readouterr().err
    assert run("correction", "accept", RECORD, OTHER) == 0
    assert "The same was sent" in capsys.readouterr().err
    assert len(answered.calls) == 3


def test_at_a_terminal_it_is_sent_again_only_when_that_is_meant(
    run: Run, answered: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("correction", "accept", RECORD, OTHER) == 0
    monkeypatch.setattr("nsor.cli.agreement.is_terminal", lambda: True)
    for typed, code, calls in (("n", cli.STOPPED, 1), ("y", 0, 2)):
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _, typed=typed: typed)
        assert run("correction", "accept", RECORD, OTHER) == code
        assert len(answered.calls) == calls


def test_what_is_kept_names_nobody(run: Run, answered: Register, tmp_path: Path) -> None:
    assert run("correction", "request", "-", stdin='{"cnic": "3520112345671"}') == 0
    assert answered.calls
    (path,) = (tmp_path / "state").rglob("sent.jsonl")
    assert "35201" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    # A line that a crash cut off is passed over.
    with path.open("a") as torn:
        torn.write('{"digest"')
    assert kept.sent_before(path.parent, b"another") is None
