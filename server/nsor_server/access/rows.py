"""Which rows a caller sees: what each scope of the contract means, for the agency and for the officer.

This is the one rule of jurisdiction, as SQL for what is read and as Python for what a request names and for what was
read. Both mean ``access.facts.contains``. A predicate is part of the read, so that "absent" and "not yours" are one
answer; what was read is looked at again when its seal is open, since the owner of the database says what SQL means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, LiteralString, NamedTuple

from nsor.v1 import errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.contract import ContractError
from nsor_server.access.facts import contains
from nsor_server.calls import Agency, Call, Officer
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
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
    SELECT FROM pg_catalog.unnest({places}) AS place
    WHERE EXISTS (
        SELECT FROM pg_catalog.unnest($2) AS j
        WHERE j OPERATOR(pg_catalog.=) ANY (ARRAY['PK', place])
            OR pg_catalog.starts_with(place, j OPERATOR(pg_catalog.||) '/')
    ) AND EXISTS (
        SELECT FROM pg_catalog.unnest($3) AS j
        WHERE j OPERATOR(pg_catalog.=) ANY (ARRAY['PK', place])
            OR pg_catalog.starts_with(place, j OPERATOR(pg_catalog.||) '/')
    )
)"""
"""One of the places lies within both jurisdictions. Whatever it uses is PostgreSQL's own, not one of the schema's."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a scope asks of a row, in the names of ``Columns``. SQL and Python are both made of this.

    Attributes:
        agencies: where the row has the caller's own agency: in one of them.
        places: of these, one lies within the agency's jurisdiction and the officer's.
        narrowed: likewise, but only of a table that has one of them.
        confirmed: it is confirmed.
        appellate: the caller hears appeals.
        archived: it may be archived.
    """

    agencies: tuple[str, ...] = ()
    places: str = ""
    narrowed: tuple[str, ...] = ()
    confirmed: bool = False
    appellate: bool = False
    archived: bool = False


_SCOPES: Final[Mapping[int, _Scope]] = {
    options_pb2.ROW_SCOPE_OWN_AGENCY: _Scope(agencies=("own_agency",), narrowed=("case_places", "place")),
    options_pb2.ROW_SCOPE_PART_IN_CASE: _Scope(places="case_places"),
    options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE: _Scope(places="responsible_place", confirmed=True),
    options_pb2.ROW_SCOPE_JURISDICTION: _Scope(places="place"),
    options_pb2.ROW_SCOPE_APPELLATE_COURT: _Scope(places="case_places", appellate=True),
    options_pb2.ROW_SCOPE_CUSTODY: _Scope(agencies=("custodian",), confirmed=True),
    options_pb2.ROW_SCOPE_RECIPIENTS: _Scope(agencies=("own_agency",)),
    options_pb2.ROW_SCOPE_ALL: _Scope(archived=True),
    options_pb2.ROW_SCOPE_CUSTODY_OR_TRANSFER: _Scope(agencies=("custodian", "receiving_agency"), confirmed=True),
    options_pb2.ROW_SCOPE_RELEASE_PLACE: _Scope(places="release_places", confirmed=True),
    options_pb2.ROW_SCOPE_TRANSFER_PLACES: _Scope(places="transfer_places", confirmed=True),
}
"""What each scope of the contract means."""
NARROWED: Final = frozenset(
    {
        options_pb2.ROW_SCOPE_PART_IN_CASE,
        options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE,
        options_pb2.ROW_SCOPE_JURISDICTION,
        options_pb2.ROW_SCOPE_APPELLATE_COURT,
        options_pb2.ROW_SCOPE_RELEASE_PLACE,
        options_pb2.ROW_SCOPE_TRANSFER_PLACES,
    }
)
"""Scopes that an officer's places narrow, whatever the table."""
_LISTS: Final = frozenset({"case_places", "release_places", "transfer_places"})
"""Columns of places that are a ``text[]``; of an empty one no place lies anywhere."""
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
        receiving_agency: id of the agency that is to admit the person.
        release_places: the place of the address after release, or nothing, a ``text[]``.
        transfer_places: the responsible place, and that of an open transfer, a ``text[]``.
        confirmed: whether the row is confirmed, a boolean.
        sealed: whether the row is sealed, a boolean: no scope shows one. None: such rows are never sealed.
        archived: whether the row is archived, a boolean: ROW_SCOPE_ALL alone shows one. None: such rows never are.
    """

    own_agency: LiteralString | None = None
    case_places: LiteralString | None = None
    responsible_place: LiteralString | None = None
    place: LiteralString | None = None
    custodian: LiteralString | None = None
    receiving_agency: LiteralString | None = None
    release_places: LiteralString | None = None
    transfer_places: LiteralString | None = None
    confirmed: LiteralString | None = None
    sealed: LiteralString | None = None
    archived: LiteralString | None = None


class Said(NamedTuple):
    """What a row that was read says of itself, by its seal: the values of ``Columns``; None: it has no such thing."""

    own_agency: str | None = None
    case_places: Sequence[str] | None = None
    responsible_place: str | None = None
    place: str | None = None
    custodian: str | None = None
    receiving_agency: str | None = None
    release_places: Sequence[str] | None = None
    transfer_places: Sequence[str] | None = None
    confirmed: bool | None = None
    sealed: bool | None = None
    archived: bool | None = None

    def places(self, name: str) -> Sequence[str] | None:
        """The places of a column: several of a case, one of any other."""
        found = getattr(self, name)
        return (found,) if isinstance(found, str) else found


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
    rule = _rule(scope)
    places = rule.places or next((name for name in rule.narrowed if getattr(columns, name)), "")
    conditions = []
    if columns.sealed:
        conditions.append("NOT {sealed}")
    if columns.archived and not rule.archived:
        conditions.append("NOT {archived}")
    if rule.appellate:
        conditions.append("$4")
    if rule.confirmed:
        conditions.append("{confirmed}")
    if rule.agencies:
        of_agency = (f"{{{name}}} OPERATOR(pg_catalog.=) {{agency_id}}" for name in rule.agencies)
        conditions.append(f"({' OR '.join(of_agency)})")
    if places:
        column = f"{{{places}}}"
        conditions.append(_WITHIN.format(places=column if places in _LISTS else f"ARRAY[{column}]"))
    condition = " AND ".join(conditions) or "true"
    present = {name: text for name, text in asdict(columns).items() if text is not None}
    try:
        return condition.format_map({**present, "agency_id": agency_id})
    except KeyError as missing:
        name = options_pb2.RowScope.Name(scope)
        raise ContractError(f"{name} needs the column {missing.args[0]}, which the table has not") from None


def shows(scope: options_pb2.RowScope.ValueType, row: Said, agency: Agency, officer: Officer | None) -> bool:
    """Tell whether a row is in a scope: what ``predicate`` says, of what the row's seal says.

    Raises:
        ContractError: as ``predicate``.
    """
    rule = _rule(scope)
    named = rule.places or next((name for name in rule.narrowed if row.places(name) is not None), "")
    places = row.places(named) if named else None
    of_agency = [getattr(row, name) for name in rule.agencies]
    if None in of_agency or (named and places is None) or (rule.confirmed and row.confirmed is None):
        raise ContractError(f"the row has not what {options_pb2.RowScope.Name(scope)} goes by")
    return (
        not row.sealed
        and (not row.archived or rule.archived)
        and (not rule.appellate or _hears_appeals(agency))
        and (not rule.confirmed or bool(row.confirmed))
        and (not rule.agencies or agency.agency_id in of_agency)
        and (places is None or any(within(agency, officer, [place]) for place in places))
    )


def require_shown(table: str, row: Said, call: Call) -> None:
    """See that a row that was read by the call's scope is in it: whoever owns the database says what SQL means.

    Args:
        table: for the log.
        row: what its seal says.
        call: past the gate.

    Raises:
        Internal: it isn't, with an alarm; no honest statement has found it.
    """
    if not shows(call.rows, row, call.agency, call.officer):
        raise outside(table)


def outside(table: str) -> errors.Internal:
    """Raise the alarm over a row that was read, and by its seal isn't one that the caller may see."""
    return contradicted(table, "a row of %s was read that its seal doesn't show to the caller")


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


def shows_in_batch(
    scope: options_pb2.RowScope.ValueType, row: Said, agency: Agency, officer: Officer | None, *, of_case: bool
) -> bool:
    """Tell whether a row is in a scope: what ``predicate_in_batch`` says, of what the row's seal says."""
    return of_case if scope == options_pb2.ROW_SCOPE_PART_IN_CASE else shows(scope, row, agency, officer)


def parameters(agency: Agency, officer: Officer | None) -> tuple[bytes, bytes, bytes, bytes]:
    """What every predicate needs to know of the caller, in the binary format: the first of a statement's parameters."""
    return (
        agency.agency_id.encode(),
        arrays.texts(agency.jurisdiction),
        arrays.texts(acts_at(agency, officer)),
        arrays.boolean(_hears_appeals(agency)),
    )


def within(agency: Agency, officer: Officer | None, places: Iterable[str]) -> bool:
    """Tell whether every place lies within the agency's jurisdiction and the officer's."""
    narrower = acts_at(agency, officer)
    return all(contains(agency.jurisdiction, place) and contains(narrower, place) for place in places)


def require_within(agency: Agency, officer: Officer | None, places: Iterable[str]) -> None:
    """See that every place that a request names lies within the agency's jurisdiction and the officer's.

    Raises:
        Denied: OUTSIDE_JURISDICTION.
    """
    if not within(agency, officer, places):
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)


def _rule(scope: options_pb2.RowScope.ValueType) -> _Scope:
    rule = _SCOPES.get(scope)
    if rule is None:
        raise ContractError(f"no rows are in the scope {scope}")
    return rule


def _hears_appeals(agency: Agency) -> bool:
    return not APPELLATE_COURTS.isdisjoint(agency.court_kinds)


def acts_at(agency: Agency, officer: Officer | None) -> tuple[str, ...]:
    """Where an officer acts: his own jurisdiction; where he has none, or there is no officer, the agency's."""
    return officer.jurisdiction if officer is not None and officer.jurisdiction else agency.jurisdiction
