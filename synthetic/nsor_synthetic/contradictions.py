"""Requests whose fields contradict each other or the law: one mistake each, written by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.message import Message

from nsor.v1 import (
    access_requests_pb2,
    errors_pb2,
    lookup_pb2,
    notices_pb2,
    options_pb2,
    oversight_pb2,
    registration_pb2,
    types_pb2,
)
from nsor_synthetic import examples
from nsor_synthetic.defect import Defect

_Change = Callable[[Any], None]
_Row = tuple[str, str, errors_pb2.FieldReason.ValueType, tuple[_Change, ...]]
"""What is wrong, the field that the answer names, the rule, and what to change in the example."""

_ONE: Final = errors_pb2.FIELD_REASON_EXACTLY_ONE
_REQUIRED: Final = errors_pb2.FIELD_REASON_REQUIRED
_TWICE: Final = errors_pb2.FIELD_REASON_DUPLICATE
_INVALID: Final = errors_pb2.FIELD_REASON_DATE_INVALID
_ORDER: Final = errors_pb2.FIELD_REASON_DATE_ORDER
_FUTURE: Final = errors_pb2.FIELD_REASON_DATE_FUTURE
_FORM: Final = errors_pb2.FIELD_REASON_FORM
_OUT: Final = errors_pb2.FIELD_REASON_OUT_OF_RANGE
_STEP: Final = re.compile(r"(\w+)(?:\[(\d+)\])?")


def _follow(message: Any, path: str) -> Any:
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        if match is None:
            raise ValueError(f"{path} isn't a path")
        message = getattr(message, match[1])
        if match[2] is not None:
            message = message[int(match[2])]
    return message


def _put(path: str, value: object) -> _Change:
    """Set a field."""
    parent, _, name = path.rpartition(".")
    return lambda request: setattr(_follow(request, parent) if parent else request, name, value)


def _again(path: str) -> _Change:
    """Repeat the first item of a list at its end."""
    return lambda request: _follow(request, path).append(_follow(request, path)[0])


def _as_document(path: str, other: str) -> _Change:
    """Name one suspect by the document of another one, without its kind."""

    def change(request: Any) -> None:
        _follow(request, path).document.CopyFrom(_follow(request, other).document)
        _follow(request, path).document.kind = types_pb2.TRAVEL_DOCUMENT_KIND_UNSPECIFIED

    return change


def _as_named(path: str, other: str) -> _Change:
    """Name one suspect as another one who has no number, in capitals."""

    def change(request: Any) -> None:
        _follow(request, path).CopyFrom(_follow(request, other))
        name = _follow(request, path).name
        name.name, name.relative_name = name.name.upper(), name.relative_name.upper()

    return change


def _without_sentences(request: Any) -> None:
    """Leave every count without a sentence of its own."""
    for count in request.convictions[0].counts:
        count.sentence_kind, count.months = types_pb2.SENTENCE_KIND_NONE, 0


_COUNT: Final = "convictions[0].counts[0]."
_PERSON: Final[tuple[_Row, ...]] = (
    ("neither CNIC nor reason", "person.cnic", _ONE, (_put("person.cnic", ""),)),
    (
        "CNIC and reason",
        "person.cnic",
        _ONE,
        (_put("person.no_cnic_reason", types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED),),
    ),
    (
        "no official name",
        "person.names",
        _REQUIRED,
        tuple(_put(f"person.names[{index}].kind", types_pb2.NAME_KIND_ALIAS) for index in (0, 1)),
    ),
    ("no relation", "person.names[0].relation", _REQUIRED, (_put("person.names[0].relation", 0),)),
    ("no relative", "person.names[0].relative_name", _REQUIRED, (_put("person.names[0].relative_name", ""),)),
    (
        "two scripts",
        "person.names[0].relative_name",
        errors_pb2.FIELD_REASON_NAME_FORM,
        (_put("person.names[0].relative_name", "Muhammad Akram"),),
    ),
    ("name twice", "person.names[2]", _TWICE, (_again("person.names"),)),
    ("document twice", "person.travel_documents[1].number", _TWICE, (_again("person.travel_documents"),)),
    (
        "number twice, spelled otherwise",
        "person.mobile_numbers[1]",
        _TWICE,
        (lambda request: request.person.mobile_numbers.append("0399 0000001"),),
    ),
    (
        "more exact than the month",
        "person.birth_date",
        _INVALID,
        (_put("person.birth_date_precision", types_pb2.DATE_PRECISION_MONTH),),
    ),
    (
        "more exact than the year",
        "person.birth_date",
        _INVALID,
        (
            _put("person.birth_date_precision", types_pb2.DATE_PRECISION_YEAR),
            _put("person.birth_date.day", 1),
        ),
    ),
    (
        "more exact than an apparent age",
        "person.birth_date",
        _INVALID,
        (_put("person.birth_date_precision", types_pb2.DATE_PRECISION_APPARENT_AGE),),
    ),
)
_ORDER_OF_CONVICTION: Final[tuple[_Row, ...]] = (
    ("offence before birth", _COUNT + "offence_date", _ORDER, (_put("person.birth_date.year", 2023),)),
    (
        "judgment before offence",
        "convictions[0].judgment_date",
        _ORDER,
        (_put("convictions[0].judgment_date.year", 2021),),
    ),
    ("FIR before offence", "convictions[0].fir.fir_date", _ORDER, (_put("convictions[0].fir.fir_date.month", 1),)),
    (
        "two years",
        "convictions[0].fir.fir_date",
        errors_pb2.FIELD_REASON_FIR_INCONSISTENT,
        (_put("convictions[0].fir.year", 2021),),
    ),
    (
        "a district",
        "convictions[0].fir.police_station",
        _FORM,
        (_put("convictions[0].fir.police_station", "PK-PB/LHR"),),
    ),
    (
        "a unit",
        "convictions[0].court_case.place_code",
        _FORM,
        (_put("convictions[0].court_case.place_code", "PK-PB"),),
    ),
    ("a unit", "addresses[0].place_code", _FORM, (_put("addresses[0].place_code", "PK-PB"),)),
    ("no current one", "addresses", _REQUIRED, (_put("addresses[0].kind", types_pb2.ADDRESS_KIND_PERMANENT),)),
    ("twice", "addresses[1]", _TWICE, (_again("addresses"),)),
    ("months of life", _COUNT + "months", _OUT, (_put(_COUNT + "sentence_kind", types_pb2.SENTENCE_KIND_LIFE),)),
    ("no months", _COUNT + "months", _OUT, (_put(_COUNT + "months", 0),)),
    ("no sentence at all", _COUNT + "sentence_kind", _REQUIRED, (_without_sentences,)),
    ("held by nobody", "custody.prisons_agency_id", _REQUIRED, (_put("custody.prisons_agency_id", ""),)),
    (
        "released and held",
        "custody.prisons_agency_id",
        _ONE,
        (_put("custody.state", types_pb2.CUSTODY_STATE_RELEASED),),
    ),
)
_NOTICE: Final[tuple[_Row, ...]] = (
    ("expected and past", "event_date", _ORDER, (_put("timing", notices_pb2.NOTICE_TIMING_EXPECTED),)),
    ("happened and future", "event_date", _FUTURE, (_put("event_date.year", 2199),)),
    ("received before it happened", "received_date", _ORDER, (_put("received_date.month", 2),)),
    ("a district", "receiving_station", _FORM, (_put("receiving_station", "PK-PB/LHR"),)),
    ("no kind", "address", _ONE, (lambda request: request.ClearField("address"),)),
    ("no fixed abode in a street", "address.no_fixed_abode", _ONE, (_put("address.no_fixed_abode", value=True),)),
)
_ACCESS: Final[tuple[_Row, ...]] = (
    (
        "the same number, spelled otherwise",
        "suspects[3]",
        _TWICE,
        (_again("suspects"), _put("suspects[3].cnic", "82203-1234567-\u06f0")),
    ),
    (
        "the same passport, its kind not said",
        "suspects[3]",
        _TWICE,
        (_again("suspects"), _as_document("suspects[3]", "suspects[1]")),
    ),
    (
        "the same name, in capitals",
        "suspects[3]",
        _TWICE,
        (_again("suspects"), _as_named("suspects[3]", "suspects[2]")),
    ),
    ("no name", "suspects[0].name", _REQUIRED, (lambda request: request.suspects[0].ClearField("name"),)),
    (
        "neither number nor name",
        "suspects[2].name",
        _REQUIRED,
        (lambda request: request.suspects[2].ClearField("name"),),
    ),
    (
        "neither number nor relative",
        "suspects[2].name.relative_name",
        _REQUIRED,
        (_put("suspects[2].name.relative_name", ""), _put("suspects[2].name.relation", 0)),
    ),
    (
        "a relation to nobody",
        "suspects[0].name.relative_name",
        _REQUIRED,
        (_put("suspects[0].name.relative_name", ""),),
    ),
    (
        "a by-name that is the name",
        "suspects[0].name.by_names[0]",
        _TWICE,
        (lambda request: request.suspects[0].name.by_names.insert(0, "NASREEN AKHTAR"),),
    ),
    (
        "a by-name twice",
        "suspects[0].name.by_names[1]",
        _TWICE,
        (lambda request: request.suspects[0].name.by_names.append("NASEEM"),),
    ),
    (
        "by-names of nobody",
        "suspects[0].name.name",
        _REQUIRED,
        (_put("suspects[0].name.name", ""),),
    ),
    ("neither number nor year", "suspects[2].birth_year", _REQUIRED, (_put("suspects[2].birth_year", 0),)),
    ("not born yet", "suspects[2].birth_year", _OUT, (_put("suspects[2].birth_year", 2099),)),
    ("before the FIR", "annexure_a.application_date", _ORDER, (_put("annexure_a.application_date.month", 8),)),
)
_LOOK_UP: Final[tuple[_Row, ...]] = (
    ("empty", "basis", _ONE, (lambda request: request.basis.ClearField("basis"),)),
    ("nobody", "cnic", _ONE, (lambda request: request.ClearField("subject"),)),
    (
        "another purpose's",
        "basis.prisoner_number",
        _REQUIRED,
        (_put("purpose", options_pb2.PURPOSE_CUSTODY),),
    ),
)
_ACCESSES: Final[tuple[_Row, ...]] = (
    ("before the start", "end_time", _ORDER, (_put("end_time.seconds", 1_600_000_000),)),
)
_ROWS: Final[dict[type[Message], tuple[_Row, ...]]] = {
    registration_pb2.CreateRegistrationRequest: _PERSON + _ORDER_OF_CONVICTION,
    notices_pb2.CreateNoticeRequest: _NOTICE,
    access_requests_pb2.CreateAccessRequestRequest: _ACCESS,
    lookup_pb2.LookUpRegistrationRequest: _LOOK_UP,
    oversight_pb2.ListAccessesRequest: _ACCESSES,
}


def contradictions(seed: int) -> Iterator[Defect]:
    """Give them; the same seed gives the same ones."""
    requests = list(examples.requests(seed))
    for kind, rows in _ROWS.items():
        example = next(request for request in requests if isinstance(request, kind))
        for title, field, reason, changes in rows:
            request = _changed(example, changes)
            yield Defect(f"{request.DESCRIPTOR.name} {field}: {title}", request, field, reason)
    yield from _unlawful(examples.create_registration(seed))


def _changed(example: Message, changes: tuple[_Change, ...]) -> Message:
    request = type(example)()
    request.CopyFrom(example)
    for change in changes:
        change(request)
    return request


def _unlawful(example: Message) -> Iterator[Defect]:
    """Convicted persons only, and only for what the Act lists. These pass the checker; the rules refuse them."""
    for verdict in (types_pb2.VERDICT_ACQUITTED, types_pb2.VERDICT_DISCHARGED, types_pb2.VERDICT_PENDING):
        field = "convictions[0].verdict"
        yield Defect(
            f"{field}: not convicted",
            _changed(example, (_put(field, verdict),)),
            field,
            errors_pb2.FIELD_REASON_NOT_A_CONVICTION,
            errors_pb2.ERROR_REASON_NOT_CONVICTED,
        )
    woman, child, man = (
        types_pb2.VICTIM_CLASS_WOMAN,
        types_pb2.VICTIM_CLASS_CHILD,
        types_pb2.VICTIM_CLASS_OTHER_ADULT,
    )
    for title, code, victim, year in (
        ("repealed on the day of the offence", "PPC-292B", child, 2023),
        ("not yet law on the day of the offence", "PECA-22", child, 2015),
        ("connected only, alone", "PPC-34", woman, 2022),
        ("attempt alone", "PPC-511", child, 2022),
        ("scheduled, and the victim a man", "PPC-354A", man, 2022),
        ("scheduled, and the victim's class not stated", "PPC-336B", types_pb2.VICTIM_CLASS_NOT_STATED, 2022),
        ("on neither definition", "PPC-506", woman, 2022),
    ):
        field = _COUNT + "offence_code"
        changes = (
            _alone,
            _put(field, code),
            _put(_COUNT + "victim_class", victim),
            _put(_COUNT + "offence_date.year", year),
            _put("convictions[0].fir.year", year),
            _put("convictions[0].fir.fir_date.year", year),
            _put("convictions[0].judgment_date.year", year + 1),
        )
        yield Defect(
            f"{field}: {title}",
            _changed(example, changes),
            field,
            errors_pb2.FIELD_REASON_UNSPECIFIED,
            errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE,
        )
    field = _COUNT + "underlying_offence_code"
    yield Defect(
        f"{field}: of a section that is no attempt",
        _changed(example, (_alone, _put(field, "PPC-377"))),
        field,
        errors_pb2.FIELD_REASON_ONLY_WITH_ATTEMPT,
        errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE,
    )


def _alone(request: Any) -> None:
    """Leave the first count of the conviction alone."""
    del request.convictions[0].counts[1:]
