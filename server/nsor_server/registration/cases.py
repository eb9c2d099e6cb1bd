"""The written forms of cases, of which their blind indexes are made: what a look-up and a judgment find a record by."""

from __future__ import annotations

from collections.abc import Iterable

from nsor_server.registration import record as records
from nsor_server.registration import states
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.v1 import record_pb2


def confirmed_cases(record: record_pb2.RegistrationRecord) -> set[str]:
    """The FIRs and the court cases of the convictions that a court has confirmed, whatever became of them.

    As ``fir_case`` and ``court_case`` write them.
    """
    return {case for each in record.convictions if states.was_confirmed(each) for case in _cases_of(each)}


def standing_cases(convictions: Iterable[record_pb2.Conviction]) -> set[str]:
    """Those of ``confirmed_cases`` by which a look-up may still find a record: of the convictions that it shows."""
    return {case for each in convictions for case in _cases_of(each)}


def fir_case(reference: str) -> str:
    """An FIR as its blind index is made of it, from the form of its key, ``PK-PB/LHR/PS-001 679/2021``."""
    return f"fir {reference}"


def court_case(reference: str) -> str:
    """A court's case as its blind index is made of it, from its place and number in whatever form."""
    place, _, case_number = reference.partition(" ")
    return f"court {place} {records.court_number(case_number)}"


def near_case(place: str, case_number: str) -> str:
    """A court's case as others are found that may be it, mistyped: by place, serial and year, in any series."""
    return f"near {place} {records.serial_and_year(case_number)}"


def case_blinds(blind_index: BlindIndex, case: str) -> bytes:
    """The blind index of a case under every live key, one after the other, the primary's first."""
    return b"".join(blind for _, blind in blind_index.values("case", case))


def _cases_of(conviction: record_pb2.Conviction) -> tuple[str, str, str]:
    return (
        fir_case(records.case_reference(conviction.fir)),
        court_case(records.court_reference(conviction.court_place, conviction.case_number)),
        near_case(conviction.court_place, conviction.case_number),
    )
