"""Wrong texts of each format, with the rule that each breaks."""

from __future__ import annotations

from typing import Final

from nsor.v1 import errors_pb2, options_pb2

Misspelling = tuple[str, str, errors_pb2.FieldReason.ValueType]
"""What is wrong, the text, and the rule."""

_FORM: Final = errors_pb2.FIELD_REASON_FORM
_CNIC: Final = errors_pb2.FIELD_REASON_CNIC_FORM
_PLACEHOLDER: Final = errors_pb2.FIELD_REASON_CNIC_PLACEHOLDER
_NAME: Final = errors_pb2.FIELD_REASON_NAME_FORM
_LOOK_ALIKE: Final = errors_pb2.FIELD_REASON_LOOK_ALIKE
_TOO_LONG: Final = errors_pb2.FIELD_REASON_TOO_LONG
_ADDRESS: Final = errors_pb2.FIELD_REASON_ADDRESS_CODE_FORM
_DIGITS: Final = errors_pb2.FIELD_REASON_TOO_MANY_DIGITS
_VICTIM: Final = errors_pb2.FIELD_REASON_VICTIM_WORD
_RELATION: Final = errors_pb2.FIELD_REASON_RELATION_WORD

_INVISIBLE: Final = {
    "left-to-right override": "\u202d",
    "right-to-left override": "\u202e",
    "left-to-right embedding": "\u202a",
    "pop directional formatting": "\u202c",
    "left-to-right isolate": "\u2066",
    "pop directional isolate": "\u2069",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero width space": "\u200b",
    "byte order mark": "\ufeff",
    "word joiner": "\u2060",
    "soft hyphen": "\u00ad",
    "variation selector": "\ufe0f",
    "NUL": "\x00",
    "line feed": "\n",
    "escape": "\x1b",
    "next line": "\x85",
    "line separator": "\u2028",
    "private use": "\ue000",
}

_GOOD: Final[dict[int, str]] = {
    options_pb2.FORMAT_CNIC: "8220312345670",
    options_pb2.FORMAT_TRAVEL_DOCUMENT: "ZZ0000001",
    options_pb2.FORMAT_MOBILE: "03990000001",
    options_pb2.FORMAT_PERSON_NAME: "Nasreen Akhtar",
    options_pb2.FORMAT_SEARCHED_NAME: "Nasreen اختر",
    options_pb2.FORMAT_PLACE_CODE: "PK-PB/LHR/PS-001",
    options_pb2.FORMAT_UUID: "6bc0611f-855c-5939-8572-4f7739f4a7f8",
    options_pb2.FORMAT_AGENCY_ID: "punjab-police",
    options_pb2.FORMAT_OFFENCE_CODE: "PPC-376",
    options_pb2.FORMAT_CASE_NUMBER: "Sessions Case No. 123/2023",
    options_pb2.FORMAT_FIR_COPY_NUMBER: "FC-12/2022",
    options_pb2.FORMAT_APPLICATION_NUMBER: "APP-9/2022",
    options_pb2.FORMAT_PRISONER_NUMBER: "P-1234/2023",
    options_pb2.FORMAT_OFFICER_NUMBER: "PB-1234",
    options_pb2.FORMAT_ADDRESS_CODE: "UC-12",
    options_pb2.FORMAT_POSTAL_CODE: "54000",
    options_pb2.FORMAT_COUNTRY: "PK",
    options_pb2.FORMAT_VEHICLE_NUMBER: "LEB-12-1234",
    options_pb2.FORMAT_CARRIER_CODE: "PK",
    options_pb2.FORMAT_EMAIL_ADDRESS: "nasreen.test@example.pk",
    options_pb2.FORMAT_ACCOUNT_NAME: "nasreen.test",
    options_pb2.FORMAT_FINGERPRINT_REFERENCE: "FPB-123/2022",
    options_pb2.FORMAT_DNA_REFERENCE: "DNA-123/2022",
    options_pb2.FORMAT_DEATH_CERTIFICATE_NUMBER: "CRMS-123/2022",
}


def _of_number(form: errors_pb2.FieldReason.ValueType) -> tuple[Misspelling, ...]:
    """Wrong numbers of a paper or a case."""
    return (
        ("no digit", "Sessions Case", form),
        ("other characters", "123/2023; DROP", form),
        ("words of no form", "Case of Fatima 12", form),
        ("41 characters", "A1" + "A" * 39, _TOO_LONG),
        ("Urdu letters", "فاطمہ 123", _LOOK_ALIKE),
        ("a CNIC", "82203-1234567-0", _DIGITS),
        ("a word for a victim", "victim 12/2023", _VICTIM),
        ("a word of relation", "12/2023 d-o 4", _RELATION),
    )


_OF_NAMES: Final[tuple[Misspelling, ...]] = (
    ("only spaces", "   ", _NAME),
    ("digits", "Nasreen 2", _NAME),
    ("Urdu digits", "نسرین ۲", _NAME),
    ("two scripts in a word", "Nasrین Akhtar", _NAME),
    ("two names", "Nasreen @ Naso", _NAME),
    ("parentage inside", "Nasreen d/o Akram", _RELATION),
    ("parentage in Urdu", "نسرین زوجہ اکرم", _RELATION),
    ("a word for a victim", "Victim Nasreen", _VICTIM),
    ("a word for a victim in Urdu", "متاثرہ نسرین", _VICTIM),
    ("a CNIC", "Nasreen 82203-1234567-0", _DIGITS),
    ("begins with a mark", "-Nasreen", _NAME),
    ("two marks in a row", "Nasreen--Akhtar", _NAME),
    ("Devanagari", "\u0928\u0938\u0930\u0940\u0928", _NAME),
    ("heaped vowel signs", "ن\u064b\u064c\u064d\u064eسرین", _NAME),
    ("apostrophe in Urdu", "نسرین'اختر", _NAME),
    ("markup", "<b>Nasreen</b>", _NAME),
    ("emoji", "Nasreen \U0001f600", _NAME),
    ("Cyrillic letter", "N\u0430sreen", _LOOK_ALIKE),
    ("Greek letter", "Nasreen \u0391khtar", _LOOK_ALIKE),
    ("full-width letters", "\uff2e\uff41\uff53", _LOOK_ALIKE),
    ("mathematical letters", "\U0001d40dasreen", _LOOK_ALIKE),
    ("joiner at an end", "نسرین\u200c", errors_pb2.FIELD_REASON_CONTROL_CHARACTER),
    ("joiner in Roman letters", "Nas\u200dreen", errors_pb2.FIELD_REASON_CONTROL_CHARACTER),
    ("121 letters", "N" * 121, _TOO_LONG),
)

_OWN: Final[dict[int, tuple[Misspelling, ...]]] = {
    options_pb2.FORMAT_CNIC: (
        ("12 digits", "822031234567", _CNIC),
        ("14 digits", "82203123456700", _CNIC),
        ("letters", "8220312345O7O", _CNIC),
        ("begins with 9", "9220312345670", _CNIC),
        ("begins with 0", "0220312345670", _CNIC),
        ("old manual number", "122-55-123456", _CNIC),
        ("all ones", "11111-1111111-1", _PLACEHOLDER),
        ("all zeros", "00000-0000000-0", _PLACEHOLDER),
        ("run of digits", "1234567890123", _PLACEHOLDER),
        ("empty family number", "35202-0000000-1", _PLACEHOLDER),
        ("full-width digit", "822031234567\uff10", _LOOK_ALIKE),
        ("mathematical digit", "822031234567\U0001d7d8", _LOOK_ALIKE),
        ("Devanagari digit", "822031234567\u0966", _LOOK_ALIKE),
        ("superscript digit", "822031234567\u2070", _LOOK_ALIKE),
        ("Cyrillic letter", "822031234567\u041e", _LOOK_ALIKE),
        ("far too long", "8" * 5_000, _TOO_LONG),
    ),
    options_pb2.FORMAT_TRAVEL_DOCUMENT: (
        ("too short", "ZZ01", _FORM),
        ("too long", "ZZ0000000A0B0", _FORM),
        ("a word", "PASSPORT", _FORM),
        ("other characters", "ZZ000*001", _FORM),
        ("a name and a digit", "FATIMA1", _FORM),
        ("a CNIC", "82203-1234567-0", _DIGITS),
        ("Cyrillic letter", "Z\u04170000001", _LOOK_ALIKE),
        ("Greek letter", "Z\u03960000001", _LOOK_ALIKE),
        ("full-width letter", "Z\uff3a0000001", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_VEHICLE_NUMBER: (
        ("a word", "FATIMA 12", _FORM),
        ("no serial", "LEB", _FORM),
        ("five digits", "LEB-12345", _FORM),
        ("Cyrillic letter", "LE\u0412-1234", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_CARRIER_CODE: (
        ("a word", "PIA", _FORM),
        ("no letter", "12", _FORM),
        ("Cyrillic letter", "\u0420K", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_EMAIL_ADDRESS: (
        ("no domain", "nasreen.test", _FORM),
        ("a name and an address", "Nasreen <test@example.pk>", _FORM),
        ("a quoted text", '"her story"@example.pk', _FORM),
        ("two in one", "a@example.pk,b@example.pk", _FORM),
        ("a CNIC", "82203-1234567-0@example.pk", _DIGITS),
        ("a word for a victim", "victim.nasreen@example.pk", _VICTIM),
        ("a word of relation", "sister.of.ali@example.pk", _RELATION),
        ("Cyrillic letter", "n\u0430sreen@example.pk", _LOOK_ALIKE),
        ("101 characters", "a" * 101, _TOO_LONG),
    ),
    options_pb2.FORMAT_ACCOUNT_NAME: (
        ("a sentence", "she lives at", _FORM),
        ("41 characters", "a" * 41, _FORM),
        ("a CNIC", "8220312345670", _DIGITS),
        ("a word for a victim", "victim_nasreen", _VICTIM),
        ("a word of relation", "sister-of-ali", _RELATION),
        ("Cyrillic letter", "n\u0430sreen", _LOOK_ALIKE),
        ("101 characters", "a" * 101, _TOO_LONG),
    ),
    options_pb2.FORMAT_FINGERPRINT_REFERENCE: _of_number(_FORM),
    options_pb2.FORMAT_DNA_REFERENCE: _of_number(_FORM),
    options_pb2.FORMAT_DEATH_CERTIFICATE_NUMBER: _of_number(_FORM),
    options_pb2.FORMAT_MOBILE: (
        ("landline", "0423990000", _FORM),
        ("foreign number", "+447700900123", _FORM),
        ("too short", "0399000000", _FORM),
        ("too long", "039900000011", _FORM),
        ("letters", "0399OOOOOO1", _FORM),
        ("full-width plus", "\uff0b923990000001", _LOOK_ALIKE),
        ("Devanagari digit", "0399000000\u0967", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_PERSON_NAME: (*_OF_NAMES, ("two scripts", "Nasreen اختر", _NAME)),
    options_pb2.FORMAT_SEARCHED_NAME: _OF_NAMES,
    options_pb2.FORMAT_PLACE_CODE: (
        ("a name", "Lahore", _FORM),
        ("whole country", "PK", _FORM),
        ("short station", "PK-PB/LHR/PS-1", _FORM),
        ("unknown unit", "PK-XX", errors_pb2.FIELD_REASON_PLACE_UNKNOWN),
        ("unknown district", "PK-PB/XXX", errors_pb2.FIELD_REASON_PLACE_UNKNOWN),
        ("another unit's district", "PK-SD/LHR/PS-001", errors_pb2.FIELD_REASON_PLACE_UNKNOWN),
        ("Cyrillic letter", "\u0420K-PB/LHR/PS-001", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_UUID: (
        ("a word", "registration", _FORM),
        ("without dashes", "6bc0611f855c593985724f7739f4a7f8", _FORM),
        ("in braces", "{6bc0611f-855c-5939-8572-4f7739f4a7f8}", _FORM),
        ("another letter", "6bc0611g-855c-5939-8572-4f7739f4a7f8", _FORM),
        ("a statement", "' OR 1=1 --", _FORM),
    ),
    options_pb2.FORMAT_AGENCY_ID: (
        ("upper case", "Punjab-Police", _FORM),
        ("begins with a digit", "1punjab", _FORM),
        ("one letter", "p", _FORM),
        ("64 letters", "p" * 64, _TOO_LONG),
        ("path", "../punjab", _FORM),
    ),
    options_pb2.FORMAT_OFFENCE_CODE: (
        ("only the section", "376", _FORM),
        ("a title", "rape", _FORM),
        ("not in the table", "PPC-9999", errors_pb2.FIELD_REASON_OFFENCE_UNKNOWN),
        ("full-width digit", "PPC-37\uff16", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_CASE_NUMBER: _of_number(errors_pb2.FIELD_REASON_CASE_NUMBER_FORM),
    options_pb2.FORMAT_FIR_COPY_NUMBER: _of_number(errors_pb2.FIELD_REASON_FIR_COPY_NUMBER_FORM),
    options_pb2.FORMAT_APPLICATION_NUMBER: _of_number(errors_pb2.FIELD_REASON_APPLICATION_NUMBER_FORM),
    options_pb2.FORMAT_PRISONER_NUMBER: _of_number(errors_pb2.FIELD_REASON_PRISONER_NUMBER_FORM),
    options_pb2.FORMAT_OFFICER_NUMBER: (
        ("one character", "P", _FORM),
        ("no digit", "INSPECTOR", _FORM),
        ("a name", "AYESHA-BIBI-1", _FORM),
        ("nine digits", "PB-123456789", _FORM),
        ("41 characters", "A1" + "A" * 39, _TOO_LONG),
        ("11 digits", "PB-12345/678901", _DIGITS),
        ("a word for a victim", "VICTIM-1", _VICTIM),
    ),
    options_pb2.FORMAT_ADDRESS_CODE: (
        ("only a dash", "-", _ADDRESS),
        ("other characters", "UC_12", _ADDRESS),
        ("no digit", "HOUSE", _ADDRESS),
        ("two words", "HOUSE STREET 7", _ADDRESS),
        ("another word", "FATIMA 7", _ADDRESS),
        ("two letters", "A-7-B", _ADDRESS),
        ("six digits", "123456", _ADDRESS),
        ("a CNIC", "82203-1234567-0", _DIGITS),
        ("a word for a victim", "VICTIM FATIMA", _VICTIM),
        ("25 characters", "HOUSE" + " " * 3 + "A-" * 10, _TOO_LONG),
        ("other Urdu letters", "فاطمہ 7", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_POSTAL_CODE: (
        ("four digits", "5400", _FORM),
        ("six digits", "540000", _FORM),
        ("letter", "5400O", _FORM),
        ("full-width digit", "5400\uff10", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_PAGE_TOKEN: (
        ("other characters", "a b", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID),
        ("not ASCII", "ٹوکن", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID),
        ("invisible", "dG9r\u200bZW4", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID),
    ),
    options_pb2.FORMAT_COUNTRY: (
        ("three letters", "PAK", _FORM),
        ("a digit", "P1", _FORM),
        ("not assigned", "XX", errors_pb2.FIELD_REASON_COUNTRY_UNKNOWN),
        ("Cyrillic letter", "P\u041a", _LOOK_ALIKE),
    ),
    options_pb2.FORMAT_UNSPECIFIED: (
        ("space", "0123 4567", _FORM),
        ("Urdu letters", "نسخہ", _FORM),
        ("invisible", "0123\u200b4567", _FORM),
    ),
}


def of_format(text_format: int) -> tuple[Misspelling, ...]:
    """Give the wrong texts of a format: its own, and its good text with each invisible character inside."""
    own = _OWN.get(text_format, ())
    good = _GOOD.get(text_format)
    if good is None:
        return own
    hidden = tuple(
        (what, good[:1] + character + good[1:], errors_pb2.FIELD_REASON_CONTROL_CHARACTER)
        for what, character in _INVISIBLE.items()
    )
    return own + hidden
