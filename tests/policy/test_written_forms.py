from pathlib import Path

import pytest

from nsor_server.policy import source, written_forms

PACKAGED = source.packaged("written_forms.toml").read_text(encoding="utf-8")


def _refusal(tmp_path: Path, old: str, new: str) -> str:
    """Why the packaged data with one change can't be used."""
    assert old in PACKAGED
    path = tmp_path / "written_forms.toml"
    path.write_text(PACKAGED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(source.PolicyError) as refused:
        written_forms.load(path)
    return str(refused.value)


def test_forms_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    # One number would be stored in two forms, and a court's confirmation would miss it.
    same = '"Case No. {serial}/{year}", "CASE {serial} of {year}",'
    assert "can't be told from" in _refusal(tmp_path, '"Case No. {serial}/{year}",', same)


@pytest.mark.parametrize("form", ["Case of {year}", "Case No.", "{serial}/{serial}/{year}"])
def test_what_is_no_form_is_refused(tmp_path: Path, form: str) -> None:
    # A form without a serial would be a text that anybody may enter.
    assert "is not a form" in _refusal(tmp_path, '"Case No. {serial}/{year}"', f'"{form}"')


def test_a_case_number_without_a_year_is_refused(tmp_path: Path) -> None:
    # Serials begin anew each year: without one, a number is that of many cases.
    bare = '"Case No. {serial}/{year}", "Case No. {serial}",'
    assert "needs its year" in _refusal(tmp_path, '"Case No. {serial}/{year}",', bare)


def test_a_kind_without_forms_is_refused(tmp_path: Path) -> None:
    assert "one list of forms for each" in _refusal(tmp_path, 'kind = "PRISONER_NUMBER"', 'kind = "CASE_NUMBER"')


def test_a_phrase_of_two_words_is_refused(tmp_path: Path) -> None:
    assert "stands for two words" in _refusal(tmp_path, 'SHOP = ["SHOP"]', 'SHOP = ["SHOP", "HOUSE"]')


def test_a_list_without_a_source_is_refused(tmp_path: Path) -> None:
    assert "unknown field" in _refusal(tmp_path, 'citation = "working value: the Urdu words', 'source = "')


@pytest.mark.parametrize("country", ["PK", "XX", "IN"])
def test_a_foreign_card_is_of_one_country_and_not_of_pakistan(tmp_path: Path, country: str) -> None:
    assert "a foreign card names a country" in _refusal(tmp_path, 'country = "BD"', f'country = "{country}"')


@pytest.mark.parametrize("form", ["{10}", "FATIMA{12}", "AAAA", "{6}{6}", "{23}", "{22}X", "############"])
def test_a_foreign_cards_form_is_longer_than_a_passports_and_no_text(tmp_path: Path, form: str) -> None:
    # A form without a digit, or with a word, would be a text.
    assert "no form of a card's number" in _refusal(tmp_path, '"{12}"', f'"{form}"')


def test_a_document_that_is_too_old_for_foreign_cards_has_those_that_ship(tmp_path: Path) -> None:
    # A register's own document, adopted before there were any, still loads; one that has none says so.
    path = tmp_path / "written_forms.toml"
    old = PACKAGED.partition("[[foreign_card]]")[0]
    path.write_text(old, encoding="utf-8")
    assert written_forms.load(path).cards == written_forms.load().cards != {}
    path.write_text(f"foreign_card = []\n{old}", encoding="utf-8")
    assert written_forms.load(path).cards == {}
