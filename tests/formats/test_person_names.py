# ruff: noqa: RUF001 - Urdu letters are meant

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.v1 import errors_pb2
from nsor_server.formats import person_name
from nsor_server.formats.errors import FormatError
from nsor_server.formats.person_name import Script
from nsor_synthetic import names

_LETTERS = st.text(
    st.sampled_from("abcXYZéāḥ'’-. اآبکكیيىہههھةۃےئؤأۂۀگ\u0640\u064e\u0651\u0654\u200c\u200d\ufedb"), max_size=30
)


@pytest.mark.parametrize(
    "name",
    [
        "محمد اکرم",
        "عبدالرحمٰن",
        "غلام مصطفیٰ",
        "آسیہ بی\u200cبی",
        "گل مینہ",
        "شمّع",
        "Muhammad Akram",
        "Ch. Zulfiqar Ali",
        "D'Souza",
        "Jean-Luc É. Ḥasan",
        "مُحمَّد",
    ],
)
def test_a_name_keeps_its_spelling(name: str) -> None:
    assert person_name.normalise(f"  {name} ") == unicodedata.normalize("NFC", name)


def test_spaces_collapse_and_letters_are_composed() -> None:
    assert person_name.normalise("Muhammad \u00a0  Akram") == "Muhammad Akram"
    assert person_name.normalise("ا\u0653سیہ") == "آسیہ"


def test_every_synthetic_name_is_a_name() -> None:
    for element in names.elements():
        assert {person_name.script(person_name.normalise(name)) for name in element.urdu} == {Script.URDU}
        assert {person_name.script(person_name.normalise(name)) for name in element.roman} == {Script.ROMAN}


@pytest.mark.parametrize(
    "name", ["Muhammad اکرم", "Akram s/o Aslam", "Abbas @ Abbu", "Akram 2", "اکرم ۲", "x\u0301\u0302"]
)
def test_what_is_not_one_name_in_one_script_is_refused(name: str) -> None:
    with pytest.raises(FormatError) as refused:
        person_name.normalise(name)
    assert refused.value.reason == errors_pb2.FIELD_REASON_NAME_FORM


@pytest.mark.parametrize("block", range(0x30))
def test_letters_alone_are_looked_at_as_beside_a_mark(block: int) -> None:
    # Names of letters alone are taken without a look at each letter: what is taken so is taken in any name.
    def taken(name: str) -> bool:
        try:
            person_name.normalise(name)
        except FormatError:
            return False
        return True

    for letter in map(chr, range(block * 0x100, (block + 1) * 0x100)):
        other = "\u0627" if "\u0600" <= letter <= "\u077f" else "a"
        assert taken(letter * 2) == taken(f"{letter * 2}-{other}"), f"U+{ord(letter):04X}"


@pytest.mark.parametrize(
    "name", ["\u200cمحمد", "محمد\u200c", "محمد \u200cاکرم", "Mu\u200chammad", "محمد\u202e", "\u2067محمد\u2069"]
)
def test_joiners_stand_between_urdu_letters_only(name: str) -> None:
    # A joiner anywhere else makes two names that look the same.
    with pytest.raises(FormatError) as refused:
        person_name.normalise(name)
    assert refused.value.reason == errors_pb2.FIELD_REASON_CONTROL_CHARACTER


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("\u0643\u0631\u064a\u0645", "کریم"),  # Arabic kaf and yeh
        ("عيسى", "عیسی"),  # alef maksura
        ("\u0647\u0646\u062f\u0647", "ہندہ"),  # Arabic heh
        ("فاطم\u0629", "فاطم\u06c3"),  # teh marbuta
        ("کـریم", "کریم"),  # tatweel
        ("مُحمَّد", "محمد"),  # vowel signs
        ("بی\u200cبی", "بیبی"),  # joiner
        ("\ufedb\ufeae\ufbfe\ufee2", "کریم"),  # presentation forms of a PDF
        ("ی\u0654", "\u0626"),  # yeh with hamza, in one or two characters
        ("D\u2019Souza", "d'souza"),
    ],
)
def test_spellings_of_the_same_letters_share_a_key(written: str, same: str) -> None:
    assert person_name.canonical_key(written) == person_name.canonical_key(same)


@pytest.mark.parametrize(
    ("one", "other"), [("آسیہ", "اسیہ"), ("بیٹے", "بیٹی"), ("بھائی", "بہائی"), ("رؤف", "روف"), ("أ", "ا")]
)
def test_other_words_never_share_a_key(one: str, other: str) -> None:
    # An Arabic normaliser folds these and makes other words of them.
    assert person_name.canonical_key(one) != person_name.canonical_key(other)


@given(text=_LETTERS)
def test_names_and_keys_are_stable(text: str) -> None:
    # A name that was accepted is accepted again unchanged, and a key is the key of itself.
    key = person_name.canonical_key(text)
    assert person_name.canonical_key(key) == key
    try:
        name = person_name.normalise(text)
    except FormatError:
        return
    assert person_name.normalise(name) == name
    assert person_name.canonical_key(name) == key
    person_name.script(name)
