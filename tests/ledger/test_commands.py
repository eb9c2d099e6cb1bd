"""`nsor-server ledger` as an operator runs it."""

import dataclasses
import json
import os
import re
import time
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from nsor.ledger import cosignature, note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.cosigned import CosignedFile
from nsor.ledger.handover import HandedOver
from nsor.ledger.merkle import EMPTY_ROOT
from nsor.ledger.v1 import leaf_pb2
from nsor_server import config
from nsor_server.commands import verify
from nsor_server.ledger import outside
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.outside import OutsideCopy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.keyring import write_private as write_keys
from nsor_server.storage.pool import Database
from nsor_server.tracing import store
from nsor_server.tracing.attributes import Value
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.report import Report
from nsor_server.verification.tree import Tree
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.lost_standby import until
from tests.ledger.test_outside import forget
from tests.operating import operated


class Operator:
    """Runs the command with settings of its own."""

    def __init__(self, database: Database, keyring: Keyring, folder: Path) -> None:
        self.folder, self.keyring = folder, keyring
        write_keys(folder / "keys.json", keyring.to_bytes(), replace=False)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NSOR_")},
            "NSOR_DATABASE_URL": url(database.url_server),
            "NSOR_DATABASE_OWNER_URL": url(database.url_owner or ""),
            "NSOR_KEYS": str(folder / "keys.json"),
            "NSOR_STATE_DIR": str(folder),
            "NSOR_CHECKPOINT_FILE": str(folder / "checkpoints"),
        }

    def settings(self) -> config.Settings:
        """The register's."""
        return config.load(self.environment)

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        return self.do("ledger", *arguments, typed=typed)

    def do(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Any command."""
        done = operated(self.environment, *arguments, stdin=typed)
        return done.returncode, done.stdout + done.stderr


def url(conninfo: str) -> str:
    settings = conninfo_to_dict(conninfo)
    where = f"host={settings['host']}&port={settings.get('port', 5432)}"
    return f"postgresql://{settings['user']}@/{settings['dbname']}?{where}"


def span(access_id: uuid.UUID, status: str = "OK") -> str:
    """A look-up's span as a line of the local store; it began a second ago and ends in two minutes."""
    method = "nsor.v1.LookupService/LookUpRegistration"
    start = time.time_ns() - 10**9
    attributes: dict[str, Value] = {
        "nsor.access_id": str(access_id),
        "rpc.method": method,
        "rpc.status_code": status,
    }
    stored = StoredSpan("0" * 32, "0" * 16, "", method, start, start + 120 * 10**9, False, attributes)  # noqa: FBT003
    return json.dumps(dataclasses.asdict(stored)) + "\n"


@pytest.fixture
def operator(database: Database, keyring: Keyring, tmp_path: Path) -> Operator:
    return Operator(database, keyring, tmp_path)


def test_a_whole_ledger_exits_0(operator: Operator, write: Write) -> None:
    # An operator sees that nothing is wrong, and over what.
    write(3)
    code, output = operator.run("verify")
    assert code == 0, output
    assert "whole 3 entries" in output


def test_a_broken_ledger_exits_1_and_names_the_index(operator: Operator, write: Write, database: Database) -> None:
    # A program can branch on it, and a person knows where to look.
    write(8)
    with database.owner() as conn:
        conn.execute("DELETE FROM ledger_detail WHERE index = 5")
    code, output = operator.run("verify")
    assert code == 1
    assert "first bad index 5: the sealed detail is missing" in output


def test_a_changed_schema_is_broken(operator: Operator, write: Write, database: Database) -> None:
    # Every row may be in order, and the server shown others.
    write(2)
    with database.owner() as conn:
        conn.execute("CREATE RULE hides AS ON INSERT TO officer_disabled DO INSTEAD NOTHING")
    code, output = operator.run("verify")
    assert code == 1
    assert "the schema isn't what the migrations make: unexpected: rule | officer_disabled" in output


def test_a_copy_that_is_gone_is_broken_until_a_new_one_is_begun(operator: Operator, write: Write) -> None:
    write(2)
    assert operator.run("verify")[0] == 0
    (operator.folder / "checkpoints.begun").touch()
    code, output = operator.run("verify")
    assert code == 1
    assert "there is no outside copy to compare, and there was one" in output
    code, output = operator.run("new-copy", "--yes")
    assert code == 0, output
    code, output = operator.run("verify")
    assert code == 0, output
    # The command's own twice: from the database, and as it was committed.
    assert "3 checkpoints were compared with the outside copy" in output
    code, output = operator.run("new-copy", "--yes")
    assert code == 2
    assert "never replaced" in output


@pytest.mark.parametrize("content", [b"", b"# Read me\n\nNothing of a ledger.\n\n", b'{"keys": []}\n'])
def test_a_file_that_is_no_copy_of_this_ledger_is_broken(operator: Operator, write: Write, content: bytes) -> None:
    # "whole" after a comparison with nothing is what whoever has taken the copy away wants to be read.
    write(2)
    path = operator.folder / "other"
    path.write_bytes(content)
    code, output = operator.run("verify", "--copy", str(path))
    assert code == 1
    assert "other holds no checkpoint of this ledger" in output


def test_a_copy_that_ends_early_says_where(operator: Operator, write: Write) -> None:
    # It may be that of one process among several: no finding, and not passed over.
    (operator.folder / "early").write_bytes(write(2).receipts[-1].checkpoint + b"\n")
    write(3)
    code, output = operator.run("verify", "--copy", str(operator.folder / "early"))
    assert code == 0, output
    assert "1 checkpoint was compared with the outside copy, up to 2 entries; the ledger has 5" in output


def test_checkpoint_and_key_fit(operator: Operator, write: Write) -> None:
    # What anybody needs to check the ledger comes from two commands.
    write(2)
    key = operator.run("log-key")[1].strip()
    signed = operator.run("checkpoint")[1]
    assert note.verify(signed.encode(), note.Verifier.parse(key)).size == 2


def test_no_checkpoint_before_the_first_call(operator: Operator) -> None:
    # An empty ledger is said to be one, in a line.
    code, output = operator.run("checkpoint")
    assert code == 2
    assert output.count("\n") == 1


def test_new_epoch(operator: Operator, write: Write, database: Database) -> None:
    # After a loss: nothing verifies until the epoch is opened, then all does.
    appended = write(4)
    copy = OutsideCopy(operator.folder / "checkpoints", lambda _size, _most: [], size=0)
    copy.put(4, appended.receipts[0].checkpoint)
    copy.close()
    code, output = operator.run("new-epoch")
    assert code == 2
    assert "nothing was lost" in output
    assert "given up" not in output
    with database.owner() as conn:
        for table in ("ledger_entry", "ledger_detail", "ledger_checkpoint"):
            conn.execute(f"DELETE FROM {table}")  # noqa: S608
        conn.execute("UPDATE ledger_head SET size = 0, frontier = '', origin = '', root = %s", (EMPTY_ROOT,))
    code, output = operator.run("verify")
    assert code == 1
    assert "knows 4 entries" in output
    # Nobody gives up entries without having read how many.
    code, output = operator.run("new-epoch", typed="y\n")
    assert code == 2
    assert "knows 4 entries" in output
    assert "4 are given up for ever" in output
    code, output = operator.run("new-epoch", typed="4\n")
    assert code == 0, output
    assert f"opened {ORIGIN}/2 at entry 0" in output
    code, output = operator.run("verify")
    assert code == 0, output
    assert f"{ORIGIN}/2+" in operator.run("log-key")[1]


def test_a_new_epoch_waits_for_its_witness(
    operator: Operator, write: Write, database: Database, ledger: Ledger
) -> None:
    # From the loss to a register that may serve, by commands and files alone; `check` and `serve` say what is missing.
    folder, witness = operator.folder, WitnessKey.generate("witness.example/committee")
    (folder / "witnesses").write_text(witness.verifier.text() + "\n")
    operator.environment["NSOR_WITNESSES"] = str(folder / "witnesses")
    signed = [write(2).receipts[-1].checkpoint, write(2).receipts[-1].checkpoint]
    (folder / "checkpoints").write_bytes(b"".join(each + b"\n" for each in signed))
    with CosignedFile.open(folder / "cosigned") as file:
        file.append(cosignature.cosign(signed[0], witness, 4_000_000_000))
    forget(database, ledger, 2)
    code, output = operator.run("new-epoch", "--yes")
    assert code == 0, output
    assert f"not served before {witness.verifier.name} has co-signed it" in output
    code, output = operator.run("verify")
    assert code == 1
    assert f"begins at entry 2: {witness.verifier.name} hasn't co-signed" in output
    assert operator.run("opening", str(folder / "opening"), "--cosigned", str(folder / "cosigned"))[0] == 0
    assert operator.run("opening", str(folder / "opening"))[0] == 2
    handed = HandedOver.parse((folder / "opening").read_bytes())
    assert list(handed.proofs) == [2]
    with CosignedFile.open(folder / "cosigned") as file:
        file.append(cosignature.cosign(handed.opening.checkpoint, witness, 4_000_000_001))
    code, output = operator.run("add-cosignatures", str(folder / "cosigned"))
    assert code == 0, output
    code, output = operator.run(
        "verify", "--cosigned", str(folder / "cosigned"), "--witness", str(folder / "witnesses")
    )
    assert code == 0, output
    del operator.environment["NSOR_WITNESSES"]
    assert "no witness counts here" in operator.run("add-cosignatures", str(folder / "cosigned"))[1]


@pytest.mark.parametrize("content", ["", "nsor.gov.pk/ledger", "a+b+c"])
def test_a_file_of_witnesses_that_names_none_is_refused(operator: Operator, write: Write, content: str) -> None:
    # Otherwise whoever empties it switches them off.
    write(1)
    (operator.folder / "witnesses").write_text(content)
    operator.environment["NSOR_WITNESSES"] = str(operator.folder / "witnesses")
    assert operator.run("verify")[0] == 2


def test_a_register_that_serves_meanwhile_has_lost_nothing(
    operator: Operator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Entries, the copy and spans grow behind the snapshot that is verified: none of it is a finding.
    copy = OutsideCopy(operator.folder / "checkpoints", lambda _size, _most: [], size=0)
    exporter = store.SpanStore(operator.folder)

    def served(count: int) -> None:
        receipt = write(count).receipts[-1]
        copy.put(receipt.index + 1, receipt.checkpoint)
        access_id = leaf_pb2.Leaf.FromString(receipt.leaf).access_id
        exporter._append(span(uuid.UUID(bytes=access_id)).encode())

    walk = Tree.run

    def run(self: Tree) -> Report:
        report = walk(self)
        served(4)
        copy.close()
        return report

    served(3)
    until(lambda: outside.extent(operator.folder / "checkpoints") > 0)
    monkeypatch.setattr(Tree, "run", run)
    for name, value in operator.environment.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(verify.ledger, ["verify", "--spans"])
    assert done.exit_code == 0, done.output
    assert "whole 3 entries" in done.output
    assert len(list(outside.read_all(operator.folder / "checkpoints", 1 << 20))) == 2


def test_spans_that_were_not_kept_are_not_compared(operator: Operator, write: Write) -> None:
    # "0 of 0 have their entry" would read as if all were well.
    write(2)
    code, output = operator.run("verify", "--spans")
    assert code == 1
    assert "the spans were not compared" in output


def test_spans_are_reconciled(operator: Operator, write: Write, database: Database) -> None:
    # An answer that has a span and no entry is found; a span that was lost is only remarked on.
    write(2)
    with database.transaction() as conn:
        rows = conn.execute("SELECT access_id FROM ledger_entry ORDER BY index").fetchall()
    exporter = store.SpanStore(operator.folder)
    exporter._append(span(rows[0][0]).encode())
    exporter._append(span(uuid.uuid4(), "UNAVAILABLE").encode())
    code, output = operator.run("verify", "--spans")
    assert code == 0, output
    assert re.search(r"1 span has an entry; 1 entry of that time no span", output)
    stranger = uuid.uuid4()
    exporter._append(span(stranger).encode())
    code, output = operator.run("verify", "--spans")
    assert code == 1
    assert f"the call {stranger} was answered" in output


@pytest.mark.parametrize("beyond", [0, 1])
def test_spans_of_calls_whose_loss_was_owned_up_to_are_no_finding(
    operator: Operator, write: Write, database: Database, ledger: Ledger, beyond: int
) -> None:
    # After a restore and a new epoch the register is sound again; but no epoch excuses more than it owns up to.
    kept, lost = write(2).receipts, write(2).receipts
    checkpoints = [each[-1].checkpoint for each in (kept, lost)]
    (operator.folder / "checkpoints").write_bytes(b"".join(each + b"\n" for each in checkpoints))
    exporter = store.SpanStore(operator.folder)
    answered = [uuid.UUID(bytes=leaf_pb2.Leaf.FromString(each.leaf).access_id) for each in (*kept, *lost)]
    for access_id in (*answered, *(uuid.uuid4() for _ in range(beyond))):
        exporter._append(span(access_id).encode())
    forget(database, ledger, 2)
    assert operator.run("new-epoch", "--yes")[0] == 0
    code, output = operator.run("verify", "--spans")
    assert code == beyond, output
    assert "2 spans are of calls whose loss a new epoch has owned up to" in output
    assert output.count("was answered, by its span, and has no entry") == beyond


def test_no_text_of_a_finding_is_taken_for_marks(capsys: pytest.CaptureFixture[str]) -> None:
    # Whoever owns the database names tables and witnesses, which findings and remarks name.
    report = Report(remarks=["the table [/x] is new"])
    report.add(-1, "rows of [red]a[/] are others")
    report.add(-1, "rows of [link=b] are others")
    verify._show(report)
    said = capsys.readouterr().out
    assert [each in said for each in ("[/x] is new", "of [red]a[/] are", "of [link=b] are")] == [True] * 3
