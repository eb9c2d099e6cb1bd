"""Searches for whoever has by-names, and for names that have words of both scripts."""

import pytest

from nsor.v1 import reviews_pb2, search_pb2
from nsor_server.storage.keyring import Keyring
from tests.lookup.search.conftest import Searching, named, suspect, written
from tests.lookup.search.test_search import findings

ZAFAR = ("Zafar Iqbal", "Akram Javed", 1980)
BY_NAMES = ["Pappu Machhi", "کالا گجر"]
KALA = ("Kala Gujjar", *ZAFAR[1:])


def found_by(candidate: search_pb2.Candidate) -> set[int]:
    """By which of the suspect's names somebody was found: 0 the name itself."""
    return {each.by_name for each in candidate.evidence if each.part == reviews_pb2.EVIDENCE_PART_NAME}


def test_a_suspect_is_searched_for_by_each_of_his_names(searching: Searching, keyring: Keyring) -> None:
    zafar, kala = searching.confirmed(named(*ZAFAR), named(*KALA))
    alone = searching.grant(suspect(*ZAFAR))
    assert searching.shown(alone) == [zafar.key]
    called = suspect(*ZAFAR, by_names=BY_NAMES)
    for basis in (searching.grant(called), searching.ticket(called), searching.case(called)):
        outcome = searching.outcome(basis)
        shown = zip(outcome.shown, outcome.response.candidates, strict=True)
        by = {each.registration_id: found_by(candidate) for each, candidate in shown}
        assert by == {zafar.key.bytes: {0}, kala.key.bytes: {2}}
        told = str(outcome.response)
        assert all(word not in told for word in ("Kala", "Gujjar", "کالا"))
    # Of a case of the prosecution the caller says how somebody is called.
    name = written("Sher Zaman", "Akram Javed")
    assert searching.shown(searching.fir(), name=name) == []
    name.by_names.append("Kala Gujar")
    assert searching.shown(searching.fir(), name=name) == [kala.key]
    assert findings(searching, keyring) == []


def test_a_by_name_is_no_way_to_list_people(searching: Searching, keyring: Keyring) -> None:
    zafar, _ = searching.confirmed(named(*ZAFAR), named("Muhammad", "Khan", 1980))
    # Whoever has a by-name that most people have is searched for by his others.
    for by_names in (["Muhammad"], ["Khan", "محمد"]):
        assert searching.shown(searching.grant(suspect("Zafar Iqbal", "Khan", 1980, by_names=by_names))) == [zafar.key]
        assert searching.shown(searching.grant(suspect("Sher Zaman", "Khan", 1980, by_names=by_names))) == []
    (found,) = searching.search(searching.grant(suspect("Muhammad", "Khan", 1980, by_names=["Zafar Iqbal"]))).candidates
    assert found_by(found) == {1}
    too_little = ["subject NAME_SAYS_TOO_LITTLE"]
    basis = searching.grant(suspect("Muhammad", "Khan", 1980, by_names=["Ali", "محمد"]))
    assert searching.refusal(basis) == ("INVALID_FIELDS", too_little)
    # Neither is one that stands in the name itself, behind a word that a name may have.
    basis = searching.ticket(suspect("Zafar Iqbal urf Muhammad", "Khan", 1980))
    assert searching.refusal(basis) == ("INVALID_FIELDS", too_little)
    for name, field in (
        (written("Zafar Iqbal", "Khan", "Pappu Machhi", "Muhammad"), "name.by_names[1]"),
        (written("Muhammad", "Khan", "Zafar Iqbal"), "name"),
        (written("Zafar Iqbal عرف Muhammad", "Khan"), "name"),
    ):
        refused = searching.refusal(searching.fir(), name=name)
        assert refused == ("INVALID_FIELDS", [f"{field} NAME_SAYS_TOO_LITTLE"])
    assert findings(searching, keyring) == []


@pytest.mark.parametrize(
    ("by_names", "wrong"),
    [
        (["Kala"] * 4, "by_names TOO_LONG"),
        (["Kala", "کالا", "KALA"], "by_names[2] DUPLICATE"),
        (["ZAFAR IQBAL"], "by_names[0] DUPLICATE"),
        (["Kala @ Pappu"], "by_names[0] NAME_FORM"),
        (["Kal\u0627"], "by_names[0] NAME_FORM"),
        ([""], "by_names[0] NAME_FORM"),
        (["victim"], "by_names[0] VICTIM_WORD"),
    ],
)
def test_by_names_are_few_and_names(searching: Searching, by_names: list[str], wrong: str) -> None:
    name = written("Zafar Iqbal", "Akram", *by_names)
    assert searching.refusal(searching.fir(), name=name) == ("INVALID_FIELDS", [f"name.{wrong}"])


def test_words_of_both_scripts_stand_in_one_name(searching: Searching, keyring: Keyring) -> None:
    roman, urdu = searching.confirmed(named("Muhammad Rafiq", "Lal Din"), named("محمد رفیق", "لال دین"))
    for name in (
        ("Muhammad رفیق", "Lal Din"),
        ("محمد Rafiq", "لال Din"),
        ("Muhammad Rafiq", "لال دین"),
        ("محمد رفیق", "Lal Din"),
    ):
        assert set(searching.shown(searching.grant(suspect(*name, 1980)))) == {roman.key, urdu.key}
        assert set(searching.shown(searching.fir(), name=written(*name))) == {roman.key, urdu.key}
    assert findings(searching, keyring) == []
