# ruff: noqa: RUF001 - letters and digits that look like others are what is tested
"""Attacks on the fields of numbers, codes and names: a victim's name, a relation and a person's number don't get in."""

import functools
import re
import unicodedata
from typing import Any

import pytest
from google.protobuf.unknown_fields import UnknownFieldSet
from hypothesis import given
from hypothesis import strategies as st

from nsor import forms
from nsor.v1 import amendments_pb2, errors_pb2, identity_pb2, lookup_pb2, options_pb2, types_pb2
from nsor_server.errors import Violation
from nsor_server.formats import countries, fields
from nsor_server.formats.checker import Checker
from nsor_server.formats.errors import FormatError
from nsor_server.formats.normalisers import STRINGS, normalisers
from nsor_server.formats.screens import Screens
from nsor_server.policy import written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places
from nsor_synthetic import examples, names
from tests.work import calls_of

NORMALISERS = normalisers(Places.load(), OffenceTable.load(), written_forms.load())
NUMBERS = [
    options_pb2.FORMAT_CASE_NUMBER,
    options_pb2.FORMAT_FIR_COPY_NUMBER,
    options_pb2.FORMAT_APPLICATION_NUMBER,
    options_pb2.FORMAT_PRISONER_NUMBER,
    options_pb2.FORMAT_FINGERPRINT_REFERENCE,
    options_pb2.FORMAT_DNA_REFERENCE,
    options_pb2.FORMAT_DEATH_CERTIFICATE_NUMBER,
    options_pb2.FORMAT_VERIFICATION_NUMBER,
]
CODES = [
    *NUMBERS,
    options_pb2.FORMAT_ADDRESS_CODE,
    options_pb2.FORMAT_OFFICER_NUMBER,
    options_pb2.FORMAT_AGENCY_ID,
    options_pb2.FORMAT_EMAIL_ADDRESS,
    options_pb2.FORMAT_ACCOUNT_NAME,
    options_pb2.FORMAT_VEHICLE_NUMBER,
    options_pb2.FORMAT_CARRIER_CODE,
    options_pb2.FORMAT_WITNESS_KEY,
]
NAMES = [options_pb2.FORMAT_PERSON_NAME, options_pb2.FORMAT_SEARCHED_NAME]
HOLDING_NO_PERSON = [*CODES, *NAMES]
CNIC = "3520212345671"
KINDS = [value.name.removeprefix("TRAVEL_DOCUMENT_KIND_") for value in types_pb2.TravelDocumentKind.DESCRIPTOR.values]
DIGITS = {"ASCII": "0123456789", "Arabic-Indic": "٠١٢٣٤٥٦٧٨٩", "Urdu": "۰۱۲۳۴۵۶۷۸۹"}


def reason_of(text_format: int, text: str) -> str:
    """The reason for which a text is refused; empty: it isn't."""
    try:
        NORMALISERS[text_format](text)
    except FormatError as error:
        return errors_pb2.FieldReason.Name(error.reason).removeprefix("FIELD_REASON_")
    return ""


def spellings() -> list[str]:
    """A CNIC in each script, with three scripts in one number, and with everything between its digits."""
    found = [CNIC.translate(str.maketrans(DIGITS["ASCII"], digits)) for digits in DIGITS.values()]
    scripts = list(DIGITS.values())
    found.append("".join(scripts[at % 3][int(digit)] for at, digit in enumerate(CNIC)))
    for between in ("-", " ", "/", ".", ",", "_", "–", "—", "\u00a0", "\u200b", "\u200d", "\u0301", "\u064e", "x", "چ"):
        found.append(between.join(CNIC))
        found.append(f"{CNIC[:5]}{between}{CNIC[5:12]}{between}{CNIC[12:]}")
    found += [
        CNIC.replace("0", "O").replace("1", "I"),
        CNIC.replace("1", "l"),
        CNIC.replace("0", "О").replace("3", "З"),
    ]
    found += [f"House {CNIC}", f"{CNIC[:6]} of {CNIC[6:]}", f"({CNIC[:5]}) {CNIC[5:12]} ({CNIC[12:]})"]
    return found


@pytest.mark.parametrize("text_format", HOLDING_NO_PERSON, ids=options_pb2.Format.Name)
def test_a_cnic_gets_into_no_name_number_or_code(text_format: int) -> None:
    assert [ascii(written) for written in spellings() if not reason_of(text_format, written)] == []


@pytest.mark.parametrize("text_format", HOLDING_NO_PERSON, ids=options_pb2.Format.Name)
@given(
    digits=st.lists(st.sampled_from("".join(DIGITS.values()) + "०１𝟙"), min_size=11, max_size=20),
    between=st.text(st.characters(codec="utf-8"), max_size=2),
)
def test_eleven_digits_get_in_nowhere_whatever_stands_between_them(
    text_format: int, digits: list[str], between: str
) -> None:
    assert reason_of(text_format, between.join(digits))


def test_a_cnic_is_not_spread_over_the_codes_of_an_address(checker: Checker) -> None:
    # Each code takes five digits at most, so that it takes three; and the three together take ten.
    request = examples.create_registration(7)
    address = request.addresses[0]
    address.locality_code, address.street_number, address.house_number = "UC 35202", "12345", "671"
    assert checker.check(request) == [
        Violation("addresses[0].house_number", errors_pb2.FIELD_REASON_TOO_MANY_DIGITS),
    ]
    address.house_number = ""
    assert checker.check(request) == []


@pytest.mark.parametrize(
    "house", ["VICTIM FATIMA", "VICTIM 12", "victim no 7", "V I C T I M 7", "V-I-C-T-I-M 7", "مکان متاثرہ ۷"]
)
def test_a_victim_gets_into_no_house_number(house: str) -> None:
    assert reason_of(options_pb2.FORMAT_ADDRESS_CODE, house) == "VICTIM_WORD"


@pytest.mark.parametrize("number", NUMBERS, ids=options_pb2.Format.Name)
@pytest.mark.parametrize(
    "written", ["Fаtima 12/2022", "Sеssions Case No. 12/2022", "Ｃase No. 12", "ⅭASE 12", "𝐂ase 12"], ids=ascii
)
def test_letters_that_look_alike_are_told_apart(number: int, written: str) -> None:
    # Cyrillic, full-width, a Roman numeral, mathematical: a form is never made of what only looks like it.
    assert reason_of(number, written) == "LOOK_ALIKE"


def test_a_story_gets_into_no_number() -> None:
    story = "victim Fatima Bibi d-o Aslam house 12"
    for number in NUMBERS:
        assert reason_of(number, story) == "VICTIM_WORD"
        assert reason_of(number, story.replace("victim ", "")) == "RELATION_WORD"
        assert reason_of(number, "Fatima Bibi house 12")
        assert reason_of(number, "Sessions Case No. 123/2022 Fatima")
        assert reason_of(number, "Sessions Case Fatima No. 123/2022")


@pytest.mark.parametrize(
    "name",
    [
        "Victim Fatima",
        "VICTIM",
        "vićtím Fatima",
        "vıctım",
        "v\u0301i\u0301c\u0301t\u0301i\u0301m\u0301",
        "V.I.C.T.I.M",
        "V i c t i m",
        "Vic-tim Fatima",
        "Vic'tim",
        "VictimFatima",
        "Vic\u200btim",
        "Vic\u200dtim",
        "متاثرہ فاطمہ",
        "مُتاثِّرہ",
        "متـاثـره",
        "متاثر\u0647",
        "م\u200cتاثرہ",
        "متاثرةفاطمہ",
        "\ufee3\ufe98\ufe8e\ufe9b\ufeae\ufbab",
        "مدعیہ",
    ],
    ids=ascii,
)
def test_a_name_does_not_call_anybody_a_victim(name: str) -> None:
    # Also written with marks, joiners, spaces, other letters of the same look, or presentation forms.
    assert reason_of(options_pb2.FORMAT_PERSON_NAME, name) == "VICTIM_WORD"


@pytest.mark.parametrize(
    "name",
    [
        *("Fatima d/o Aslam", "Fatima d-o Aslam", "Fatima D'O Aslam", "Aslam s/o Akram", "Fatima w/o Aslam"),
        *("Fatima daughter of Aslam", "Fatima Wife Aslam", "Fatima d–o Aslam", "Fatima W I F E Aslam"),
        *("فاطمہ زوجہ اسلم", "فاطمہ زوجه اسلم", "اسلم ولد اکرم", "فاطمہ بیوہ اسلم", "فاطمہ زَوجہ اسلم"),
    ],
    ids=ascii,
)
def test_a_name_has_no_word_of_relation(name: str) -> None:
    assert reason_of(options_pb2.FORMAT_PERSON_NAME, name) == "RELATION_WORD"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        *((each, "FORM") for each in ("S-1", "S.O. 12", "S O 1", "s/o 7", "D-O-12345678", "W 3", "SO-1")),
        *((each, "RELATION_WORD") for each in ("D/O ASLAM 1", "Fatima d/o 1", "S.O. A 1", "1 S/O", "SON-1", "D-O")),
        ("S-O-352021234567", "TOO_MANY_DIGITS"),
    ],
)
def test_initials_before_a_few_digits_are_no_relation(number: str, reason: str) -> None:
    # A station officer heard of a parent's name, and not of the form that his number must have.
    assert reason_of(options_pb2.FORMAT_OFFICER_NUMBER, number) == reason


def test_the_words_of_officers_numbers_that_people_are_told_are_taken() -> None:
    said = re.sub(r"`[^`]*`", "", forms.FORMS[options_pb2.FORMAT_OFFICER_NUMBER].en)
    words = re.findall(r"\b[A-Z]+\b", said)
    assert len(words) > 10
    assert [word for word in words if reason_of(options_pb2.FORMAT_OFFICER_NUMBER, f"{word}-1")] == []


@pytest.mark.parametrize(
    "name",
    [
        *("Umm-e-Kulsoom", "Umm Kulsoom", "Bint-e-Zahra", "Abu Bakar", "Ibn-e-Hasan", "Usama bin Zaid", "Bin Yamin"),
        *("S.O. Khan", "D. O. Ahmed", "D'Souza", "O'Brien", "Sonia", "Samson", "Son Ho", "Dukhtar Bibi", "Walida"),
        *("Victor", "Victoria", "Vic Timothy", "Minor", "Sister Ruth", "Wadood", "Wasim Do", "Mazloom Shah"),
        *("بنت زہرا", "ابن حسن", "ام کلثوم", "ابو بکر", "دختر بی بی", "متین", "ولید", "خالد", "والی", "زوہیب"),
    ],
    ids=ascii,
)
def test_a_name_that_sounds_like_it_stays_a_name(name: str) -> None:
    assert NORMALISERS[options_pb2.FORMAT_PERSON_NAME](name) == unicodedata.normalize("NFC", name)


def test_every_synthetic_name_passes_the_screens() -> None:
    for element in names.elements():
        for name in (*element.urdu, *element.roman):
            assert reason_of(options_pb2.FORMAT_PERSON_NAME, name) == "", ascii(name)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("14/B", "14/B"),
        ("uc-12", "UC-12"),
        ("Union Council 12", "UC 12"),
        ("CHAK 128 GB", "CHAK 128 GB"),
        ("Chak No. 128/GB", "CHAK 128/GB"),
        ("House No. 14-B", "HOUSE 14-B"),
        ("H 14", "H 14"),
        ("گلی ۷", "STREET 7"),
        ("مکان نمبر ۱۴", "HOUSE 14"),
        ("یونین کونسل ١٢", "UC 12"),
        ("\u0645\u0643\u0627\u0646 14", "HOUSE 14"),  # with an Arabic kaf
        ("14 Gali", "STREET 14"),
    ],
    ids=ascii,
)
def test_codes_of_addresses_as_people_write_them(written: str, stored: str) -> None:
    normalise = NORMALISERS[options_pb2.FORMAT_ADDRESS_CODE]
    assert normalise(written) == stored
    assert normalise(stored) == stored


@pytest.mark.parametrize(
    "written", ["A", "FATIMA 7", "A 7 B", "F A T I M A 7", "HOUSE STREET 7", "7 AMNA", "BEHIND MOSQUE 7"]
)
def test_an_address_takes_one_word_of_the_list_or_one_letter(written: str) -> None:
    assert reason_of(options_pb2.FORMAT_ADDRESS_CODE, written) == "ADDRESS_CODE_FORM"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Sessions Case No. 123/2022", "Sessions Case No. 123/2022"),
        ("sessions  case no ۱۲۳ / ۲۰۲۲", "Sessions Case No. 123/2022"),
        ("SESSIONS CASE 123-2022", "Sessions Case No. 123/2022"),
        ("Case no 82186 of 2023", "Case No. 82186/2023"),
        ("Crl Appeal No. 456 of 2023", "Crl. Appeal No. 456/2023"),
        ("Crl. Appeal No. 456-P/2023", "Crl. Appeal No. 456-P/2023"),
        ("S.C. No. 7/2024", "S.C. No. 7/2024"),
        ("سیشن مقدمہ نمبر ۱۲۳/۲۰۲۲", "Sessions Case No. 123/2022"),
        ("0123/2022", "123/2022"),
    ],
    ids=ascii,
)
def test_one_case_number_however_a_court_writes_it(written: str, stored: str) -> None:
    # A court that confirms types it anew: a space or a mark is not another case.
    if written.startswith("S.C."):
        assert NORMALISERS[options_pb2.FORMAT_CASE_NUMBER](written.lower()) == stored
    assert NORMALISERS[options_pb2.FORMAT_CASE_NUMBER](written) == stored


@pytest.mark.parametrize(
    "written",
    ["Case No. 82186", "Case No. 1234567", "Sessions Case No. 1/22", "1 2 3/2022", "Case No. 0", "12.345/2022"],
)
def test_a_case_number_has_one_serial_and_one_year(written: str) -> None:
    assert reason_of(options_pb2.FORMAT_CASE_NUMBER, written) == "CASE_NUMBER_FORM"


def numbered(checker: Checker, number: str, kind: str = "PASSPORT", country: str = "AF") -> str:
    """The reason for which the number of a travel document is refused; empty: it isn't."""
    document = types_pb2.TravelDocument(
        number=number, country=country, kind=types_pb2.TravelDocumentKind.Value(f"TRAVEL_DOCUMENT_KIND_{kind}")
    )
    found = checker.check(document)
    assert {violation.field for violation in found} <= {"number"}
    return errors_pb2.FieldReason.Name(found[0].reason).removeprefix("FIELD_REASON_") if found else ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_travel_document_has_neither_a_word_nor_a_cnic_for_its_number(checker: Checker, kind: str) -> None:
    taken = [ascii(written) for written in spellings() if not numbered(checker, written, kind)]
    assert taken == []
    assert numbered(checker, "VICTIMFATIMA1", kind) == "FORM"
    assert numbered(checker, "AB12CD34EF567", kind) == "FORM"
    assert numbered(checker, "C01X00T47", kind) == ""


@pytest.mark.parametrize("country", sorted(countries.CODES))
def test_a_cnic_is_no_foreign_cards_number_but_where_cards_have_13_digits(checker: Checker, country: str) -> None:
    # Bangladesh's are told from it by nothing.
    assert bool(numbered(checker, CNIC, "FOREIGN_IDENTITY_CARD", country)) == (country != "BD")
    assert numbered(checker, CNIC, "PASSPORT", country) == "TOO_MANY_DIGITS"


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("AF", "1399-0100-12345"),
        ("BD", "1990 2692 6140 00001"),
        ("BD", "269 261 4000"),
        ("CN", "11010519491231002X"),
        ("IN", "۲۳۴۵ 1234 5678"),
        ("IR", "001-234567-8"),
        ("AE", "784-1980-1234567-1"),
    ],
)
def test_a_foreign_card_is_numbered_as_its_country_does(checker: Checker, country: str, number: str) -> None:
    assert numbered(checker, number, "FOREIGN_IDENTITY_CARD", country) == ""
    longer = sum(map(str.isdigit, number)) > 10
    # As a passport's, or under another country, a number of more than ten digits could be anybody's.
    assert numbered(checker, number, "PASSPORT", country) == ("TOO_MANY_DIGITS" if longer else "")
    assert numbered(checker, number, "FOREIGN_IDENTITY_CARD", "PK") == ("TOO_MANY_DIGITS" if longer else "")


def test_only_a_travel_document_has_a_travel_documents_number() -> None:
    # What narrows the number is a rule of that message: elsewhere 22 digits would go in.
    used = {
        kind.full_name
        for message in (types_pb2.DESCRIPTOR, amendments_pb2.DESCRIPTOR, lookup_pb2.DESCRIPTOR, identity_pb2.DESCRIPTOR)
        for kind in message.message_types_by_name.values()
        for field in kind.fields
        if field.GetOptions().Extensions[options_pb2.field].format == options_pb2.FORMAT_TRAVEL_DOCUMENT
    }
    assert used == {"nsor.v1.TravelDocument"}


def test_no_other_format_takes_words() -> None:
    # Whoever adds a format says here whether a name fits into it.
    without_words = {
        options_pb2.FORMAT_CNIC,
        options_pb2.FORMAT_MOBILE,
        options_pb2.FORMAT_PLACE_CODE,
        options_pb2.FORMAT_UUID,
        options_pb2.FORMAT_OFFENCE_CODE,
        options_pb2.FORMAT_POSTAL_CODE,
        options_pb2.FORMAT_PAGE_TOKEN,
        options_pb2.FORMAT_CANDIDATE_ID,
        options_pb2.FORMAT_COUNTRY,
        options_pb2.FORMAT_TRAVEL_DOCUMENT,
    }
    assert without_words | set(HOLDING_NO_PERSON) == set(STRINGS)


def test_a_name_in_an_unknown_field_of_a_date_is_refused(checker: Checker) -> None:
    # A date is somebody else's type, and could carry text all the same.
    request = examples.create_registration(7)
    request.person.birth_date.MergeFromString(b"\x82\x7d\x06Fatima")
    assert checker.check(request) == [Violation("person.birth_date.#2000", errors_pb2.FIELD_REASON_UNKNOWN_FIELD)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many unknown fields were made of each message in which they were looked for."""
    numbers: list[int] = []

    def counted(message: Any) -> UnknownFieldSet:
        found = UnknownFieldSet(message)
        numbers.append(len(found))
        return found

    monkeypatch.setattr(fields, "UnknownFieldSet", counted)
    return numbers


@pytest.mark.parametrize(
    "field",
    [b"\x80\x7d\x01", b"\x82\x7d\x06Fatima", b"\x83\x7d\x84\x7d", b"\x81\x7d" + bytes(8), b"\x85\x7d" + bytes(4)],
)
@pytest.mark.parametrize("where", ["", "person", "person.birth_date"])
def test_many_unknown_fields_are_not_made_one_by_one(
    checker: Checker, made: list[int], field: bytes, where: str
) -> None:
    # A message of them takes 50 to 100 ms in one step, in which no other call is worked at.
    request = examples.create_registration(7)
    message: Any = functools.reduce(getattr, filter(None, where.split(".")), request)
    message.MergeFromString(field + b"\x88\x7d\x01" * 5_000)
    expected = f"{where}.#2000" if where else "#2000"
    assert checker.check(request) == [Violation(expected, errors_pb2.FIELD_REASON_UNKNOWN_FIELD)]
    assert max(made) == 0


@pytest.mark.parametrize("size", [2_040, 250, 120])
def test_few_unknown_fields_in_each_of_many_messages_are_few(checker: Checker, made: list[int], size: int) -> None:
    # The writer's thread checks 64 look-ups of one agency while all others wait.
    request = examples.create_registration(7)
    within = [*request.person.names, *request.addresses, request.convictions[0].court_case, request.person.birth_date]
    for message in within:
        message.MergeFromString(b"\x88\x7d\x01" * ((size - message.ByteSize()) // 3))
    unknown = [each for each in checker.check(request) if each.reason == errors_pb2.FIELD_REASON_UNKNOWN_FIELD]
    assert len(unknown) == len(within) > 4
    assert max(made) <= 40


def test_a_large_message_without_unknown_fields_has_none(checker: Checker) -> None:
    request = examples.create_registration(7)
    request.person.names.extend([request.person.names[0]] * 200)
    assert request.ByteSize() > fields._FEW_BYTES
    assert {each.reason for each in checker.check(request)} == {errors_pb2.FIELD_REASON_TOO_LONG}


def test_the_forms_are_compiled_once(checker: Checker) -> None:
    # The look-up path checks every request: a case number costs a few calls, and no list is walked.
    case = types_pb2.CourtCase(
        court_kind=types_pb2.COURT_KIND_SPECIAL_COURT, place_code="PK-PB/LHR", case_number="Murder Reference No. 1/2023"
    )
    checker.check(case)
    assert calls_of(lambda: checker.check(case)).total() < 100


@pytest.mark.parametrize("text", ["AYESHA-BIBI-1", "BIBI-1", "Fatima 12", "1-AYESHA", "PB-AYESHA-1", "BELT-BIBI"])
def test_nobodys_name_is_an_officers_number(text: str) -> None:
    # It is in the clear in the directory and in the agency's list, and events and requests show it to others.
    assert reason_of(options_pb2.FORMAT_OFFICER_NUMBER, text) == "FORM"


@pytest.mark.parametrize(
    ("written", "stored"),
    [("pb-1234", "PB-1234"), ("LHR 1204", "LHR-1204"), ("12345678", "12345678"), ("system-1", "SYSTEM-1")],
)
def test_an_officers_number_is_of_an_office_a_province_or_a_district(written: str, stored: str) -> None:
    assert NORMALISERS[options_pb2.FORMAT_OFFICER_NUMBER](written) == stored


def test_lists_of_words_may_be_short_or_empty() -> None:
    # Policy may have few words: what it doesn't name is taken, and what it names isn't.
    screens = Screens(most_digits=3, victims=["abcd"], relations=[], more_relations=["zzzz"])
    screens.name("Muhammad Akram")
    for taken in ("abcde", "zzzz"):
        screens.name(taken)
    for refused in ("x abcd", "a b c d"):
        with pytest.raises(FormatError):
            screens.name(refused)
    with pytest.raises(FormatError):
        screens.code("zzzz 1")
