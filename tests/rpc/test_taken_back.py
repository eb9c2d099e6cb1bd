"""What an operator's command has committed can't be taken back unseen, though no register that serves has seen it."""

import datetime as dt
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from psycopg import IsolationLevel

from nsor_server.commands.recording import recording
from nsor_server.directory import certificates
from nsor_server.ledger import operator, outside
from nsor_server.pki import index
from nsor_server.storage import keyring as keyrings
from nsor_server.verification.verified import verified
from tests.polling import until
from tests.rpc.callers import Serving
from tests.rpc.test_broken_database import SECONDS, past
from tests.rpc.test_lifecycle import NOT_SERVING, health

_TAKEN_BACK = """
DELETE FROM ledger_entry WHERE index >= (SELECT size FROM head_before);
DELETE FROM ledger_detail WHERE index >= (SELECT size FROM head_before);
DELETE FROM ledger_record WHERE index >= (SELECT size FROM head_before);
DELETE FROM ledger_checkpoint WHERE size > (SELECT size FROM head_before);
DELETE FROM certificate_revocation WHERE reason = 'keyCompromise';
UPDATE ledger_head SET (origin, size, root, frontier, time_us, directory_version, directory_hash)
    = (SELECT origin, size, root, frontier, time_us, directory_version, directory_hash FROM head_before);
"""


def revoked(serving: Serving, name: str) -> None:
    """Revoke a certificate, as `nsor-server pki import` does."""
    certificate = x509.load_pem_x509_certificates(serving.files_of(name)[1].read_bytes())[0]
    entry = index.Revoked(serial=f"{certificate.serial_number:x}", reason="keyCompromise", at=dt.datetime.now(dt.UTC))
    with recording(serving.database, serving.settings) as owner:
        certificates.import_index(owner, keyrings.load(serving.settings.keys), [entry])


def findings(serving: Serving) -> list[str]:
    """What `ledger verify` finds."""
    copy = serving.settings.checkpoint_file
    end = outside.extent(copy)
    with serving.database.owner() as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        report = verified(conn, keyrings.load(serving.settings.keys), serving.settings.ledger_origin, (copy, end))
    return [each.problem for each in report.findings]


def test_a_revocation_that_is_taken_back_at_once_turns_health_off_and_verify_red(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The owner of the tables watches for it, and comes before the command can do anything else.
    caller = serving.caller("npb")
    past(serving, "CREATE TABLE head_before AS SELECT * FROM ledger_head")
    copied = operator.copied

    def late(conn: psycopg.Connection, copy: Path) -> None:
        past(serving, _TAKEN_BACK)
        copied(conn, copy)

    with monkeypatch.context() as first:
        first.setattr(operator, "copied", late)
        revoked(serving, "punjab-police")
    assert serving.one("SELECT count(*) FROM certificate_revocation WHERE reason = 'keyCompromise'") == 0
    past(serving, "DROP TABLE head_before")
    until(lambda: health(caller) == NOT_SERVING, seconds=SECONDS)
    assert "ALERT LEDGER_TORN: the outside copy knows" in caplog.text
    assert any("the last ones were lost or taken away" in each for each in findings(serving))


def test_a_command_beside_a_register_that_serves_disturbs_nothing(serving: Serving) -> None:
    # Its checkpoint is in the copy at once, between those of the register.
    copy = serving.settings.checkpoint_file
    revoked(serving, "punjab-police")
    size = serving.one("SELECT size FROM ledger_head")
    assert size in [each.checkpoint.size for each in outside.read_all(copy, outside.extent(copy))]
    assert findings(serving) == []
