# ruff: noqa: RUF001 - digits and dashes that look like others are what is tested

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.v1 import errors_pb2, options_pb2
from nsor_server.formats import cnic, documents, mobile, page_tokens, place_code, travel_document, uuids
from nsor_server.formats.errors import FormatError
from nsor_server.formats.normalisers import normalisers
from nsor_server.policy import written_forms
from nsor_server.policy.offences import OffenceTable
from nsor_server.policy.places import Places

NORMALISERS = normalisers(Places.load(), OffenceTable.load(), written_forms.load())

_MESSY = st.text(st.characters() | st.sampled_from("0123456789۰۱۲۳۸۹٠٣٨-–—−‐‑ +/.\u00a0\u202e\u200b８𝟘०АΑABCPKZ"))


@pytest.mark.parametrize(
    "written",
    [
        "8220312345670",
        "82203-1234567-0",
        " 82203 1234567 0 ",
        "۸۲۲۰۳-۱۲۳۴۵۶۷-۰",
        "٨٢٢٠٣١٢٣٤٥٦٧٠",
        "82203–1234567—0",
        "82203−1234567‑0",
        "82203\u00a01234567\u20090",
        "۸۲۲03-1234567-٠",
    ],
)
def test_a_cnic_is_one_number_however_it_is_typed(written: str) -> None:
    # Azad Kashmir (8) and a last digit of 0 are valid; Urdu and Arabic-Indic digits and dashes are normalised.
    assert cnic.normalise(written) == "8220312345670"


@pytest.mark.parametrize(
    "written", ["0-1234567-82203", "0 1234567 82203", "۰-۱۲۳۴۵۶۷-۸۲۲۰۳", "82203-0-1234567", "1234567-82203-0"]
)
def test_the_groups_of_a_cnic_are_never_put_in_another_order(written: str) -> None:
    # A right-to-left editor turns them round. Read on as one number they would be somebody else's.
    with pytest.raises(FormatError) as refused:
        cnic.normalise(written)
    assert refused.value.reason == errors_pb2.FIELD_REASON_CNIC_GROUP_ORDER


@pytest.mark.parametrize("first", "12345678")
@pytest.mark.parametrize("last", "0123456789")
def test_every_unit_and_every_last_digit_has_cnics(first: str, last: str) -> None:
    # No check digit is published, so none is invented.
    assert cnic.normalise(f"{first}52021234568{last}") == f"{first}52021234568{last}"


@pytest.mark.parametrize(
    "written",
    ["03990000001", "3990000001", "923990000001", "+923990000001", "00923990000001", "0399-0000001", "۰۳۹۹۰۰۰۰۰۰۱"],
)
def test_a_mobile_number_becomes_e164(written: str) -> None:
    assert mobile.normalise(written) == "+923990000001"


def test_operators_prefixes_are_not_guessed() -> None:
    # A library with a list of prefixes refused valid numbers of 0326.
    assert mobile.normalise("03260000001") == "+923260000001"


def test_codes_come_out_in_their_one_form() -> None:
    assert travel_document.normalise("zz 000-0001") == "ZZ0000001"
    assert place_code.normalise(" pk–pb/lhr/ps‑001 ") == "PK-PB/LHR/PS-001"
    assert uuids.normalise("6BC0611F-855C-5939-8572-4F7739F4A7F8") == "6bc0611f-855c-5939-8572-4f7739f4a7f8"
    assert documents.normalise_offence_code("ppc–376") == "PPC-376"
    assert NORMALISERS[options_pb2.FORMAT_OFFICER_NUMBER]("pb-۱۲۳۴") == "PB-1234"
    assert page_tokens.normalise("dG9rZW4") == "dG9rZW4"


@pytest.mark.parametrize("text_format", sorted(NORMALISERS))
@given(text=_MESSY)
def test_a_normal_form_is_its_own_normal_form_and_refusals_carry_no_value(text_format: int, text: str) -> None:
    # Whatever is sent: a normal form, or a reason from the contract. Nothing else escapes, and never the value.
    normalise = NORMALISERS[text_format]
    normal, refusal = _attempt(text_format, text)
    if refusal is not None:
        assert str(refusal) == errors_pb2.FieldReason.Name(refusal.reason)
        assert refusal.__cause__ is None
    else:
        assert normalise(normal) == normal
        assert normal.isascii() or text_format in {options_pb2.FORMAT_PERSON_NAME, options_pb2.FORMAT_SEARCHED_NAME}


def _attempt(text_format: int, text: str) -> tuple[str, FormatError | None]:
    try:
        return NORMALISERS[text_format](text), None
    except FormatError as error:
        return "", error
