"""What an operator types about agencies: show, disable, enable, status, refusals; in a terminal of 80 columns."""

import dataclasses
import datetime as dt
import hashlib
import io
import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from prometheus_client import start_http_server

from nsor import OfficerKey
from nsor.ledger.v1 import leaf_pb2
from nsor.seal_statement import SignedStatement, Statement
from nsor.v1 import register_seal_pb2
from nsor_server import config, running
from nsor_server.__main__ import EXPECTED, run
from nsor_server.access.limits import Limits
from nsor_server.alerts import Alert, alert
from nsor_server.calls import new_access_id
from nsor_server.commands import again
from nsor_server.ledger import outside
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.pki import index
from nsor_server.rpc.metrics import Metrics, Values
from nsor_server.storage import keyring as keyrings
from nsor_server.storage.attach import attached
from nsor_server.storage.pool import Database
from nsor_server.tracing.spans import Tracing
from nsor_server.tracing.store import SpanStore
from tests import deciding
from tests.rpc.conftest import database_url

EXAMPLES = Path(__file__).parents[2] / "certs" / "agencies.toml"
LONGEST = "khyber-pakhtunkhwa-special-court"
Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(
    database: Database, state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Say:
    """Run `nsor-server` on a fresh register with the example agencies; gives its exit code and what it said."""
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    outside.begin(state_dir / "checkpoints", ())
    monkeypatch.setenv("NSOR_STATE_DIR", str(state_dir))
    monkeypatch.setenv("NSOR_DATABASE_URL", database_url(database.url_server))
    monkeypatch.setenv("NSOR_DATABASE_OWNER_URL", database_url(database.url_owner or ""))
    monkeypatch.setenv("COLUMNS", "80")

    def typed(*arguments: str) -> tuple[int, str]:
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    for arguments in (["migrate"], ["keys", "create"], ["agency", "add", "--file", str(EXAMPLES)]):
        assert typed(*arguments)[0] == 0
    return typed


def an_entry(agency: str, outcome: leaf_pb2.Outcome.ValueType, officer_key: bytes = b"") -> Entry:
    return Entry(
        access_id=new_access_id(),
        agency=agency,
        method="nsor.v1.LookupService/LookUpRegistration",
        purpose=3,
        outcome=outcome,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=b"",
        officer_key=officer_key,
    )


def append(*entries: Entry) -> None:
    settings = config.load(os.environ)
    keyring = keyrings.load(settings.keys)
    with attached(settings) as database, database.owner() as owner:
        ((origin,),) = owner.execute("SELECT origin FROM ledger_head").fetchall()
        Ledger(keyring, origin or settings.ledger_origin).append(owner, entries)


def an_index(folder: Path, *certificates: tuple[str, str, int]) -> Path:
    """A CA's index: serial, agency, and days until the end, at an hour that is the next day's in Pakistan."""
    now = dt.datetime.now(dt.UTC)
    path = folder / "index.jsonl"
    lines = [
        index.Issued(
            serial=serial,
            profile="agency",
            names=(f"URI:spiffe://nsor.gov.pk/agency/{agency}",),
            agency_id=agency,
            fingerprint=hashlib.sha256(serial.encode()).hexdigest(),
            not_before=now - dt.timedelta(days=400),
            not_after=(now + dt.timedelta(days=days)).replace(hour=20),
            at=now,
        )
        for serial, agency, days in certificates
    ]
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return path


def in_pakistan(days: int) -> str:
    """The day on which a certificate of ``an_index`` ends, there."""
    return f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=days + 1):%Y-%m-%d}"


def enabled(say: Say, agency_id: str) -> bool:
    found = map(json.loads, say("agency", "list", "--json")[1].splitlines())
    return next(bool(line["enabled"]) for line in found if line["agency_id"] == agency_id)


def test_an_agency_is_disabled_when_its_id_is_typed_again_and_there_is_a_way_back(say: Say) -> None:
    for wrong in ((), ("--again", "sindh-police"), ("--again", "")):
        code, said = say("agency", "disable", "punjab-police", *wrong)
        assert (code, "nothing was changed" in said) == (EXPECTED, True)
        assert enabled(say, "punjab-police")
    code, said = say("agency", "disable", "punjab-police", "--again", "punjab-police")
    assert (code, enabled(say, "punjab-police")) == (0, False)
    assert "The way back: nsor-server agency enable punjab-police" in said.splitlines()
    assert say("agency", "disable", "punjab-police")[1].startswith("punjab-police was disabled before.")
    assert say("agency", "enable", "punjab-police", "--again", "punjab")[0] == EXPECTED
    assert not enabled(say, "punjab-police")
    assert say("agency", "enable", "punjab-police", "--again", "punjab-police") == (0, "punjab-police is enabled.\n")
    assert enabled(say, "punjab-police")


def test_a_mistyped_id_is_told(say: Say) -> None:
    for command in (
        *(("agency", name) for name in ("show", "disable", "enable")),
        ("agency", "focal-person", "list"),
        ("status", "--agency"),
        ("refusals", "--agency"),
    ):
        assert say(*command, "punjab-polcie") == (
            EXPECTED,
            "nsor-server: There is no such agency. Did you mean punjab-police?\n",
        )


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("line", "same"), [("npb\n", True), ("npd\n", False), ("\n", False), ("y\n", False)])
def test_at_a_terminal_the_id_is_asked_for(monkeypatch: pytest.MonkeyPatch, line: str, same: bool) -> None:
    # Neither a return nor a yes is enough: whoever has the wrong line in his fingers stops here.
    monkeypatch.setattr("sys.stdin", _Terminal(line))
    if same:
        again.typed("npb", None, what="It will be disabled.")
    else:
        with pytest.raises(again.NotTheSame):
            again.typed("npb", None, what="It will be disabled.")


def test_an_agency_is_a_card_with_what_comes_next(say: Say, tmp_path: Path) -> None:
    path = an_index(tmp_path, ("ab12", "punjab-police", 300), ("ab13", "punjab-police", -3))
    assert say("pki", "import", str(path))[0] == 0
    append(an_entry("punjab-police", leaf_pb2.OUTCOME_ALLOWED))
    code, said = say("agency", "show", "punjab-police")
    assert code == 0
    lines = said.splitlines()
    assert lines[0] == "agency         punjab-police"
    assert "certificates   1 valid, 0 revoked, 1 over" in lines
    assert "focal persons  none: nsor-server agency focal-person add" in lines
    assert f"               ab12 until {in_pakistan(300)}" in lines
    assert any(line.startswith("last call      20") for line in lines)
    # A command is pasted, and stays on one line.
    add = "nsor-server agency focal-person add punjab-police --number PB-1234 --public-key-file FILE.pub"
    assert lines[-1] == f"Next: {add}"
    assert max(map(len, lines[:-1])) <= 80
    public = tmp_path / "focal.pub"
    own = tmp_path / "own"
    for agency, nth, needs in (
        ("punjab-police", 1, add),  # two enrol a deciding officer, so one is no more than a beginning
        ("punjab-police", 2, "To stop it: nsor-server agency disable punjab-police"),
        ("npb", 1, "focal-person add npb"),
        ("npb", 2, "nsor-server pki issue --profile agency --agency npb --csr npb.csr"),
    ):
        public.write_bytes(OfficerKey.generate().public_pem())
        own.write_text(f"352010000001{nth}")
        focal = ("--number", f"PB-{nth}", "--public-key-file", str(public), "--own-number-file", str(own))
        assert say("agency", "focal-person", "add", agency, *focal)[0] == 0
        assert needs in say("agency", "show", agency)[1]


def test_the_status_of_one_agency_stands_under_its_headings(say: Say) -> None:
    code, said = say("status", "--agency", "npb")
    assert code == 0
    heading, line = said.splitlines()[:2]
    assert heading.index("last call") == line.index("never")
    assert "1 agency." in said


def test_a_place_that_is_no_code_is_told_how_to_find_one(say: Say) -> None:
    named = ("--kind", "police", "--name-en", "Lahore Police", "--name-ur", "لاہور پولیس")
    code, said = say("agency", "add", "lahore-police", *named, "--jurisdiction", "Lahore")
    assert code == EXPECTED
    assert "`nsor places NAME`" in said


def test_a_missing_file_of_a_passphrase_is_called_so(say: Say, tmp_path: Path) -> None:
    # It isn't the keyring that is missing; and somebody may have typed the passphrase itself.
    code, said = say("keys", "backup", str(tmp_path / "copy"), "--passphrase", "correct horse")
    assert code == EXPECTED
    assert "the passphrase's file doesn't exist" in said
    assert "horse" not in said


def test_a_malformed_support_code_is_told(say: Say) -> None:
    code, said = say("traces", "--code", "abcd")
    assert code == EXPECTED
    assert "or a support code" in said


def test_status_says_who_called_who_was_refused_and_whose_certificate_ends(say: Say, tmp_path: Path) -> None:
    ends = ("ab12", "punjab-police", 300), ("ab13", "sindh-police", 5), ("ab14", "npb", -1), ("ab15", "sindh-police", 3)
    assert say("pki", "import", str(an_index(tmp_path, *ends)))[0] == 0
    refused = leaf_pb2.OUTCOME_REFUSED
    append(
        an_entry("punjab-police", leaf_pb2.OUTCOME_ALLOWED),
        *(an_entry("sindh-police", refused) for _ in range(3)),
        an_entry("", refused),
    )
    lines = {line["agency_id"]: line for line in map(json.loads, say("status", "--json")[1].splitlines())}
    assert (lines["punjab-police"]["refused_last_hour"], lines["sindh-police"]["refused_last_hour"]) == (0, 3)
    assert lines["punjab-police"]["last_call"] is not None
    assert lines["npb"]["last_call"] is None
    assert lines["sindh-police"]["certificate"] == f"{in_pakistan(5)} (soon)"
    assert lines["npb"]["certificate"] == f"over {in_pakistan(-1)}"
    assert lines["fia-immigration"]["certificate"] == "none imported"
    assert {line["streams"] for line in lines.values()} == {None}  # only a running server knows
    say("agency", "add", LONGEST, "--kind", "POLICE", "--name-en", "A", "--name-ur", "پولیس", "--jurisdiction", "PK-PB")
    code, said = say("status")
    assert code == 0
    for agency_id in (*lines, LONGEST):
        assert agency_id in said  # never cut
    assert max(len(line.rstrip()) for line in said.splitlines()) <= 80
    assert "1 more of no known agency." in said
    assert "NSOR_METRICS_LISTEN" in said


def test_status_names_certificates_that_the_register_does_not_know(say: Say, tmp_path: Path) -> None:
    # An agency that hears CERTIFICATE_NOT_ACTIVE has been issued one that nobody imported.
    assert say("pki", "import", str(an_index(tmp_path, ("ab12", "npb", 300))))[0] == 0
    path = an_index(tmp_path, ("ab12", "npb", 300), ("ab15", "npb", 300), ("ab16", "punjab-police", -1))
    code, said = say("status", "--index", str(path))
    assert code == 0
    assert "Not imported for npb: ab15" in said.splitlines()
    assert "ab16" not in said
    assert f"nsor-server pki import {path}" in said.replace("\n", "").replace("  ", "")


def test_status_says_whether_the_ledger_proves_its_agencies_and_certificates(
    say: Say, state_dir: Path, tmp_path: Path, database: Database
) -> None:
    # Whoever owns the database could show an operator certificates for as long as he likes.
    assert say("pki", "import", str(an_index(tmp_path, ("ab12", "npb", 300))))[0] == 0

    def proved() -> set[bool]:
        return {json.loads(line)["proved"] for line in say("status", "--json")[1].splitlines()}

    by_tables = "Agencies and certificates are as the tables say; whoever owns the database can"
    assert by_tables in say("status")[1].splitlines()
    assert "To prove them: nsor-server check" in say("status")[1]
    assert proved() == {False}
    keyring, origin = keyrings.load(config.load(os.environ).keys), config.load(os.environ).ledger_origin
    (state_dir / "ledger.key").write_text(keyring.verifier_key(origin) + "\n")
    lines = say("status")[1].splitlines()
    assert "Agencies and certificates are those that the ledger proves." in lines
    assert by_tables not in lines
    assert proved() == {True}
    assert in_pakistan(300) in say("status", "--agency", "npb")[1]
    with database.owner() as owner:
        owner.execute("UPDATE certificate SET not_after = not_after + interval '9 days'")
    said = say("status")[1]
    assert "Wrong: what decides isn't what the ledger says:\n  the row of certificate that entry " in said
    assert "  nsor-server ledger verify" in said.splitlines()
    assert by_tables in said
    assert in_pakistan(309) in said  # what the tables say is shown, and called so
    assert proved() == {False}
    assert max(map(len, said.splitlines())) <= 80


def test_open_streams_come_from_the_running_servers_metrics(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, metrics = Limits(rate_per_second=9, in_flight=9, streams=9, streams_of_one=9, all_streams=9), Metrics()
    metrics.watch("nsor_streams", lambda: {(agency,): count for agency, count in limits.open_streams().items()})
    told = {"nsor_ledger_healthy": 1.0, "nsor_outside_copy_behind_seconds": 9.0}
    metrics.watch_one("nsor_ledger_healthy", lambda: told["nsor_ledger_healthy"])
    metrics.watch_one("nsor_outside_copy_behind_seconds", lambda: told["nsor_outside_copy_behind_seconds"])
    busy: Values = {("unary", "busy"): 3.0, ("unary", "all"): 24.0, ("stream", "busy"): 9.0}
    metrics.watch("nsor_threads", lambda: busy)
    metrics.watch("nsor_queue_length", lambda: {("writer",): 7.0, ("unary",): 1.0})
    metrics.watch("nsor_watch_age_seconds", lambda: {("duty-watch",): 5.0 if told["nsor_ledger_healthy"] else 660.0})
    held = [limits.stream("punjab-police") for _ in range(2)]
    server, thread = start_http_server(0, addr="127.0.0.1", registry=metrics.registry)
    try:
        monkeypatch.setenv("NSOR_METRICS_LISTEN", f"127.0.0.1:{server.server_port}")
        assert streams(say) == {"punjab-police": 2}
        held[0].release()
        assert streams(say) == {"punjab-police": 1}
        said = say("status")[1].splitlines()
        (line,) = [line for line in said if line.startswith("Server since 20")]
        assert line.endswith(" MB, 3 of 24 threads busy, 7 calls waiting.")
        assert "Nothing is wrong with it." in said
        told["nsor_ledger_healthy"], told["nsor_outside_copy_behind_seconds"] = 0.0, 11.0
        for code in Alert:
            alert(code, "of a test")
        said = say("status")[1].splitlines()
        assert "Wrong: it can't record accesses, and answers nothing." in said
        assert "Wrong: the outside copy isn't written." in said
        assert "Wrong: duty-watch has ended no round for 11 minutes." in said
        assert "Nothing is wrong with it." not in said
        assert f"  {Alert.DIRECTORY_CONTRADICTED}: " in "\n".join(said)
        long = [line for line in said if len(line) > 80]
        assert long == []
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=20)
    assert "Open streams and the server's health: not known" in say("status")[1]


def test_the_running_server_is_asked_whoever_started_it(say: Say) -> None:
    # `make serve` takes a free port for its metrics, and another terminal's `status` said that they were off.
    metrics = Metrics()
    metrics.watch("nsor_streams", lambda: {("npb",): 4.0})
    server, thread = start_http_server(0, addr="127.0.0.1", registry=metrics.registry)
    try:
        here = config.load(os.environ)
        started = dataclasses.replace(here, metrics_listen=f"127.0.0.1:{server.server_port}")
        with running.announced(started, "127.0.0.1:7444"):
            assert streams(say) == {"npb": 4}
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=20)
    assert "it needs NSOR_METRICS_LISTEN" in say("status")[1]


def streams(say: Say) -> dict[str, int]:
    """Agencies with open streams."""
    lines = map(json.loads, say("status", "--json")[1].splitlines())
    return {line["agency_id"]: line["streams"] for line in lines if line["streams"]}


def test_refusals_are_counted_by_agency_and_officer(say: Say) -> None:
    refused, one, two = leaf_pb2.OUTCOME_REFUSED, b"1" * 32, b"2" * 32
    append(
        *(an_entry("punjab-police", refused, one) for _ in range(5)),
        *(an_entry("punjab-police", refused, two) for _ in range(2)),
        *(an_entry("", refused) for _ in range(3)),
        an_entry("npb", leaf_pb2.OUTCOME_FAILED),
        an_entry("npb", leaf_pb2.OUTCOME_ALLOWED),
    )
    lines = [json.loads(line) for line in say("refusals", "--since", "1h", "--json")[1].splitlines()]
    assert [(line["agency_id"], line["count"]) for line in lines] == [
        ("punjab-police", 5),
        ("", 3),
        ("punjab-police", 2),
        ("npb", 1),
    ]
    assert len({line["officer_code"] for line in lines if line["agency_id"] == "punjab-police"}) == 2
    assert {line["officer_code"] for line in lines if line["agency_id"] != "punjab-police"} == {""}
    assert lines[-1]["reason"] == "failed"
    code, said = say("refusals", "--top", "1")
    assert (code, "1 of 4 lines, 11 calls" in said, "(not known)" in said) == (0, True, False)
    assert max(len(line.rstrip()) for line in said.splitlines()) <= 80
    assert len(say("refusals", "--agency", "npb", "--json")[1].splitlines()) == 1
    assert say("refusals", "--agency", "sindh-police") == (0, "No call was refused in that time.\n")
    for wrong in ("1", "h", "0h", "1w"):
        assert say("refusals", "--since", wrong)[0] == EXPECTED


def test_why_calls_were_refused_comes_from_their_spans(say: Say, state_dir: Path) -> None:
    # An honest import's refusals don't bury somebody who tries: agencies stand apart, each with its reasons.
    say("agency", "add", LONGEST, "--kind", "POLICE", "--name-en", "A", "--name-ur", "پولیس", "--jurisdiction", "PK-PB")
    officer = b"1" * 32
    entries = [an_entry(LONGEST, leaf_pb2.OUTCOME_REFUSED, officer) for _ in range(3)]
    imports = [an_entry("punjab-police", leaf_pb2.OUTCOME_REFUSED) for _ in range(9)]
    append(*entries, *imports)
    tracing = Tracing([SimpleSpanProcessor(SpanStore(state_dir))], host="127.0.0.1")
    for each in entries:
        span = tracing.call(each.method, None)
        span.describe(agency=LONGEST, purpose="", outcome="REFUSED", access_id=str(uuid.UUID(bytes=each.access_id)))
        span.end("PERMISSION_DENIED", "GRANT_NOT_VALID")
    code, said = say("refusals")
    lines = said.splitlines()
    assert (code, lines[0]) == (0, "punjab-police  9")
    at = lines.index(f"{LONGEST}  3")
    count, label, *rest = lines[at + 1].split()
    assert (count, len(label), rest) == ("3", 8, ["LookUpRegistration", "GRANT_NOT_VALID"])
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "Next: nsor-server traces --refused --agency punjab-police"


def test_without_a_decision_nothing_is_erased(say: Say) -> None:
    code, said = say("erase", "--yes")
    assert (code, said) == (0, "There is nothing to erase, and nothing whose backups have expired.\n")


def test_two_signed_files_seal_the_register_and_status_says_so(say: Say, tmp_path: Path) -> None:
    settings = config.load(os.environ)
    keys, files = [OfficerKey.generate() for _ in range(2)], [tmp_path / "first", tmp_path / "second"]
    with attached(settings) as database, database.owner() as owner:
        ((origin,),) = owner.execute("SELECT origin FROM ledger_head").fetchall()
        keyring = keyrings.load(settings.keys)
        for nth, key in enumerate(keys):
            owner.execute(
                "INSERT INTO officer (key_id, agency_id, officer_number, public_key, jurisdiction, grade, access_id,"
                " kind, decides, own_number, own_key_id, enrolled_by)"
                " VALUES (%s, 'npb', %s, %s, '{}', 17, gen_random_uuid(), 1, true, %s, %s, sha256(''))",
                (key.key_id, f"SEALS-{nth}", key.public_key, os.urandom(32), deciding.own_key(keyring)),
            )
        deciding.record(owner, keyring, origin)
    statement = Statement(origin, uuid.uuid4().bytes, register_seal_pb2.REGISTER_SEAL_REASON_INTRUSION)
    for file, key in zip(files, keys, strict=True):
        file.write_bytes(SignedStatement.signed(statement, key, time.time_ns() // 1000).encode())
    code, said = say("seal", "--signed", str(files[0]), "--signed", str(files[0]))
    assert (code, "of one person" in said) == (EXPECTED, True)
    assert not say("status")[1].startswith("SEALED")
    code, said = say("seal", *(each for file in files for each in ("--signed", str(file))))
    assert (code, f"seal {uuid.UUID(bytes=statement.seal_id)}" in said) == (0, True)
    assert say("status")[1].startswith("SEALED since ")
