"""`nsor-server policy`: it shows what is in force and what would change, and changes nothing itself."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from nsor_server import check, config
from nsor_server.__main__ import EXPECTED, run
from nsor_server.policy import documents, source
from nsor_server.storage.keyring import Keyring, write_private
from nsor_server.storage.pool import Database
from tests import policies
from tests.agencies import NPB
from tests.directory.test_policies import grants, propose
from tests.orders import Created, order
from tests.services import Services

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def nsor_server(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Say:
    """Run `nsor-server` on the test's database; gives its exit code and what it said."""
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    for name, conninfo in (("DATABASE_URL", database.url_server), ("DATABASE_OWNER_URL", database.url_owner or "")):
        parts = conninfo_to_dict(conninfo)
        host = quote(str(parts["host"]), safe="")
        url = f"postgresql:///{parts['dbname']}?host={host}&port={parts['port']}&user={parts['user']}"
        monkeypatch.setenv(f"NSOR_{name}", url)
    monkeypatch.setenv("NSOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")

    def say(*arguments: str) -> tuple[int, str]:
        code = run(("policy", *arguments))
        said = capsys.readouterr()
        return code, said.out + said.err

    return say


@pytest.fixture
def entered(database: Database, keyring: Keyring) -> None:
    policies.enter(database, keyring)


@pytest.mark.usefixtures("entered")
def test_it_shows_what_is_in_force(nsor_server: Say) -> None:
    code, said = nsor_server("show")
    assert code == 0
    for name in documents.KINDS:
        assert name in said
    assert "the register's first start" in said
    assert "0 proposals are open." in said
    code, said = nsor_server("show", "grants")
    assert (code, "uses_per_subject = 1" in said) == (0, True)


@pytest.mark.usefixtures("entered")
def test_it_shows_what_a_file_a_folder_or_the_settings_would_change(
    nsor_server: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nsor_server("diff") == (0, "Nothing would change.\n")
    folder = tmp_path / "policy"
    folder.mkdir()
    path = folder / "grants.toml"
    path.write_bytes(grants(4))
    monkeypatch.setenv("NSOR_POLICY_DIR", str(folder))
    for arguments in ((str(path),), (str(folder),), ()):
        code, said = nsor_server("diff", *arguments)
        assert (code, "~ document: uses_per_subject 1 -> 4" in said) == (0, True), said
        code, said = nsor_server("explain", *arguments)
        assert (code, "A new grant allows 4 look-ups of each suspect instead of 1." in said) == (0, True), said
        assert "It changes nothing until two officers of NPB decide" in said


@pytest.mark.usefixtures("entered")
@pytest.mark.parametrize(
    ("name", "toml", "words"),
    [
        ("grants.toml", grants(0), "grants.toml: "),
        ("grant.toml", grants(2), "is no document of the policy"),
        (
            "deadlines.toml",
            source.packaged("deadlines.toml")
            .read_bytes()
            .replace(
                b'days = 14\ncitation = "working value: no source for the life of a grant', b'days = 15\ncitation = "x'
            ),
            "it can't be adopted: deadlines: a row of grant-expiry that counts since ever was changed",
        ),
    ],
)
def test_what_could_not_be_adopted_is_said(
    nsor_server: Say, tmp_path: Path, name: str, toml: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(toml)
    code, said = nsor_server("diff", str(path))
    assert (code, words in said) == (EXPECTED, True), said


def test_it_shows_what_a_proposal_would_change(nsor_server: Say, services: Services) -> None:
    found = propose(services, grants(5))
    for wanted in (found.proposal_id, found.proposal_id[:8]):
        code, said = nsor_server("explain", "--proposal", wanted)
        assert (code, "5 look-ups of each suspect instead of 1" in said) == (0, True), said
        assert f"`nsor policy adopt {wanted}`" in said
    code, said = nsor_server("diff", "--proposal", "0" * 8)
    assert (code, "no such open proposal" in said) == (EXPECTED, True)


def otherwise(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.startswith("  registration ")]


def test_another_offence_table_lists_the_counts_that_it_would_judge_otherwise(
    nsor_server: Say, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever adopts it knows first whom it concerns; by ids and positions, on the record, and it changes none.
    monkeypatch.setattr("nsor_server.registration.rejudged.CHUNK", 2)
    write_private(tmp_path / "state" / "keys.json", services.keyring.to_bytes(), replace=False)
    of_rape = [services.create(order()) for _ in range(2)]
    with_attempt = order()
    with_attempt.convictions[0].counts.append(with_attempt.convictions[0].counts[0])
    with_attempt.convictions[0].counts[1].offence_code = "PPC-34"
    connected = services.create(with_attempt)
    modesty = order()
    modesty.convictions[0].counts[0].offence_code = "PECA-21"
    kept = services.create(modesty)

    def ids(created: Created) -> str:
        (conviction,) = services.get(created.registration_id, NPB).convictions
        return f"registration {created.registration_id}, conviction {conviction.conviction_id}"

    wanted = sorted([*(f"{ids(each)}: counts 1" for each in of_rape), f"{ids(connected)}: counts 1, 2"])
    before, entries = services.rows(), services.one("SELECT size FROM ledger_head")
    path = tmp_path / "offences.toml"
    toml = source.packaged("offences.toml").read_text(encoding="utf-8")
    head = 'code = "PPC-376"\ntitle = "Punishment for rape"\ns2h = true\nprincipal_in = ["II"]\n'
    assert head in toml
    path.write_text(toml.replace(head, head.replace('principal_in = ["II"]\n', "")), encoding="utf-8")
    code, said = nsor_server("explain", str(path))
    assert code == 0, said
    assert sorted(otherwise(said)) == wanted
    assert "4 counts of 3 of 4 registrations would be judged otherwise; they stay as they are." in said
    assert kept.registration_id not in said
    assert services.rows() == before | {table: count for table, count in services.rows().items() if "ledger" in table}
    assert services.one("SELECT size FROM ledger_head") == entries + 1
    # Sources alone judge nothing otherwise.
    path.write_text(toml.replace('citation = "Anti-Rape', 'citation = "The Anti-Rape'), encoding="utf-8")
    code, said = nsor_server("explain", str(path))
    assert (code, otherwise(said)) == (0, [])
    # What isn't of the offence table opens no record.
    (tmp_path / "grants.toml").write_bytes(grants(4))
    assert "judged otherwise" not in nsor_server("explain", str(tmp_path / "grants.toml"))[1]
    assert services.one("SELECT size FROM ledger_head") == entries + 2


def test_before_the_first_start_it_says_so(nsor_server: Say) -> None:
    code, said = nsor_server("show", "grants")
    assert (code, "the register has no policy for" in said) == (EXPECTED, True)


@pytest.mark.usefixtures("entered", "nsor_server")
def test_check_says_that_files_offer_another_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    def found() -> list[tuple[str, str]]:
        settings = config.load(os.environ)
        return [(finding.state, finding.text) for finding in check._policy(settings, database)]

    assert found() == [("ok", "version 1 is in force")]
    (tmp_path / "grants.toml").write_bytes(grants(4))
    monkeypatch.setenv("NSOR_POLICY_DIR", str(tmp_path))
    assert found()[1][0] == "warning"
    assert "differ from the policy in force (grants)" in found()[1][1]
    with database.owner() as owner:
        owner.execute("DELETE FROM policy_version")
    assert found() == [("warning", "none yet; the first start enters the files")]
