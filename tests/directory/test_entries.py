"""Agencies as operators enter them: checked, all or none, on the record, and from the next call on."""

import functools
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from certs import focal_persons
from nsor.ledger.v1 import leaf_pb2
from nsor.officer import OfficerKey
from nsor.v1 import options_pb2, types_pb2
from nsor_server.__main__ import EXPECTED, run
from nsor_server.access import directory
from nsor_server.calls import Agency
from nsor_server.directory import agencies, entries
from nsor_server.ledger import directory_proof
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.policy.places import Places
from nsor_server.storage.clock import Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import policies

EXAMPLES = Path(__file__).parents[2] / "certs" / "agencies.toml"
PLACES = Places.load()
POLICE = Agency(
    "punjab-police",
    options_pb2.AGENCY_KIND_POLICE,
    ("PK-PB",),
    enabled=True,
    name_en="Punjab Police",
    name_ur="پنجاب پولیس",
)


def add(database: Database, keyring: Keyring, *wanted: Agency) -> list[str]:
    with database.owner() as owner:
        return [agency.agency_id for agency in entries.add(owner, keyring, wanted)]


def disable(database: Database, keyring: Keyring, agency_id: str) -> bool:
    with database.owner() as owner:
        return entries.disable(owner, keyring, agency_id)


def state(database: Database) -> tuple[object, ...]:
    """Agencies, and the ledger's size, and the directory's version."""
    with database.owner() as owner:
        query = "SELECT (SELECT count(*) FROM agency), size, directory_version FROM ledger_head"
        (found,) = owner.execute(query).fetchall()
    return tuple(found)


def test_every_example_agency_is_added_in_one_entry_and_again_in_none(database: Database, keyring: Keyring) -> None:
    examples = entries.read(EXAMPLES, PLACES)
    assert add(database, keyring, *examples) == [agency.agency_id for agency in examples]
    assert state(database) == (len(examples), 1, 1)
    assert add(database, keyring, *examples) == []
    assert state(database) == (len(examples), 1, 1)
    with database.transaction() as conn:
        found = agencies.page(conn, after="", limit=500)
    assert found == sorted(examples, key=lambda agency: agency.agency_id)


def test_the_entry_says_which_command_it_was(database: Database, keyring: Keyring) -> None:
    add(database, keyring, POLICE)
    disable(database, keyring, POLICE.agency_id)
    with database.owner() as owner:
        leaves = owner.execute("SELECT leaf FROM ledger_entry ORDER BY index").fetchall()
    methods = [leaf_pb2.Leaf.FromString(leaf).method for (leaf,) in leaves]
    assert methods == ["nsor-server/agency.add", "nsor-server/agency.disable"]


def test_an_agency_that_is_there_with_other_facts_refuses_all(database: Database, keyring: Keyring) -> None:
    # A jurisdiction isn't widened by adding the agency again.
    add(database, keyring, POLICE)
    before = state(database)
    with pytest.raises(entries.AgencyError, match="other facts"):
        add(database, keyring, replace(POLICE, agency_id="another"), replace(POLICE, jurisdiction=("PK",)))
    assert state(database) == before


def test_a_disabled_agency_stays_so(database: Database, keyring: Keyring) -> None:
    # Setting up again doesn't let somebody in who was shut out.
    add(database, keyring, POLICE)
    assert disable(database, keyring, POLICE.agency_id)
    before = state(database)
    assert before == (1, 2, 2)
    assert not disable(database, keyring, POLICE.agency_id)
    assert add(database, keyring, POLICE) == []
    assert state(database) == before
    with database.transaction() as conn:
        assert agencies.find(conn, POLICE.agency_id) == replace(POLICE, enabled=False)


def test_no_agency_is_disabled_by_a_wrong_id(database: Database, keyring: Keyring) -> None:
    with pytest.raises(entries.AgencyError):
        disable(database, keyring, "no-such-agency")


@pytest.mark.parametrize(
    "wrong",
    [
        {"agency_id": "Punjab"},
        {"agency_id": "punjab police"},
        {"kind": "ARMY"},
        {"kind": "UNSPECIFIED"},
        {"name_en": " "},
        {"name_ur": ""},
        {"jurisdiction": []},
        {"jurisdiction": ["PK-XX"]},
        {"jurisdiction": ["PK-PB", "PK-PB"]},
        {"court_kinds": ["SPECIAL_COURT"]},
        {"kind": "COURT"},
        {"kind": "COURT", "court_kinds": ["UNSPECIFIED"]},
        {"kind": "COURT", "court_kinds": ["SPECIAL_COURT", "TRAFFIC_COURT"]},
        {"kind": "COURT", "court_kinds": ["SPECIAL_COURT", "SPECIAL_COURT"]},
    ],
)
def test_wrong_facts_are_refused(wrong: dict[str, object]) -> None:
    facts: dict[str, object] = {
        "agency_id": "punjab-police",
        "kind": "POLICE",
        "name_en": "Punjab Police",
        "name_ur": "پنجاب پولیس",
        "jurisdiction": ["PK-PB"],
    }
    entries.checked(PLACES, **facts)  # type: ignore[arg-type]
    with pytest.raises(entries.AgencyError):
        entries.checked(PLACES, **{**facts, **wrong})  # type: ignore[arg-type]


def test_a_court_is_of_its_kinds_and_of_no_other(database: Database, keyring: Keyring) -> None:
    # By its kinds a trial court is told from an appellate one, here and in the snapshot that calls are judged by.
    court = entries.checked(
        PLACES,
        agency_id="a-high-court",
        kind="COURT",
        name_en="A",
        name_ur="الف",
        jurisdiction=["PK-PB"],
        court_kinds=["HIGH_COURT", "SPECIAL_COURT"],
    )
    assert court.court_kinds == (types_pb2.COURT_KIND_HIGH_COURT, types_pb2.COURT_KIND_SPECIAL_COURT)
    add(database, keyring, court, POLICE)
    policies.enter(database, keyring)
    with database.transaction() as conn:
        assert agencies.find(conn, court.agency_id) == court
        known = directory.read(
            conn, functools.partial(directory_proof.prove, keys=LogKeys.of(keyring)), Clock()
        ).agencies
    assert known == {court.agency_id: court, POLICE.agency_id: POLICE}
    with pytest.raises(entries.AgencyError, match="other facts"):
        add(database, keyring, replace(court, court_kinds=court.court_kinds[:1]))


@pytest.mark.parametrize("kind", ["COURT", "POLICE"])
def test_wrong_kinds_of_court_are_said_so(kind: str) -> None:
    facts = {"agency_id": "an-agency", "kind": kind, "name_en": "A", "name_ur": "الف"}
    wrong = [] if kind == "COURT" else ["HIGH_COURT"]
    with pytest.raises(entries.AgencyError, match=r"kinds of court"):
        entries.checked(PLACES, **facts, jurisdiction=["PK"], court_kinds=wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agency = 3",
        "[[agency]]\nid = 'a-police'",
        "[[agency]]\nid = 'a-police'\nkind = 'POLICE'\nname = 'A'\njurisdiction = ['PK']",
        "[[agency]]\nid = 'a-court'\nkind = 'COURT'\nname = {en = 'A', ur = 'A'}\njurisdiction = []\ncourt_kinds = 3",
        "[[agency]",
    ],
)
def test_a_file_of_another_form_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "agencies.toml"
    path.write_text(text)
    with pytest.raises(entries.AgencyError) as refusal:
        entries.read(path, PLACES)
    assert "\n" not in str(refusal.value)


def test_the_server_can_neither_add_nor_enable_an_agency(database: Database, keyring: Keyring) -> None:
    # Whoever takes over the server must not be able to admit a caller.
    add(database, keyring, POLICE)
    for statement in (
        "UPDATE agency SET kind = 5",
        "INSERT INTO agency_state VALUES ('punjab-police', 9, true)",
        "UPDATE agency_state SET enabled = true",
        "DELETE FROM agency_state",
        "DELETE FROM agency",
        "INSERT INTO agency SELECT * FROM agency",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction() as conn:
            conn.execute(statement.encode())


Say = Callable[..., tuple[int, str]]


@pytest.fixture
def nsor_server(state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run `nsor-server` on a fresh embedded database; gives its exit code and what it said."""
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NSOR_STATE_DIR", str(state_dir))
    monkeypatch.setenv("COLUMNS", "300")

    def say(*arguments: str) -> tuple[int, str]:
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out + said.err

    assert say("migrate")[0] == say("keys", "create")[0] == 0
    return say


def test_an_operator_adds_lists_and_disables(nsor_server: Say) -> None:
    examples = len(entries.read(EXAMPLES, PLACES))
    assert nsor_server("agency", "add", "--file", str(EXAMPLES)) == (0, f"{examples} added, 0 there already.\n")
    options = ["--kind", "police", "--name-en", "Lahore", "--name-ur", "لاہور", "--jurisdiction", "PK-PB/LHR"]
    assert nsor_server("agency", "add", "lahore-police", *options) == (0, "1 added, 0 there already.\n")
    court = ["--kind", "COURT", "--name-en", "C", "--name-ur", "عدالت", "--jurisdiction", "PK-PB"]
    code, said = nsor_server("agency", "add", "a-court", *court)
    assert code == EXPECTED
    assert "HIGH_COURT" in said
    kinds = ["--court-kind", "high_court", "--court-kind", "SPECIAL_COURT"]
    assert nsor_server("agency", "add", "a-court", *court, *kinds) == (0, "1 added, 0 there already.\n")
    code, said = nsor_server("agency", "disable", "lahore-police", "--again", "lahore-police")
    assert (code, said.splitlines()[0]) == (0, "lahore-police is disabled.")
    code, said = nsor_server("agency", "list", "--json")
    listed = {line["agency_id"]: line for line in map(json.loads, said.splitlines())}
    assert code == 0
    assert len(listed) == examples + 2
    assert listed["a-court"]["court_kinds"] == ["HIGH_COURT", "SPECIAL_COURT"]
    assert listed["lahore-police"] == {
        "agency_id": "lahore-police",
        "kind": "POLICE",
        "name_en": "Lahore",
        "name_ur": "لاہور",
        "jurisdiction": ["PK-PB/LHR"],
        "court_kinds": [],
        "enabled": False,
    }
    table = nsor_server("agency", "list")[1]
    assert "disabled" in table
    assert "HIGH_COURT" in table


def test_an_operator_enters_lists_and_disables_focal_persons(nsor_server: Say, tmp_path: Path) -> None:
    nsor_server("agency", "add", "--file", str(EXAMPLES))
    key = OfficerKey.generate()
    public = tmp_path / "focal.pub"
    public.write_bytes(key.public_pem())
    (tmp_path / "own").write_text("35201-7654321-1\n")
    own = ("--own-number-file", str(tmp_path / "own"))
    one = ("npb", "--number", "F-1", "--public-key-file", str(public), *own)
    code, said = nsor_server("agency", "focal-person", "add", *one)
    # The id is what the focal person reads out, by telephone, of what made the key.
    assert (code, said) == (0, f"F-1 of npb, key {key.key_id.hex()}\n1 added, 0 there already.\n")
    assert nsor_server("agency", "focal-person", "add", *one) == (0, "0 added, 1 there already.\n")
    focal_persons.create(tmp_path, EXAMPLES)
    code, said = nsor_server("agency", "focal-person", "add", "--file", str(tmp_path / focal_persons.LIST))
    assert code == 0
    disable = ("agency", "focal-person", "disable", "npb", "--number", "f-1")
    assert nsor_server(*disable)[0] == EXPECTED
    assert nsor_server(*disable, "--again", "f-1")[1] == "f-1 of npb is disabled.\n"
    code, said = nsor_server("agency", "focal-person", "list", "npb", "--json")
    states = {row["number"]: row["disabled_at"] is None for row in map(json.loads, said.splitlines())}
    assert states == {"F-1": False, "FOCAL-1": True, "FOCAL-2": True}
    assert "disabled 2" in nsor_server("agency", "focal-person", "list")[1]
    for arguments in (
        ["add", "npb"],
        ["add", *one, "--file", str(public)],
        ["disable", "npb", "--number", "F-9", "--again", "F-9"],
    ):
        code, said = nsor_server("agency", "focal-person", *arguments)
        assert code != 0
        assert "Traceback" not in said


def test_a_wrong_use_says_what_to_do(nsor_server: Say) -> None:
    for arguments in (["add"], ["add", "--file", str(EXAMPLES), "--kind", "POLICE"], ["disable", "nobody"]):
        code, said = nsor_server("agency", *arguments)
        assert code == EXPECTED
        assert "Traceback" not in said
