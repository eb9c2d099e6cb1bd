import dataclasses
import datetime as dt
import io
import urllib.request
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console  # noqa: TID251 - what is drawn is read here

from nsor.v1 import directory_pb2
from nsor_server import app, check, config, running
from nsor_server.storage import reasons
from nsor_server.storage.embedded import SUPERUSER, EmbeddedPostgres
from nsor_server.storage.pool import Database
from tests.ports import free_address
from tests.rpc.callers import Serve, example_agencies

LIST = "nsor.v1.DirectoryService/ListAgencies"


def looked_at(settings: config.Settings) -> tuple[bool, str]:
    out = io.StringIO()
    good = check.run(settings, Console(file=out, width=200))
    return good, out.getvalue()


def test_a_sound_register_has_nothing_wrong(settings: config.Settings) -> None:
    good, text = looked_at(settings)
    assert good, text
    for subject in (
        "contract",
        "server certificate",
        "client CA",
        "keys",
        "migrations",
        "durability",
        "clock",
        "ledger",
    ):
        assert subject in text
    assert "environment NSOR_LISTEN" in text
    assert "postgresql:" not in text


def test_a_certificates_last_day_is_pakistans() -> None:
    now = dt.datetime.now(dt.UTC)
    key, name = ed25519.Ed25519PrivateKey.generate(), x509.Name([])
    ends = (now + dt.timedelta(days=100)).replace(hour=20)  # 01:00 of the next day there
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, ends)
    said = check._end("client CA", builder.sign(key, None)).text
    assert said.endswith(f"until {ends + dt.timedelta(days=1):%Y-%m-%d}")


@pytest.mark.parametrize(
    ("off", "said"), [(-0.0004, "is 0 ms off"), (0.0016, "is 2 ms off"), (-0.0016, "is -2 ms off")]
)
def test_a_clock_is_off_by_whole_milliseconds(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch, off: float, said: str
) -> None:
    monkeypatch.setattr(Database, "clock_offset", lambda _: off)
    assert said in looked_at(settings)[1]


def test_beside_a_server_its_settings_count_and_its_address_is_its_own(settings: config.Settings) -> None:
    # Started in another terminal, with another port and other policy files than this one would take.
    policy = str(Path("demo/policy").resolve())
    at_server = dataclasses.replace(settings, listen="127.0.0.1:7444", policy_dir=Path(policy))
    here = dataclasses.replace(
        settings, listen="127.0.0.1:7443", sources={**settings.sources, "listen": "default", "policy_dir": "default"}
    )
    settings.state_dir.mkdir()
    with running.announced(at_server, "127.0.0.1:7444"):
        good, text = looked_at(here)
        assert good, text
        assert "a server serves on 127.0.0.1:7444, process" in text
        assert "127.0.0.1:7444 is the running server's" in text
        assert "other settings" not in text
        assert [line for line in text.splitlines() if "policy_dir" in line and "the running server" in line]
        _, text = looked_at(dataclasses.replace(here, drain_seconds=7.5))
        assert "with other settings than these: drain_seconds." in text


def test_where_postgres_tells_our_roles_what_was_read_check_and_the_start_say_so(
    settings: config.Settings, postgres: EmbeddedPostgres, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    # By it the console's role would know of a look-up in a quiet hour whether it has found somebody.
    name = str(conninfo_to_dict(settings.database_url or "")["dbname"])
    assert "PostgreSQL tells no role of ours what was read" in looked_at(settings)[1]
    with psycopg.connect(postgres.conninfo(SUPERUSER, name), autocommit=True) as superuser:
        superuser.execute("GRANT EXECUTE ON FUNCTION pg_stat_get_numscans(oid) TO nsor_console")
        try:
            good, text = looked_at(settings)
            app.prepare_database(settings, database)
        finally:
            superuser.execute("REVOKE EXECUTE ON FUNCTION pg_stat_get_numscans(oid) FROM nsor_console")
    assert good, text
    assert "PostgreSQL tells nsor_console how often each table was read" in text
    assert "PostgreSQL tells nsor_console how often each table was read" in caplog.text
    runbook = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert "\n## The pages in a browser\n" in runbook
    assert "(The pages in a browser)" in caplog.text


def test_what_is_wrong_is_named_and_the_rest_is_still_looked_at(settings: config.Settings, tmp_path: Path) -> None:
    # One look that fails doesn't hide the others.
    (tmp_path / "keys.json").chmod(0o644)
    broken = dataclasses.replace(settings, server_certificate=tmp_path / "missing.pem")
    good, text = looked_at(broken)
    assert not good
    assert "missing.pem can't be read" in text
    assert "chmod 600" in text
    assert "durability" in text


def test_a_database_that_is_away_is_said_without_its_address(settings: config.Settings) -> None:
    away = dataclasses.replace(settings, database_url="postgresql://someone:secret@127.0.0.1:9/nowhere")
    good, text = looked_at(away)
    assert not good
    assert "the database doesn't answer: nothing listens at that address" in text
    assert "goes over the network without sslmode=verify-full" in text
    assert "secret" not in text


def test_an_agency_that_can_enrol_nobody_is_named(serve: Serve) -> None:
    # Its officers would hear FOCAL_PERSON_REQUIRED, and not why; with one it enrols nobody who decides.
    with serve() as serving:
        agencies = [agency.agency_id for agency in example_agencies()]
        serving.enter_focal_persons(agencies)
        assert "fia-immigration lacks 1" in looked_at(serving.settings)[1]
        serving.enter_focal_persons(agencies)
        assert "every agency has those that it needs" in looked_at(serving.settings)[1]
        serving.sql(
            "INSERT INTO focal_person_disabled (key_id, agency_id) SELECT key_id, agency_id FROM focal_person"
            " WHERE agency_id = 'punjab-police'"
        )
        assert "punjab-police lacks 2: nsor-server agency focal-person add" in looked_at(serving.settings)[1]


def test_what_a_url_gives_away_and_a_single_disk_are_said(settings: config.Settings) -> None:
    # A server's settings need no owner's URL; a socket needs no TLS.
    good, text = looked_at(settings)
    assert good, text
    assert "Whoever takes over a server that has it owns the tables" in text
    assert "no synchronous standby" in text
    assert "verify-full" not in text
    _, text = looked_at(dataclasses.replace(settings, database_owner_url=None))
    assert "owns the tables" not in text


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("postgresql://h/d?sslmode=verify-full", True),
        ("postgresql:///d?host=/run/postgresql", True),
        ("postgresql://h/d", False),
        ("postgresql://h/d?sslmode=require", False),
        ("postgresql://h/d?sslmode=verify-ca", False),
        ("postgresql:///d?host=/run/postgresql,h&sslmode=prefer", False),
        ("postgresql:///d?hostaddr=10.0.0.1", False),
    ],
)
def test_only_a_socket_or_tls_with_the_name_is_private(url: str, private: bool) -> None:
    assert reasons.is_private(url) is private


def test_reasons_are_of_a_closed_list(postgres: EmbeddedPostgres) -> None:
    # The driver's text names role and database.
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(postgres.conninfo("nobody-known", "postgres"))
    assert "nobody-known" in str(raised.value)
    assert reasons.reason(raised.value) == "the role or the database isn't there"
    assert reasons.reason(psycopg.errors.DiskFull("values")) == "DiskFull, SQLSTATE 53100"


def test_a_changed_schema_and_a_missing_copy_are_wrong(serve: Serve, database: Database) -> None:
    with serve() as serving:
        settings = serving.settings
    assert looked_at(settings)[0]
    settings.checkpoint_file.unlink()
    with database.owner() as owner:
        owner.execute("GRANT DELETE ON officer TO nsor_server")
    good, text = looked_at(settings)
    assert not good
    assert "is missing; put it back" in text
    assert "unexpected: relation | officer" in text


def test_a_row_that_decides_and_was_edited_is_named_with_its_table(serve: Serve) -> None:
    with serve() as serving:
        good, text = looked_at(serving.settings)
        assert good, text
        assert "agencies, certificates, keys of people and policy are those of the ledger" in text
        with serving.database.owner() as owner:
            owner.execute("UPDATE certificate SET not_after = not_after + interval '1 year'")
    good, text = looked_at(serving.settings)
    assert not good
    assert "the row of certificate that entry" in text


def test_it_changes_nothing(settings: config.Settings, database: Database) -> None:
    def size() -> object:
        with database.transaction() as connection:
            return connection.execute("SELECT size, time_us FROM ledger_head").fetchone()

    before = size()
    looked_at(settings)
    assert size() == before
    assert not settings.checkpoint_file.exists()
    assert not settings.state_dir.exists()


def test_metrics_tell_calls_certificates_spans_and_health(serve: Serve) -> None:
    with serve(metrics_listen=free_address(), trace_store=True) as serving:
        serving.caller("npb").call(LIST, directory_pb2.ListAgenciesRequest())
        with urllib.request.urlopen(f"http://{serving.settings.metrics_listen}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    assert f'nsor_calls_total{{code="OK",kind="NPB",method="{LIST}"}} 1.0' in text
    assert 'nsor_certificate_not_after_seconds{certificate="server"}' in text
    assert 'nsor_spans_total{destination="store",state="ended"}' in text
    assert "nsor_ledger_healthy 1.0" in text
