"""What an import allows: which rows it takes, for whom it enters them, and what it says of a row. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from nsor.v1 import errors_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.facts import contains
from nsor_server.calls import Agency, Officer
from nsor_server.errors import Violation
from nsor_server.storage.v1 import record_pb2

BLOCK: Final = 25
"""Row numbers of a block, and most rows of a message: what a commit writes in its time under the head's lock."""
WEIGHT: Final = 2
"""As how many calls a row counts in a commit: two full messages are never in one."""
MOST_VIOLATIONS: Final = 20
"""Of a row, as a finding tells them; more are counted."""
_OF_ORDER: Final = re.compile(r"rows\[([0-9]+)\]\.order(?:\.(.+))?")


def is_of_order(violation: Violation) -> bool:
    """Whether a field that is wrong is one of an order: that is a finding of its row, and refuses no other."""
    return _OF_ORDER.fullmatch(violation.field) is not None


def by_row(violations: Sequence[Violation]) -> dict[int, list[Violation]]:
    """What is wrong with orders, by the position of their rows; the paths are those within the order."""
    found: dict[int, list[Violation]] = {}
    for violation in violations:
        path = _OF_ORDER.fullmatch(violation.field)
        if path is not None:
            found.setdefault(int(path[1]), []).append(Violation(path[2] or "order", violation.reason))
    return found


def check_numbers(sent: Sequence[registration_pb2.ImportRow]) -> None:
    """See that the rows of a message are of one block, their numbers ascending.

    What is stored of an import is a row of each block. It is asked whatever is wrong with an order: that is a finding
    of its row alone.

    Raises:
        errors.InvalidFields: DUPLICATE: a number isn't greater than the one before. OUT_OF_RANGE: another block's.
    """
    wrong = []
    before, block = 0, block_of(sent[0].row)
    for index, each in enumerate(sent):
        if each.row <= before:
            wrong.append(Violation(f"rows[{index}].row", errors_pb2.FIELD_REASON_DUPLICATE))
        elif block_of(each.row) != block:
            wrong.append(Violation(f"rows[{index}].row", errors_pb2.FIELD_REASON_OUT_OF_RANGE))
        before = max(before, each.row)
    if wrong:
        raise errors.InvalidFields(violations=tuple(wrong))


def block_of(row: int) -> int:
    """The block of a row number, from 0."""
    return (row - 1) // BLOCK


def is_shown(imported: record_pb2.ImportedRow, agency: Agency, officer: Officer | None) -> bool:
    """Whether an officer of the agency sees a finding again: he sent the row, or its places lie where he may act.

    A row that names no place, or none in its form, is seen by who sent it.
    """
    if officer is not None and imported.sent_by == officer.officer_number:
        return True
    return bool(imported.places) and rows.within(agency, officer, imported.places)


def owner(agencies: Mapping[str, Agency], importer: Agency, court_place: str) -> str:
    """The agency that an imported order counts as entered by: a prosecution itself, or that of the court's place.

    The owner of a record is the prosecution that entered it until release; NADRA and NPB own none. Of several
    prosecutions with that place the one with the narrowest jurisdiction is meant.

    Raises:
        errors.InvalidFields: AGENCY_UNKNOWN; there is no such prosecution, or two of them have equal claims.
    """
    if importer.kind == options_pb2.AGENCY_KIND_PROSECUTION:
        return importer.agency_id
    narrowest: dict[str, int] = {}
    for agency in agencies.values():
        if agency.kind == options_pb2.AGENCY_KIND_PROSECUTION and agency.enabled:
            fitting = [len(place) for place in agency.jurisdiction if contains((place,), court_place)]
            if fitting:
                narrowest[agency.agency_id] = max(fitting)
    best = [agency_id for agency_id, size in narrowest.items() if size == max(narrowest.values())]
    if len(best) != 1:
        wrong = Violation("convictions[0].court_case.place_code", errors_pb2.FIELD_REASON_AGENCY_UNKNOWN)
        raise errors.InvalidFields(violations=(wrong,))
    return best[0]
