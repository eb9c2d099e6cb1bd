"""What may stand in each field of a request, with an example: read from the contract's field options.

The register says which rule was broken; here stands what is right. The examples name nobody.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from nsor.advice import Words
from nsor.errors import FieldViolation
from nsor.v1 import options_pb2


class Form(NamedTuple):
    """What a format allows, in both languages, and an example that the register takes."""

    en: str
    ur: str
    example: str


FORMS: dict[options_pb2.Format.ValueType, Form] = {
    options_pb2.FORMAT_CNIC: Form(
        "13 digits, the first 1 to 8, with or without dashes",
        "13 ہندسے، پہلا 1 سے 8 تک، ڈیش کے ساتھ یا بغیر",
        "35201-1234567-1",
    ),
    options_pb2.FORMAT_TRAVEL_DOCUMENT: Form(
        "5 to 12 of A-Z 0-9, no word in it, longer on the identity cards of some countries",
        "A-Z 0-9 میں سے 5 سے 12، بغیر کسی لفظ کے، بعض ممالک کے شناختی کارڈوں پر زیادہ",
        "AB1234567",
    ),
    options_pb2.FORMAT_MOBILE: Form("a Pakistani mobile number", "پاکستانی موبائل نمبر", "0300-1234567"),
    options_pb2.FORMAT_PERSON_NAME: Form(
        "one name in one script, Urdu or Roman, 1 to 120 letters",
        "ایک رسم الخط میں ایک نام، 1 سے 120 حروف",
        "Muhammad Aslam",
    ),
    options_pb2.FORMAT_SEARCHED_NAME: Form(
        "one name, each word in one script, Urdu or Roman, 1 to 120 letters",
        "ایک نام، ہر لفظ ایک رسم الخط میں، 1 سے 120 حروف",
        "Muhammad اسلم",
    ),
    options_pb2.FORMAT_PLACE_CODE: Form(
        "a province, district or station (`nsor places NAME` finds it)",
        "صوبہ، ضلع یا تھانہ (`nsor places NAME` سے تلاش کریں)",
        "PK-PB/LHR/PS-001",
    ),
    options_pb2.FORMAT_UUID: Form("an id", "شناختی نمبر", "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10"),
    options_pb2.FORMAT_AGENCY_ID: Form(
        "2 to 63 of a-z 0-9 -, a letter first", "a-z 0-9 - میں سے 2 سے 63، پہلا حرف", "punjab-police"
    ),
    options_pb2.FORMAT_OFFENCE_CODE: Form(
        "a section of the offence table (`nsor offences WORD` finds it)",
        "جرائم کی فہرست کی دفعہ (`nsor offences WORD` سے تلاش کریں)",
        "PPC-376",
    ),
    options_pb2.FORMAT_CASE_NUMBER: Form(
        "a case number as courts write it, with its year",
        "مقدمے کا نمبر جیسے عدالت لکھتی ہے، سال کے ساتھ",
        "Sessions Case No. 123/2022",
    ),
    options_pb2.FORMAT_FIR_COPY_NUMBER: Form("the number of the FIR's copy", "ایف آئی آر کی نقل کا نمبر", "FC-12/2022"),
    options_pb2.FORMAT_APPLICATION_NUMBER: Form("the application's number", "درخواست کا نمبر", "APP-9/2022"),
    options_pb2.FORMAT_PRISONER_NUMBER: Form("a prisoner's number", "قیدی کا نمبر", "P-1234/2023"),
    options_pb2.FORMAT_VERIFICATION_NUMBER: Form(
        "the reference number of NADRA's verification", "نادرا کی تصدیق کا حوالہ نمبر", "VR-1234/2026"
    ),
    options_pb2.FORMAT_OFFICER_NUMBER: Form(
        "up to 8 digits, alone or after B, C, P, F, HC, ASI, SI, IP, DSP, SP, PP, DPP, JM, SJ, SYSTEM or the code of a "
        "province or a district (`nsor places NAME` finds it)",
        "8 تک ہندسے، اکیلے یا B، C، P، F، HC، ASI، SI، IP، DSP، SP، PP، DPP، JM، SJ، SYSTEM یا صوبے یا ضلع کے کوڈ کے "
        "بعد (`nsor places NAME` سے تلاش کریں)",
        "PB-1234",
    ),
    options_pb2.FORMAT_ADDRESS_CODE: Form(
        "a number, with at most one word (HOUSE, FLAT, PLOT, STREET, CHAK, WARD, UC, ...) and one letter",
        "ایک نمبر، ساتھ زیادہ سے زیادہ ایک لفظ (مکان، فلیٹ، پلاٹ، گلی، چک، وارڈ، ...) اور ایک حرف",
        "12-B",
    ),
    options_pb2.FORMAT_POSTAL_CODE: Form("five digits", "پانچ ہندسے", "54000"),
    options_pb2.FORMAT_DATE: Form("a day of the calendar from 1900 on", "سن 1900 یا اس کے بعد کا دن", "05.03.2024"),
    options_pb2.FORMAT_PAGE_TOKEN: Form(
        "the token of the page before, unchanged", "پچھلے صفحے کا ٹوکن، بغیر تبدیلی", "CAESEDAxOGM0"
    ),
    options_pb2.FORMAT_CANDIDATE_ID: Form(
        "the id of a candidate, as `nsor search` gave it", "وہ نمبر جو `nsor search` نے دیا", "CAESEDAxOGM0"
    ),
    options_pb2.FORMAT_WITNESS_KEY: Form(
        "a witness's verifier key: its name in small letters, +, the key's id, +, the key",
        "تصدیق کنندہ کی جانچ کی کلید: چھوٹے حروف میں نام، +، کلید کا شناختی نمبر، +، کلید",
        "witness.example/one+94987d11+BAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
    ),
    options_pb2.FORMAT_COUNTRY: Form("two capital letters of a country", "ملک کے دو بڑے حروف", "PK"),
    options_pb2.FORMAT_VEHICLE_NUMBER: Form(
        "1 to 3 letters, perhaps two digits of a year, and 1 to 4 digits",
        "1 سے 3 حروف، شاید سال کے دو ہندسے، اور 1 سے 4 ہندسے",
        "LEB-12-1234",
    ),
    options_pb2.FORMAT_CARRIER_CODE: Form(
        "the two characters of an airline, of which one is a letter",
        "ایئر لائن کے دو حرف یا ہندسے، جن میں ایک حرف ہو",
        "PK",
    ),
    options_pb2.FORMAT_EMAIL_ADDRESS: Form("an e-mail address", "ای میل پتا", "name@example.pk"),
    options_pb2.FORMAT_ACCOUNT_NAME: Form(
        "the name of an account, 2 to 40 characters", "اکاؤنٹ کا نام، 2 سے 40 حروف", "name.123"
    ),
    options_pb2.FORMAT_FINGERPRINT_REFERENCE: Form(
        "the number under which fingerprints are kept", "فنگر پرنٹ ریکارڈ کا حوالہ نمبر", "FPB-123/2022"
    ),
    options_pb2.FORMAT_DEATH_CERTIFICATE_NUMBER: Form(
        "the number of a certificate of death", "موت کے سرٹیفکیٹ کا نمبر", "CRMS-12345/2025"
    ),
    options_pb2.FORMAT_DNA_REFERENCE: Form(
        "the number under which a DNA profile is kept", "ڈی این اے ریکارڈ کا حوالہ نمبر", "DNA-123/2022"
    ),
}
"""Every format of the contract; a test walks them and gives each example to the register's own check."""

_SAYS_NO_FORM = frozenset(
    {
        *("FORM", "CNIC_FORM", "NAME_FORM", "PLACE_UNKNOWN", "OFFENCE_UNKNOWN", "DATE_INVALID", "UNKNOWN_VALUE"),
        *("ADDRESS_CODE_FORM", "CASE_NUMBER_FORM", "FIR_COPY_NUMBER_FORM", "APPLICATION_NUMBER_FORM"),
        *("PRISONER_NUMBER_FORM", "COUNTRY_UNKNOWN", "VERIFICATION_NUMBER_FORM"),
    }
)
"""Reasons of nsor.v1.FieldReason that say no more than "not of its form": the form takes the description's place."""
_NEEDS_FORM = frozenset({"REQUIRED", "TOO_LONG", "TOO_SHORT", "OUT_OF_RANGE", "TOO_MANY_DIGITS"})
"""Reasons whose description stays, with the form behind it. Any other reason isn't about the form."""
_STEP = re.compile(r"([a-z][a-z0-9_]*)(?:\[[0-9]+\])?")


def with_forms(request: Message, violations: Iterable[FieldViolation]) -> tuple[FieldViolation, ...]:
    """The violations, each with the form of its field where that helps."""
    return tuple(dataclasses.replace(violation, form=_form(request, violation)) for violation in violations)


def _form(request: Message, violation: FieldViolation) -> Words | None:
    if violation.reason not in _SAYS_NO_FORM | _NEEDS_FORM:
        return None
    field = at(request, violation.field)
    # What the register was sent are bytes: that JSON wants them in base64 is no help, and wrong for a file.
    form = None if field is None or field.type == FieldDescriptor.TYPE_BYTES else of(field)
    if form is None or violation.reason in _SAYS_NO_FORM:
        return form
    said = violation.description
    return Words(f"{said.en}: {form.en}", f"{said.ur}: {form.ur}")


def at(message: Message, path: str) -> FieldDescriptor | None:
    """The field of a path such as ``convictions[0].counts[1].code``; None if the contract has no such field."""
    descriptor: Any = message.DESCRIPTOR
    found: FieldDescriptor | None = None
    for step in path.split("."):
        name = _STEP.fullmatch(step)
        if name is None or descriptor is None:
            return None
        found = descriptor.fields_by_name.get(name[1])
        if found is None:
            return None
        descriptor = found.message_type
    return found


def of(field: FieldDescriptor) -> Words | None:
    """What may stand in a field, in both languages; None for what the contract gives no rule."""
    rule = field.GetOptions().Extensions[options_pb2.field]
    form = FORMS.get(rule.format)
    if form is not None:
        return Words(f"{form.en}, such as {form.example}", f"{form.ur}، جیسے {form.example}")
    if field.is_repeated:
        return _list(max(rule.min_len, int(rule.required)), rule.max_len)
    if field.enum_type is not None:
        # As files take them from people, without what all values share; the whole names are taken as well.
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        values = ", ".join(value.name.removeprefix(prefix) for value in field.enum_type.values if value.number)
        return Words(f"one of {values}", f"ان میں سے ایک: {values}")
    return _number(rule) if rule.max else _PLAIN.get(field.type)


_PLAIN = {
    FieldDescriptor.TYPE_MESSAGE: Words("an object in { }", "{ } میں آبجیکٹ"),
    FieldDescriptor.TYPE_BOOL: Words("true or false", "true یا false"),
    FieldDescriptor.TYPE_BYTES: Words("bytes in base64", "base64 میں بائٹ"),
    FieldDescriptor.TYPE_STRING: Words("text in quotes", "کوٹس میں متن"),
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT32,
            FieldDescriptor.TYPE_INT64,
            FieldDescriptor.TYPE_UINT32,
            FieldDescriptor.TYPE_UINT64,
        ),
        Words("a whole number", "مکمل عدد"),
    ),
}
"""What JSON wants where the contract has no rule of its own."""


def _list(least: int, most: int) -> Words:
    if not most:
        return Words("a list in [ ]", "[ ] میں فہرست")
    return Words(f"a list of {least} to {most} in [ ]", f"[ ] میں {least} سے {most} اندراجات کی فہرست")


def _number(rule: options_pb2.FieldRule) -> Words:
    return Words(f"a whole number from {rule.min} to {rule.max}", f"{rule.min} سے {rule.max} تک مکمل عدد")
