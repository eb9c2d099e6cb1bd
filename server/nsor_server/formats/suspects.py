"""Whom access requests, tickets and court cases name: what each needs, and that nobody stands there twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from nsor.v1 import access_requests_pb2, errors_pb2, grants_pb2, types_pb2
from nsor_server.errors import Violation
from nsor_server.formats import dates, messages, person_name

_Today = Callable[[], dt.date]


def _suspect(suspect: grants_pb2.Suspect, path: str, violations: list[Violation], today: _Today) -> None:
    """Who has no number is named by all that tells him from others of his name."""
    if suspect.birth_year > today().year:
        violations.append(Violation(path + "birth_year", errors_pb2.FIELD_REASON_OUT_OF_RANGE))
    if suspect.WhichOneof("identifier"):
        return
    if not suspect.HasField("name"):
        violations.append(Violation(path + "name", errors_pb2.FIELD_REASON_REQUIRED))
    elif not suspect.name.relative_name:
        violations.append(Violation(path + "name.relative_name", errors_pb2.FIELD_REASON_REQUIRED))
    if not suspect.birth_year:
        violations.append(Violation(path + "birth_year", errors_pb2.FIELD_REASON_REQUIRED))


def _searched_name(name: types_pb2.SearchedName, path: str, violations: list[Violation], _today: _Today) -> None:
    """A relation is somebody's, and whoever has by-names is called by each once."""
    if name.relation and not name.relative_name:
        violations.append(Violation(path + "relative_name", errors_pb2.FIELD_REASON_REQUIRED))
    called = [person_name.canonical_key(name.name)]
    for index, by_name in enumerate(name.by_names):
        key = person_name.canonical_key(by_name)
        if key in called:
            violations.append(Violation(f"{path}by_names[{index}]", errors_pb2.FIELD_REASON_DUPLICATE))
        called.append(key)


def _access_request(
    request: access_requests_pb2.CreateAccessRequestRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    for index, suspect in enumerate(request.suspects):
        if suspect.WhichOneof("identifier") and not suspect.HasField("name"):
            violations.append(Violation(f"{path}suspects[{index}].name", errors_pb2.FIELD_REASON_REQUIRED))
    _nobody_twice(request.suspects, path + "suspects[{}]", violations)
    applied, reported = dates.of_field(request.annexure_a, "application_date"), dates.of_field(request.fir, "fir_date")
    if applied and reported and applied < reported:
        violations.append(Violation(path + "annexure_a.application_date", errors_pb2.FIELD_REASON_DATE_ORDER))


def _juveniles(
    request: access_requests_pb2.DecideJuvenileAccessRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if request.decision == access_requests_pb2.JUVENILE_DECISION_PENDING:
        violations.append(Violation(path + "decision", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))


def _persons(
    request: grants_pb2.OpenTicketRequest | grants_pb2.OpenCourtCaseRequest,
    path: str,
    violations: list[Violation],
    _today: _Today,
) -> None:
    _nobody_twice(request.persons, path + "persons[{}]", violations)


def _nobody_twice(suspects: Iterable[grants_pb2.Suspect], path: str, violations: list[Violation]) -> None:
    messages.duplicates(map(_key, suspects), path, violations)


def _key(suspect: grants_pb2.Suspect) -> Hashable | None:
    """What two entries of one person have in common; None where there is nothing yet to go by."""
    given = suspect.WhichOneof("identifier")
    if given == "cnic":
        return suspect.cnic or None
    if given == "document":
        document = suspect.document
        return document.country, document.number, document.kind or types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT
    if not suspect.name.name:
        return None
    names = (suspect.name.name, suspect.name.relative_name)
    return *map(person_name.canonical_key, names), suspect.birth_year


RULES: Final[dict[str, messages.Rule]] = {
    "nsor.v1.SearchedName": _searched_name,
    "nsor.v1.Suspect": _suspect,
    "nsor.v1.CreateAccessRequestRequest": _access_request,
    "nsor.v1.DecideJuvenileAccessRequest": _juveniles,
    "nsor.v1.OpenTicketRequest": _persons,
    "nsor.v1.OpenCourtCaseRequest": _persons,
}
"""By the full name of the message type."""
