"""Codes that people find: by words in either script and by sections as they write them, offline, from one source."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nsor import cli
from nsor.codes import offences, places, source
from nsor_server.policy import codes
from nsor_server.policy import source as policy_source
from nsor_server.policy.holidays import WEEKEND, HolidaysFile
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places

if TYPE_CHECKING:
    from tests.client.conftest import Register

REPOSITORY = Path(__file__).resolve().parents[2]
Run = Callable[..., int]


def _codes(text: str) -> list[str]:
    return [offence.code for offence in offences.find(text).offences]


def _places(text: str) -> list[str]:
    return [place.code for place in places.find(text).places]


def test_the_packaged_codes_are_the_policys() -> None:
    # A client that finds other codes than the register takes sends its officers to a refusal.
    packaged = json.loads((REPOSITORY / "clients/python/nsor/codes/codes.json").read_text(encoding="utf-8"))
    assert packaged == codes.codes()
    known, table = Places.load(), OffenceTable.load()
    assert all(known.exists(place.code) for place in source.places())
    assert {row.code for row in table.rows()} == {offence.code for offence in source.offences()}


def test_every_holiday_of_the_policy_has_its_names() -> None:
    file = policy_source.read(policy_source.packaged("holidays.toml"), HolidaysFile)
    codes_of_policy = {WEEKEND, *(row.code for row in file.yearly), *(row.code for row in file.announced)}
    assert source.holidays().keys() == codes_of_policy
    assert all(each.en and not each.ur.isascii() for each in source.holidays().values())


def test_stale_codes_fail_the_check(tmp_path: Path) -> None:
    script = REPOSITORY / "clients" / "generate-codes"
    copy = tmp_path / "clients"
    (copy / "python/nsor/codes").mkdir(parents=True)
    (copy / "generate-codes").write_bytes(script.read_bytes())
    interpreter = tmp_path / ".venv/bin/python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    interpreter.chmod(0o755)
    fresh = (REPOSITORY / "clients/python/nsor/codes/codes.json").read_text(encoding="utf-8")
    committed = copy / "python/nsor/codes/codes.json"
    for text, expected in ((fresh, 0), (fresh.replace("Lahore", "Lahor"), 1)):
        committed.write_text(text, encoding="utf-8")
        assert subprocess.run(["bash", copy / "generate-codes", "--check"], check=False).returncode == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Lahore", ["PK-PB/LHR"]),
        ("lahor", ["PK-PB/LHR"]),
        ("لاہور", ["PK-PB/LHR"]),
        ("لاهور", ["PK-PB/LHR"]),
        ("LHR", ["PK-PB/LHR"]),
        ("pb", ["PK-PB"]),
        ("dera ghazi", ["PK-PB/DGK"]),
        ("lahoor", ["PK-PB/LHR"]),
        ("model town lahore", ["PK-PB/LHR"]),
        ("model town", []),
    ],
)
def test_a_place_is_found_by_its_name_in_either_script(typed: str, expected: list[str]) -> None:
    assert _places(typed) == expected


def test_a_provinces_code_lists_what_is_in_it() -> None:
    found = _places("pk-gb")
    assert found[0] == "PK-GB"
    assert len(found) > 5
    assert all(code.startswith("PK-GB") for code in found)
    assert len(_places("")) == len(source.places())


def test_only_a_whole_match_is_called_one() -> None:
    assert places.find("lahore").exact
    # Arabic letters, which many keyboards give for the Urdu ones.
    assert places.find("لاهور").exact
    assert not places.find("model town lahore").exact
    assert offences.find("gang rape").exact
    assert not offences.find("gang warfare").exact
    assert not offences.find("999 PPC").exact


@pytest.mark.parametrize(
    "typed", ["376", "376 PPC", "PPC-376", "ppc 376", "u/s 376 PPC", "section 376(iii)", "Sec. 376 of the PPC", "۳۷۶"]
)
def test_a_section_is_found_as_people_write_it(typed: str) -> None:
    assert _codes(typed) == ["PPC-376", "PPC-376A"]


@pytest.mark.parametrize("typed", ["377-B", "377B", "377 b", "PPC-377B", "u/s 377-B PPC"])
def test_a_section_with_a_letter_comes_first_and_its_neighbours_after(typed: str) -> None:
    assert _codes(typed) == ["PPC-377B", "PPC-377", "PPC-377A"]


def test_several_sections_and_statutes() -> None:
    assert _codes("376/511 PPC") == ["PPC-376", "PPC-511", "PPC-376A"]
    assert set(_codes("PECA")) == {code for code in _codes("") if code.startswith("PECA-")}
    assert _codes("22 peca")[0] == "PECA-22"


def test_words_find_titles() -> None:
    assert {"PPC-375", "PPC-375A", "PPC-376"} <= set(_codes("rape"))
    assert "PPC-363" in _codes("kidnaping")


def test_the_commands_need_neither_settings_nor_a_call(
    run: Run, register: Register, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NSOR_CLIENT_CONFIG", "/missing")
    assert run("places", "lahore") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1].startswith("PK-PB/LHR")
    assert "لاہور" in out
    assert f"1 of {len(source.places())} places shown" in err
    assert "not compared" in err
    assert run("offences", "peca", "22") == 0
    out, err = capsys.readouterr()
    assert "from 2016-08-18" in out
    assert "verified no" in err
    assert run("offences", "292B", "--json") == 0
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["code"], first["valid_to"], first["superseded_by"]) == ("PPC-292B", "2023-07-23", "PECA-22")
    assert not register.calls


def test_what_is_not_found_says_what_to_do(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("places", "model", "town") == 0
    assert "name the district" in capsys.readouterr().err
    assert run("offences", "999") == 0
    assert "`nsor offences` lists every section" in capsys.readouterr().err


def test_finding_a_code_loads_neither_grpc_nor_the_server() -> None:
    code = (
        "import sys, nsor.cli\nfor words in (['places', 'lahore'], ['offences', 'rape']): nsor.cli.run(words)\n"
        "assert not {'grpc', 'nsor_server'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    assert "places" in cli.COMMANDS
