"""What decides can't be proved any more: the last state that was proved goes on for a minute, and then nobody does."""

import urllib.request

import grpc
import pytest

from nsor.v1 import directory_pb2
from nsor_server.access import directory, unproved
from nsor_server.access.directory import DirectoryContradicted
from nsor_server.calls import Row
from nsor_server.policy import documents
from nsor_server.storage import deciding
from nsor_server.storage.pool import Database
from tests.polling import until
from tests.ports import free_address
from tests.rpc.callers import Caller, Serve, Serving
from tests.rpc.test_broken_database import SECONDS, past
from tests.rpc.test_lifecycle import LIST, NOT_SERVING, SERVING, health
from tests.rpc.test_streams import Subscription

EDIT = "UPDATE agency SET kind = kind + 1 WHERE agency_id = 'sindh-police'"
UNDO = "UPDATE agency SET kind = kind - 1 WHERE agency_id = 'sindh-police'"


def lists(caller: Caller) -> tuple[grpc.StatusCode, str]:
    answer = caller.call(LIST, directory_pb2.ListAgenciesRequest())
    return answer.code, answer.reason


def test_a_revocation_that_cannot_be_proved_ends_everybody_after_a_minute(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Otherwise whoever edits one row makes every later revocation worth nothing, and nothing shows it.
    npb, police = serving.caller("npb"), serving.caller("punjab-police")
    stream = Subscription(serving.caller("sindh-police", system=True))
    until(lambda: serving.open_streams == 1, seconds=SECONDS)
    past(serving, EDIT)
    serving.revoke("punjab-police")
    until(lambda: health(npb) == NOT_SERVING, seconds=SECONDS)
    assert [lists(each)[0] for each in (npb, police)] == [grpc.StatusCode.OK] * 2
    with monkeypatch.context() as later:
        later.setattr(unproved, "UNPROVED_SECONDS", 0.0)
        assert [lists(each) for each in (npb, police)] == [(grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")] * 2
        assert stream.reason(SECONDS).startswith("UNAVAILABLE")
        # It is put right without a restart.
        past(serving, UNDO)
        until(lambda: health(npb) == SERVING, seconds=SECONDS)
        assert lists(npb)[0] is grpc.StatusCode.OK
        assert lists(police) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_NOT_ACTIVE")
    assert caplog.text.count("ALERT DIRECTORY_CONTRADICTED: the row of agency that entry") == 1


def test_an_edit_shows_itself_though_nothing_is_new(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PROVE_AGAIN_SECONDS", 0.0)
    with serve(metrics_listen=free_address()) as serving:
        npb = serving.caller("npb")
        assert health(npb) == SERVING
        assert unproved_seconds(serving) == 0
        past(serving, EDIT)
        until(lambda: health(npb) == NOT_SERVING, seconds=SECONDS)
        assert unproved_seconds(serving) > 0
        past(serving, UNDO)
        until(lambda: health(npb) == SERVING, seconds=SECONDS)
        assert unproved_seconds(serving) == 0


def unproved_seconds(serving: Serving) -> float:
    with urllib.request.urlopen(f"http://{serving.settings.metrics_listen}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("nsor_directory_unproved_seconds ")))


def test_a_policy_that_this_release_cannot_use_is_told_and_not_passed_over(
    serving: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    # Another server of a newer release has it in force; this one can't decide as it does.
    npb = serving.caller("npb")
    newer, known = (serving.one("SELECT content FROM policy_version WHERE name = 'reviews'") for _ in range(2))
    adopt(serving, newer.replace(b"{", b'{"of_a_newer_release":1,', 1), 2)
    until(lambda: health(npb) == NOT_SERVING, seconds=SECONDS)
    assert lists(npb)[0] is grpc.StatusCode.OK
    adopt(serving, known, 3)
    until(lambda: health(npb) == SERVING, seconds=SECONDS)
    assert caplog.text.count("ALERT POLICY_UNUSABLE") == 1


def adopt(serving: Serving, content: bytes, version: int) -> None:
    """Put a document in force, on the record."""
    row = Row(
        deciding.POLICY_VERSIONS,
        ("reviews", version, documents.digest("reviews", content), content, None, None, serving.one("SELECT now()")),
    )
    names = ", ".join(name for name, _ in row.table.columns)
    places = ", ".join(["%s"] * len(row.values))
    serving.sql(f"INSERT INTO policy_version ({names}) VALUES ({places})", row.values)  # noqa: S608 - constants


def test_a_start_on_an_edited_register_adds_no_entry(serve: Serve, settings: object, database: Database) -> None:
    # What an operator's start enters would stand upon the edit, as if it had been looked at.
    assert settings
    with database.owner() as owner:
        owner.execute(EDIT.encode())
        before = owner.execute("SELECT size FROM ledger_head").fetchall()
    with pytest.raises(DirectoryContradicted, match="the row of agency that entry"), serve():
        pass
    with database.owner() as owner:
        assert owner.execute("SELECT size FROM ledger_head").fetchall() == before
        assert owner.execute("SELECT count(*) FROM policy_version").fetchall() == [(0,)]
