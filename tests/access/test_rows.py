"""What a scope of rows means, on a real database, for the agency and for an officer of a narrower jurisdiction."""

import itertools
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import TypeAlias

import pytest

from nsor.v1 import errors_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access.contract import Contract, ContractError
from nsor_server.access.facts import contains
from nsor_server.access.rows import (
    PARAMETERS,
    Columns,
    Said,
    parameters,
    predicate,
    predicate_in_batch,
    require_within,
    shows,
    within,
)
from nsor_server.calls import Agency, Officer
from nsor_server.lookup import batch_store
from nsor_server.lookup.emergencies import store as emergencies
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.recalls import store as recalls
from nsor_server.lookup.requests import pages as access_request_pages
from nsor_server.lookup.requests import store as access_requests
from nsor_server.lookup.screening import store as screening
from nsor_server.lookup.tripwires import store as tripwires
from nsor_server.registration import store as registrations
from nsor_server.registration.arrivals import notices
from nsor_server.registration.arrivals import store as arrivals
from nsor_server.registration.identity import store as identity
from nsor_server.registration.imports import store as imports
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.worklists import store as worklists
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Statement, ask

ALL = Columns(
    own_agency="r.owner",
    case_places="r.courts",
    responsible_place="r.responsible",
    place="r.district",
    custodian="r.custodian",
    receiving_agency="r.receiving",
    release_places="r.release",
    transfer_places="pg_catalog.array_append(r.release, r.responsible)",
    confirmed="r.state = 2",
)
SCOPES = [scope for scope in options_pb2.RowScope.values() if scope]
OWN_AGENCY, PART_IN_CASE = options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_PART_IN_CASE
RESPONSIBLE_PLACE, JURISDICTION = options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE, options_pb2.ROW_SCOPE_JURISDICTION
APPELLATE_COURT, CUSTODY = options_pb2.ROW_SCOPE_APPELLATE_COURT, options_pb2.ROW_SCOPE_CUSTODY
RECIPIENTS, EVERY = options_pb2.ROW_SCOPE_RECIPIENTS, options_pb2.ROW_SCOPE_ALL
CUSTODY_OR_TRANSFER, RELEASE_PLACE = options_pb2.ROW_SCOPE_CUSTODY_OR_TRANSFER, options_pb2.ROW_SCOPE_RELEASE_PLACE
TRANSFER_PLACES = options_pb2.ROW_SCOPE_TRANSFER_PLACES

LAHORE, MULTAN, KARACHI = "PK-PB/LHR", "PK-PB/MUL", "PK-SD/KHI"
# owner, courts, responsible, district, custodian, state, receiving, release
Values: TypeAlias = tuple[str, list[str], str, str, str, int, str, list[str]]
ROWS: dict[str, Values] = {
    "lahore": ("punjab", [LAHORE], f"{LAHORE}/PS-001", LAHORE, "punjab", 2, "", []),
    "multan": ("punjab", [MULTAN], f"{MULTAN}/PS-001", MULTAN, "punjab", 2, "sindh", [f"{KARACHI}/PS-001"]),
    "under review": ("punjab", [LAHORE], f"{LAHORE}/PS-001", LAHORE, "punjab", 1, "punjab", [f"{LAHORE}/PS-001"]),
    "both": ("sindh", [KARACHI, LAHORE], f"{KARACHI}/PS-001", KARACHI, "sindh", 2, "punjab", [f"{LAHORE}/PS-001"]),
    "karachi": ("sindh", [KARACHI], f"{KARACHI}/PS-001", KARACHI, "sindh", 2, "", []),
    "owned elsewhere": ("punjab", [KARACHI], f"{KARACHI}/PS-001", KARACHI, "punjab", 2, "", [f"{MULTAN}/PS-001"]),
    # Another district whose code begins alike isn't within.
    "look-alike": ("sindh", ["PK-PB/LHRX"], "PK-PB/LHRX/PS-001", "PK-PB/LHRX", "sindh", 2, "", ["PK-PB/LHRX/PS-001"]),
}
PUNJAB = Agency("punjab", options_pb2.AGENCY_KIND_POLICE, ("PK-PB",), enabled=True)
COUNTRY = Agency("npb", options_pb2.AGENCY_KIND_NPB, ("PK",), enabled=True)
HIGH_COURT = Agency(
    "punjab", options_pb2.AGENCY_KIND_COURT, ("PK-PB",), enabled=True, court_kinds=(types_pb2.COURT_KIND_HIGH_COURT,)
)
SESSIONS = Agency(
    "punjab",
    options_pb2.AGENCY_KIND_COURT,
    ("PK-PB",),
    enabled=True,
    court_kinds=(types_pb2.COURT_KIND_SESSIONS_COURT,),
)


def officer(*jurisdiction: str) -> Officer:
    return Officer(bytes(32), "punjab", "A-1", bytes(32), jurisdiction, 17)


def seen(
    database: Database,
    scope: options_pb2.RowScope.ValueType,
    agency: Agency,
    who: Officer | None,
    columns: Columns = ALL,
) -> set[str]:
    """Names of the rows that a scope shows."""
    with database.owner() as conn:
        conn.execute(
            "CREATE TEMP TABLE rows_of_a_test (name text, owner text, courts text[], responsible text, district text,"
            " custodian text, state smallint, receiving text, release text[]) ON COMMIT DROP"
        )
        with conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO rows_of_a_test VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [(name, *row) for name, row in ROWS.items()],
            )
        query = f"SELECT name FROM rows_of_a_test AS r WHERE {predicate(scope, columns)}"  # noqa: S608 - constants
        found = ask(conn, Statement(b"rows of a test", query.encode(), PARAMETERS), *parameters(agency, who))
    return {str(name) for (name,) in found}


OF_PUNJAB = {"lahore", "multan", "under review"}
IN_COURTS_OF_PUNJAB = {*OF_PUNJAB, "both", "look-alike"}
IN_COURTS_OF_LAHORE = {"lahore", "under review", "both"}
IN_CUSTODY = {"lahore", "multan", "owned elsewhere"}
OWED = {*OF_PUNJAB, "owned elsewhere"}


@pytest.mark.parametrize(
    ("scope", "agency", "whole", "narrower"),
    [
        (OWN_AGENCY, PUNJAB, OF_PUNJAB, {"lahore", "under review"}),
        (PART_IN_CASE, PUNJAB, IN_COURTS_OF_PUNJAB, IN_COURTS_OF_LAHORE),
        (PART_IN_CASE, COUNTRY, set(ROWS), IN_COURTS_OF_LAHORE),
        (RESPONSIBLE_PLACE, PUNJAB, {"lahore", "multan", "look-alike"}, {"lahore"}),
        (RESPONSIBLE_PLACE, COUNTRY, set(ROWS) - {"under review"}, {"lahore"}),
        (JURISDICTION, PUNJAB, {*OF_PUNJAB, "look-alike"}, {"lahore", "under review"}),
        (APPELLATE_COURT, HIGH_COURT, IN_COURTS_OF_PUNJAB, IN_COURTS_OF_LAHORE),
        (APPELLATE_COURT, SESSIONS, set(), set()),
        (APPELLATE_COURT, PUNJAB, set(), set()),
        (CUSTODY, PUNJAB, IN_CUSTODY, IN_CUSTODY),
        (RECIPIENTS, PUNJAB, OWED, OWED),
        (EVERY, PUNJAB, set(ROWS), set(ROWS)),
        (CUSTODY_OR_TRANSFER, PUNJAB, {*IN_CUSTODY, "both"}, {*IN_CUSTODY, "both"}),
        (RELEASE_PLACE, PUNJAB, {"both", "owned elsewhere", "look-alike"}, {"both"}),
        # Where no address after release is known there is no such row, not even for the whole country.
        (RELEASE_PLACE, COUNTRY, {"multan", "both", "owned elsewhere", "look-alike"}, {"both"}),
        (TRANSFER_PLACES, PUNJAB, {"lahore", "multan", "both", "owned elsewhere", "look-alike"}, {"lahore", "both"}),
        (TRANSFER_PLACES, COUNTRY, set(ROWS) - {"under review"}, {"lahore", "both"}),
    ],
)
def test_a_scope_shows_its_rows_and_no_other(
    database: Database,
    scope: options_pb2.RowScope.ValueType,
    agency: Agency,
    whole: set[str],
    narrower: set[str],
) -> None:
    assert seen(database, scope, agency, None) == whole
    # An officer without a jurisdiction of his own has his agency's.
    assert seen(database, scope, agency, officer()) == whole
    assert seen(database, scope, agency, officer(LAHORE)) == narrower


@pytest.mark.parametrize("scope", [OWN_AGENCY, PART_IN_CASE, RESPONSIBLE_PLACE, JURISDICTION, RELEASE_PLACE])
def test_an_officer_never_widens_his_agency(database: Database, scope: options_pb2.RowScope.ValueType) -> None:
    wide = seen(database, scope, PUNJAB, officer("PK"))
    assert wide == seen(database, scope, PUNJAB, None)
    assert not seen(database, scope, PUNJAB, officer(KARACHI))


def test_a_case_of_two_provinces_needs_one_place_within_both_jurisdictions(database: Database) -> None:
    # A court of Lahore and a court of Karachi: an officer for Karachi has no part in it for Punjab.
    assert "both" in seen(database, PART_IN_CASE, PUNJAB, officer(LAHORE))
    assert "both" not in seen(database, PART_IN_CASE, PUNJAB, officer(KARACHI))


def test_own_rows_are_narrowed_by_the_place_that_the_table_has(database: Database) -> None:
    own = Columns(own_agency="r.owner")
    placed = Columns(own_agency="r.owner", place="r.district")
    everything = {"lahore", "multan", "under review", "owned elsewhere"}
    assert seen(database, OWN_AGENCY, PUNJAB, officer(LAHORE), own) == everything
    assert seen(database, OWN_AGENCY, PUNJAB, officer(LAHORE), placed) == {"lahore", "under review"}


NEEDS = {
    OWN_AGENCY: {"own_agency"},
    PART_IN_CASE: {"case_places"},
    RESPONSIBLE_PLACE: {"responsible_place", "confirmed"},
    JURISDICTION: {"place"},
    APPELLATE_COURT: {"case_places"},
    CUSTODY: {"custodian", "confirmed"},
    RECIPIENTS: {"own_agency"},
    EVERY: set[str](),
    CUSTODY_OR_TRANSFER: {"custodian", "receiving_agency", "confirmed"},
    RELEASE_PLACE: {"release_places", "confirmed"},
    TRANSFER_PLACES: {"transfer_places", "confirmed"},
}


def test_a_table_without_the_column_starts_no_server() -> None:
    # Left out of a predicate, a column would widen what is seen.
    assert NEEDS.keys() == set(SCOPES)
    for scope, needed in NEEDS.items():
        for left_out in ALL.__slots__:
            columns = Columns(**{name: getattr(ALL, name) for name in ALL.__slots__ if name != left_out})
            if left_out not in needed:
                assert predicate(scope, columns)
                continue
            with pytest.raises(ContractError, match=left_out):
                predicate(scope, columns)


@pytest.mark.parametrize("scope", [0, 99])
def test_what_is_no_scope_shows_nothing(scope: options_pb2.RowScope.ValueType) -> None:
    with pytest.raises(ContractError):
        predicate(scope, ALL)


def test_every_scope_of_the_contract_has_a_predicate() -> None:
    for rule in Contract.load().methods.values():
        for allowed in rule.allow.values():
            assert predicate(allowed.rows, ALL)


LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"


def seen_in_batch(database: Database, *callers: tuple[options_pb2.RowScope.ValueType, str]) -> list[set[str]]:
    """Names of the rows that each caller sees, when all are asked for in one statement."""
    scopes = {allowed.rows for allowed in Contract.load().methods[LOOK_UP].allow.values()}
    values = ", ".join(
        f"('{name}', '{owner}', '{custodian}', {state})"
        for name, (owner, _, _, _, custodian, state, _, _) in ROWS.items()
    )
    query = f"""
        SELECT q.nth, r.name
        FROM unnest(%s::smallint[], %s::text[]) WITH ORDINALITY AS q (rows, agency_id, nth),
            (VALUES {values}) AS r (name, owner, custodian, state)
        WHERE {predicate_in_batch(ALL, sorted(scopes), "r.name = 'lahore'")}
    """  # noqa: S608 - constants
    found: list[set[str]] = [set() for _ in callers]
    with database.owner() as conn:
        rows = conn.execute(query.encode(), ([scope for scope, _ in callers], [agency for _, agency in callers]))
        for nth, name in rows:
            found[nth - 1].add(name)
    return found


def test_in_a_batch_each_caller_sees_the_rows_of_his_own_scope(database: Database) -> None:
    # Look-ups of many agencies are read in one statement: nobody gets a neighbour's rows.
    every, of_case, punjab, sindh, nobody = seen_in_batch(
        database, (EVERY, "npb"), (PART_IN_CASE, "p"), (CUSTODY, "punjab"), (CUSTODY, "sindh"), (CUSTODY, "nobody")
    )
    assert every == set(ROWS)
    assert of_case == {"lahore"}
    assert punjab == seen(database, CUSTODY, PUNJAB, None) == IN_CUSTODY
    assert sindh == {"both", "karachi", "look-alike"}
    assert nobody == set()


@pytest.mark.parametrize("scope", [options_pb2.ROW_SCOPE_UNSPECIFIED, OWN_AGENCY, JURISDICTION])
def test_in_a_batch_a_scope_that_it_was_not_built_for_shows_nothing(
    database: Database, scope: options_pb2.RowScope.ValueType
) -> None:
    assert seen_in_batch(database, (scope, "punjab"), (EVERY, "npb")) == [set(), set(ROWS)]


@pytest.mark.parametrize("scope", [JURISDICTION, RESPONSIBLE_PLACE, APPELLATE_COURT, RELEASE_PLACE, TRANSFER_PLACES])
def test_a_scope_that_goes_by_places_is_not_for_a_batch(scope: options_pb2.RowScope.ValueType) -> None:
    # A batch doesn't have the callers' places: the server doesn't start, instead of showing too much.
    with pytest.raises(ContractError, match="goes by places"):
        predicate_in_batch(ALL, [scope], "true")


READ_BY: dict[str, Collection[int]] = {
    "nsor.v1.RegistrationService/GetRegistration": registrations._HEAD_IN,
    "nsor.v1.RegistrationService/AddConviction": registrations._HEAD_IN,
    "nsor.v1.RegistrationService/ConfirmRegistration": registrations._HEAD_IN,
    "nsor.v1.RegistrationService/ListImportFindings": imports._PAGE_IN,
    "nsor.v1.RegistrationService/ListRegistrations": worklists._PAGE_IN,
    **{
        f"nsor.v1.RegistrationService/{name}": registrations._HEAD_IN
        for name in (
            *("AddPhoto", "ConfirmPhoto", "RejectPhoto", "ListPhotos", "GetPhoto", "AmendRegistration"),
            *("ListCorrections", "DecideCorrection", "RevalidateRegistration", "ProposeClosure"),
            *("ConfirmClosure",),
            *("RecordCustodyEvent", "AcceptRelease", "RefuseRelease", "GetCustody"),
        )
    },
    **{
        f"nsor.v1.NotificationService/{name}": registrations._HEAD_IN
        for name in ("CreateNotice", "WithdrawNotice", "DecideNotice", "GetNotice", "ListNotices")
    },
    **{
        f"nsor.v1.RegistrationService/{name}": registrations._HEAD_IN
        for name in (
            *("ProposeAmendment", "AcceptAmendment", "RefuseAmendment", "WithdrawAmendment"),
            *("GetAmendment", "ListAmendments"),
        )
    },
    "nsor.v1.RegistrationService/GetJudgment": judgments.HEAD_IN,
    "nsor.v1.RegistrationService/ConfirmJudgment": judgments.HEAD_IN,
    "nsor.v1.RegistrationService/VerifyIdentity": identity.BY_HANDLE_IN,
    "nsor.v1.RegistrationService/ReportIdentityChange": identity.BY_HANDLE_IN,
    "nsor.v1.RegistrationService/DecideIdentityChange": registrations._HEAD_IN,
    "nsor.v1.NotificationService/GetArrivalNotice": notices._ONE_IN,
    "nsor.v1.NotificationService/ListArrivalNotices": notices._PAGE_IN,
    "nsor.v1.NotificationService/FindRegistrant": arrivals.BY_NUMBER_IN,
    "nsor.v1.NotificationService/GetDuty": registrations._HEAD_IN,
    "nsor.v1.NotificationService/WaiveDuty": registrations._HEAD_IN,
    "nsor.v1.NotificationService/ListDuties": worklists._PAGE_IN,
    "nsor.v1.NotificationService/DecideTransfer": registrations._HEAD_IN,
    "nsor.v1.NotificationService/ResolveTransfer": registrations._HEAD_IN,
    "nsor.v1.NotificationService/GetTransfer": registrations._HEAD_IN,
    "nsor.v1.NotificationService/ListTransfers": worklists._PAGE_IN,
    "nsor.v1.LookupService/GetAccessRequest": access_requests._NEWEST_IN,
    "nsor.v1.LookupService/ListAccessRequests": access_request_pages._PAGE_IN,
    "nsor.v1.LookupService/ApproveAccessRequest": access_requests._NEWEST_IN,
    "nsor.v1.LookupService/ReturnAccessRequest": access_requests._NEWEST_IN,
    "nsor.v1.LookupService/DecideJuvenileAccess": access_requests._NEWEST_IN,
    "nsor.v1.LookupService/PassAccessRequest": access_requests._NEWEST_IN,
    "nsor.v1.LookupService/WithdrawGrant": grants._OPENED_IN,
    "nsor.v1.LookupService/ListGrants": grants._PAGE,
    "nsor.v1.LookupService/ListRecalls": recalls._PAGE,
    "nsor.v1.LookupService/AcknowledgeRecall": recalls._ONE,
    "nsor.v1.LookupService/ScreenManifest": screening.MANIFEST_IN,
    "nsor.v1.LookupService/ListEmergencyLookUps": emergencies._PAGE,
    "nsor.v1.LookupService/ListUnusualAccesses": tripwires._PAGE,
    "nsor.v1.LookupService/ListDisclosures": registrations._HEAD_IN,
    "nsor.v1.DirectoryService/ListOfficers": {OWN_AGENCY},
    LOOK_UP: {EVERY, PART_IN_CASE, CUSTODY},
}
"""The scopes by which each method can read what it is about."""


@pytest.mark.parametrize("method", READ_BY)
def test_the_statements_of_a_method_know_every_scope_that_the_contract_gives_it(method: str) -> None:
    # A kind of agency whose scope had no statement would be allowed in, and hear of a fault of the service.
    assert {allowed.rows for allowed in Contract.load().methods[method].allow.values()} <= set(READ_BY[method])


def test_a_look_up_reads_by_the_scopes_that_it_was_built_for_and_no_other() -> None:
    for scope in SCOPES:
        assert (f"WHEN {scope:d} THEN" in batch_store.SHOWN) is (scope in READ_BY[LOOK_UP])


def test_sql_and_python_are_one_rule(database: Database) -> None:
    jurisdictions = [(), ("PK",), ("PK-PB",), (LAHORE,), (KARACHI, "PK-PB/LHR/PS-001")]
    for agency_places, officer_places in itertools.product(jurisdictions[1:], jurisdictions):
        agency = Agency("a", options_pb2.AGENCY_KIND_POLICE, agency_places, enabled=True)
        rows = {name for name, row in ROWS.items() if within(agency, officer(*officer_places), [row[3]])}
        assert seen(database, JURISDICTION, agency, officer(*officer_places)) == rows


TABLES = {
    "registrations": Columns(**{**asdict(ALL), "place": None}),
    "access requests": Columns(own_agency="r.owner", place="r.district"),
    "grants": Columns(own_agency="r.owner", case_places="r.courts"),
    "owned": Columns(own_agency="r.owner"),
    "all": ALL,
    "archived": replace(ALL, archived=f"r.district = '{MULTAN}'"),
    "sealed": replace(ALL, sealed="r.owner = 'sindh'", archived=f"r.district = '{MULTAN}'"),
}
"""What the tables that are read by a scope have."""
GENERATED = [
    (owner, courts, responsible, district, custodian, state, receiving, release)
    for owner in ("punjab", "sindh")
    for courts in ([], [LAHORE], [KARACHI, LAHORE], ["PK-PB/LHRX"])
    for responsible in ("", f"{LAHORE}/PS-001", f"{KARACHI}/PS-001")
    for district in (LAHORE, MULTAN, KARACHI)
    for custodian, receiving in (("", ""), ("punjab", ""), ("sindh", "punjab"))
    for release in ([], [f"{LAHORE}/PS-001"])
    for state in (1, 2)
]
CALLERS = [
    (agency, who)
    for agency in (PUNJAB, COUNTRY, HIGH_COURT, SESSIONS)
    for who in (None, officer(), officer(LAHORE), officer(KARACHI, MULTAN), officer("PK"))
]


def said(row: Values, columns: Columns) -> Said:
    """What a row's seal would say, of what its table has."""
    owner, courts, responsible, district, custodian, state, receiving, release = row
    both = [*release, responsible]
    confirmed, sealed, archived = state == 2, owner == "sindh", district == MULTAN
    whole = Said(owner, courts, responsible, district, custodian, receiving, release, both, confirmed, sealed, archived)
    return Said(**{name: getattr(whole, name) for name in Said._fields if getattr(columns, name)})


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("scope", SCOPES)
def test_what_sql_shows_is_what_the_seal_shows(
    database: Database, table: str, scope: options_pb2.RowScope.ValueType
) -> None:
    # A row is looked at again when it is open: a difference would be an alarm over an honest row, or none over a lie.
    columns = TABLES[table]
    try:
        condition = predicate(scope, columns)
    except ContractError:
        with pytest.raises(ContractError):
            shows(scope, said(GENERATED[0], columns), HIGH_COURT, None)
        return
    with database.owner() as conn:
        conn.execute(
            "CREATE TEMP TABLE generated (nth integer, owner text, courts text[], responsible text, district text,"
            " custodian text, state smallint, receiving text, release text[]) ON COMMIT DROP"
        )
        with conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO generated VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [(nth, *row) for nth, row in enumerate(GENERATED)],
            )
        query = f"SELECT nth FROM generated AS r WHERE {condition} ORDER BY nth"  # noqa: S608 - constants
        statement = Statement(b"generated rows", query.encode(), PARAMETERS)
        for agency, who in CALLERS:
            found = [nth for (nth,) in ask(conn, statement, *parameters(agency, who))]
            assert found == [nth for nth, row in enumerate(GENERATED) if shows(scope, said(row, columns), agency, who)]


def test_every_scope_by_which_a_method_reads_is_looked_at_again() -> None:
    assert {scope for scopes in READ_BY.values() for scope in scopes} <= set(SCOPES)
    with pytest.raises(ContractError):
        shows(options_pb2.ROW_SCOPE_UNSPECIFIED, Said(), PUNJAB, None)


def test_every_place_of_a_request_must_lie_within() -> None:
    require_within(PUNJAB, officer(LAHORE), [LAHORE, f"{LAHORE}/PS-001"])
    for who, places in (
        (officer(LAHORE), [LAHORE, MULTAN]),
        (officer(), [LAHORE, KARACHI]),
        (None, [KARACHI]),
        (officer("PK"), [KARACHI]),
    ):
        assert not within(PUNJAB, who, places)
        with pytest.raises(errors.Denied) as denied:
            require_within(PUNJAB, who, places)
        assert denied.value.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    assert contains(PUNJAB.jurisdiction, MULTAN)
