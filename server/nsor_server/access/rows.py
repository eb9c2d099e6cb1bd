"""Which rows a caller sees: what each scope of the contract means, for the agency and for the officer.

This is the one rule of jurisdiction, as SQL for what is read and as Python for what a request names. Both mean
``access.facts.contains``. A predicate is part of the read, so that "absent" and "not yours" are one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final, LiteralString

from nsor.v1 import errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.contract import ContractError
from nsor_server.access.facts import contains
from nsor_server.calls import Agency, Officer
from nsor_server.storage import arrays
from nsor_server.storage.session import Statement

APPELLATE_COURTS: Final = frozenset(
    {
        types_pb2.COURT_KIND_HIGH_COURT,
        types_pb2.COURT_KIND_FEDERAL_SHARIAT_COURT,
        types_pb2.COURT_KIND_SUPREME_COURT,
    }
)
"""Kinds of court that hear appeals. A court that also tries isn't one by that."""

_WITHIN: Final = """EXISTS (
    SELECT FROM unnest(%s) AS place
    WHERE EXISTS (
        SELECT FROM unnest($2) AS j WHERE j IN ('PK', place) OR starts_with(place, j || '/')
    ) AND EXISTS (
        SELECT FROM unnest($3) AS j WHERE j IN ('PK', place) OR starts_with(place, j || '/')
    )
)"""
"""One of the places lies within both jurisdictions."""

_PREDICATES: Final[Mapping[int, str]] = {
    options_pb2.ROW_SCOPE_OWN_AGENCY: "{own_agency} = {agency_id}",
    options_pb2.ROW_SCOPE_PART_IN_CASE: _WITHIN % "{case_places}",
    options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE: "{confirmed} AND " + _WITHIN % "ARRAY[{responsible_place}]",
    options_pb2.ROW_SCOPE_JURISDICTION: _WITHIN % "ARRAY[{place}]",
    options_pb2.ROW_SCOPE_APPELLATE_COURT: "$4 AND " + _WITHIN % "{case_places}",
    options_pb2.ROW_SCOPE_CUSTODY: "{confirmed} AND {custodian} = {agency_id}",
    options_pb2.ROW_SCOPE_RECIPIENTS: "{own_agency} = {agency_id}",
    options_pb2.ROW_SCOPE_ALL: "true",
}
"""Scope -> its condition, over the names of ``Columns``, the agency's id and ``PARAMETERS``."""
NARROWED: Final = frozenset(
    {
        options_pb2.ROW_SCOPE_PART_IN_CASE,
        options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE,
        options_pb2.ROW_SCOPE_JURISDICTION,
        options_pb2.ROW_SCOPE_APPELLATE_COURT,
    }
)
"""Scopes that an officer's places narrow, whatever the table."""
PARAMETERS: Final = (25, 1009, 1009, 16)
"""Types of the parameters of a predicate, which may use only some of them: text, text[], text[], boolean."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table has what the scopes go by, each as an SQL expression; None: the table has no such thing.

    Attributes:
        own_agency: id of the agency that made or owns the row, or to which it is owed.
        case_places: places of the case's courts and FIRs, a ``text[]``.
        responsible_place: the place whose police are responsible.
        place: the row's own place or district.
        custodian: id of the agency that has the person in custody.
        confirmed: whether the row is confirmed, a boolean.
    """

    own_agency: LiteralString | None = None
    case_places: LiteralString | None = None
    responsible_place: LiteralString | None = None
    place: LiteralString | None = None
    custodian: LiteralString | None = None
    confirmed: LiteralString | None = None


def predicate(
    scope: options_pb2.RowScope.ValueType, columns: Columns, agency_id: LiteralString = "$1"
) -> LiteralString:
    """The condition of a row's being in a scope, with the parameters of ``parameters`` as ``$1`` to ``$4``.

    Args:
        scope: of the contract.
        columns: of the table.
        agency_id: what stands for the caller's id.

    Raises:
        ContractError: the table lacks what the scope goes by, or there is no such scope. Build predicates at start, so
            that a contract that can't be kept starts no server.
    """
    condition = _PREDICATES.get(scope)
    if condition is None:
        raise ContractError(f"no rows are in the scope {scope}")
    if scope == options_pb2.ROW_SCOPE_OWN_AGENCY and (columns.case_places or columns.place):
        # The agency's own rows are narrowed to the officer's places where a table has places.
        condition += " AND " + _WITHIN % ("{case_places}" if columns.case_places else "ARRAY[{place}]")
    present = {name: text for name, text in asdict(columns).items() if text is not None}
    try:
        return condition.format_map({**present, "agency_id": agency_id})
    except KeyError as missing:
        name = options_pb2.RowScope.Name(scope)
        raise ContractError(f"{name} needs the column {missing.args[0]}, which the table has not") from None


def statements(
    name: str, sql: str, columns: Columns, scopes: Iterable[options_pb2.RowScope.ValueType]
) -> dict[options_pb2.RowScope.ValueType, Statement]:
    """A statement for each scope, with the parameters of ``parameters`` as the first four; its own begin at ``$5``.

    Args:
        name: of the statement, which no other has.
        sql: constants alone, with ``{rows}`` where the scope's condition stands.
        columns: of the table.
        scopes: those that the contract gives; another scope shows nothing.

    Raises:
        ContractError: as ``predicate``.
    """
    return {
        scope: Statement(
            f"{name} {scope}".encode(), sql.replace("{rows}", predicate(scope, columns)).encode(), PARAMETERS
        )
        for scope in scopes
    }


def predicate_in_batch(
    columns: Columns, scopes: Iterable[options_pb2.RowScope.ValueType], of_case: LiteralString
) -> str:
    """The condition for many callers at once: each is a row of ``q`` with ``rows``, its scope, and ``agency_id``.

    A scope that goes by places isn't for a batch, but for PART_IN_CASE: there the caller has to name the case, whose
    places are looked at before, and the row has to be of that case.

    Args:
        columns: of the table.
        scopes: those that the contract gives; another scope shows nothing.
        of_case: whether the row is of the case that the caller names, an SQL expression.

    Raises:
        ContractError: as ``predicate``.
    """
    cases = []
    for scope in scopes:
        by_case = scope == options_pb2.ROW_SCOPE_PART_IN_CASE
        condition = of_case if by_case else predicate(scope, columns, "q.agency_id")
        if "$" in condition:
            raise ContractError(f"{options_pb2.RowScope.Name(scope)} goes by places, which a batch has not")
        cases.append(f"WHEN {scope:d} THEN {condition}")
    return f"CASE q.rows {' '.join(cases)} ELSE false END"


def parameters(agency: Agency, officer: Officer | None) -> tuple[bytes, bytes, bytes, bytes]:
    """What every predicate needs to know of the caller, in the binary format: the first of a statement's parameters."""
    return (
        agency.agency_id.encode(),
        arrays.texts(agency.jurisdiction),
        arrays.texts(_narrower(agency, officer)),
        arrays.boolean(not APPELLATE_COURTS.isdisjoint(agency.court_kinds)),
    )


def within(agency: Agency, officer: Officer | None, places: Iterable[str]) -> bool:
    """Tell whether every place lies within the agency's jurisdiction and the officer's."""
    narrower = _narrower(agency, officer)
    return all(contains(agency.jurisdiction, place) and contains(narrower, place) for place in places)


def require_within(agency: Agency, officer: Officer | None, places: Iterable[str]) -> None:
    """See that every place that a request names lies within the agency's jurisdiction and the officer's.

    Raises:
        Denied: OUTSIDE_JURISDICTION.
    """
    if not within(agency, officer, places):
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)


def _narrower(agency: Agency, officer: Officer | None) -> tuple[str, ...]:
    """The officer's own jurisdiction; where he has none, or there is no officer, the agency's."""
    return officer.jurisdiction if officer is not None and officer.jurisdiction else agency.jurisdiction
