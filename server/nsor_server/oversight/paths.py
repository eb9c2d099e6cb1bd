"""Along which index the accesses of a filter are found: the newest first, by a few rows however long the ledger is.

PostgreSQL isn't left to choose. It takes agencies, methods and outcomes for independent of each other, and then sorts,
or walks back along, most of a ledger. So each filter has its index here, and whatever that index doesn't say is looked
at in at most so many of its entries; the next page goes on behind them.
"""

from __future__ import annotations

import contextlib
import functools
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access.contract import Contract
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.labels import CASE, OFFICER, Labels
from nsor_server.oversight.rules import Filter
from nsor_server.storage.pool import Connection
from nsor_server.tracing.spans import OTHER_METHOD

_PURPOSES: Final = list(options_pb2.Purpose.values())
_ALONG: Final = """
SELECT e.index FROM ledger_entry AS e
WHERE {by}e.index >= %(start)s AND e.index < %(stop)s ORDER BY e.index DESC LIMIT %(limit)s"""
# Each value has its own part of the index, and the newest of all are among the newest of each.
_ALONG_EACH: Final = """
SELECT one.index FROM {wanted} CROSS JOIN LATERAL ({along}) AS one ORDER BY one.index DESC LIMIT %(limit)s"""
# Few have one access id, or one case: all of them are read.
_ALL_OF: Final = """
SELECT one.index FROM (
    SELECT e.index FROM ledger_entry AS e WHERE {by} AND e.index >= %(start)s AND e.index < %(stop)s OFFSET 0
) AS one
ORDER BY one.index DESC LIMIT %(limit)s"""
_PAGE: Final = """
SELECT entry.*
FROM ({along}) AS found
CROSS JOIN LATERAL (
    SELECT e.index, e.access_id, e.agency, e.method, e.purpose, e.outcome, e.leaf, d.sealed
    FROM ledger_entry AS e LEFT JOIN ledger_detail AS d ON d.index = e.index
    WHERE e.index = found.index AND {left}
    OFFSET 0
) AS entry
ORDER BY entry.index DESC LIMIT %(most)s"""
_REACH: Final = "SELECT count(*), min(index) FROM ({along}) AS found"

_RARE: Final = f"e.outcome <> {leaf_pb2.OUTCOME_ALLOWED:d} AND "
"""In the words of the indexes of outcomes, which leave out the calls that were answered."""
_AGENCIES: Final = "unnest(ARRAY[%(agency)s]) AS of (agency)"
_OUTCOMES: Final = "unnest(ARRAY[%(outcome)s]::smallint[]) AS what (outcome)"
_KINDS: Final = (
    "unnest(%(methods)s::int[]) AS which (method)",
    "unnest(%(purposes)s::smallint[]) AS why (purpose)",
)
_OTHER_WAYS: Final = ("enable_sort", "enable_incremental_sort", "enable_bitmapscan", "enable_seqscan")
_OFFICERS: Final = "unnest(%(officers)s::uuid[]) AS who (officer)"


class Way(NamedTuple):
    """How a page is found.

    Attributes:
        page: the statement; its parameters are those of ``values``, and start, stop, limit and most.
        reach: gives how many entries of the index were read, and the smallest index among them.
        values: what the filter asks for.
        is_exact: whether the index has no others, so that as many are read as the page takes.
    """

    page: bytes
    reach: bytes
    values: Mapping[str, object]
    is_exact: bool


def way(wanted: Filter, labels: Labels) -> Way:
    """The index for a filter, and what is left to be looked at; start and stop are always of the index."""
    values: dict[str, object] = {}
    left: dict[str, str] = {}
    if wanted.agency is not None:
        values["agency"], left["agency"] = wanted.agency, "e.agency = %(agency)s"
    if wanted.outcome is not None:
        values["outcome"], left["outcome"] = wanted.outcome, "e.outcome = %(outcome)s"
    if wanted.access_id is not None:
        values["access_id"], left["access_id"] = wanted.access_id, "e.access_id = %(access_id)s"
    if wanted.officer_keys is not None:
        methods = (wanted.method,) if wanted.method else _methods()
        every = (label for key in wanted.officer_keys for label in labels.every(OFFICER, key, methods))
        values["officers"], left["officer"] = _uuids(every), "e.officer = ANY (%(officers)s)"
    if wanted.case:
        values["cases"] = _uuids(labels.every(CASE, wanted.case, _methods()))
        left["case"] = "e.case_label = ANY (%(cases)s)"
    if wanted.purposes is not None:
        values["purposes"], left["purpose"] = sorted(wanted.purposes), "e.purpose = ANY (%(purposes)s)"
    if wanted.method:
        values["methods"], left["method"] = [leaves.method_number(wanted.method)], "e.method = ANY (%(methods)s)"
    along, says = _along(wanted, left)
    values.setdefault("methods", _numbers())
    values.setdefault("purposes", _PURPOSES)
    rest = [condition for name, condition in left.items() if name not in says]
    return Way(
        _PAGE.format(along=along, left=" AND ".join(rest) or "true").encode(),
        _REACH.format(along=along).encode(),
        values,
        is_exact=not rest,
    )


def _along(wanted: Filter, asked: Collection[str]) -> tuple[str, frozenset[str]]:
    """The statement that goes along an index, and of what is asked the parts that the index says."""
    if "access_id" in asked:
        return _ALL_OF.format(by="e.access_id = %(access_id)s"), frozenset({"access_id"})
    if "case" in asked:
        return _ALL_OF.format(by="e.case_label = ANY (%(cases)s)"), frozenset({"case"})
    if "officer" in asked:
        # A key is one agency's, and a label one method's.
        return _each({"who.officer": _OFFICERS}), frozenset({"officer", "agency", "method"})
    of = {"of.agency": _AGENCIES} if "agency" in asked else {}
    says = frozenset({"agency"} if of else ())
    if wanted.outcome not in {None, leaf_pb2.OUTCOME_ALLOWED}:
        return _each({**of, "what.outcome": _OUTCOMES}, also=_RARE), says | {"outcome"}
    if not {"purpose", "method"}.isdisjoint(asked):
        which, why = _KINDS
        return _each({**of, "which.method": which, "why.purpose": why}), says | {"purpose", "method"}
    return (_each(of) if of else _ALONG.format(by="")), says


def _each(sources: Mapping[str, str], also: str = "") -> str:
    """Along an index whose columns, before the entry's index, are named as what they are equal to."""
    equal = "".join(f"e.{each.partition('.')[2]} = {each} AND " for each in sources)
    along = _ALONG.format(by=also + equal)
    return _ALONG_EACH.format(wanted=" CROSS JOIN ".join(sources.values()), along=along)


@contextlib.contextmanager
def followed(conn: Connection) -> Iterator[None]:
    """Have PostgreSQL go along indexes and sort nothing, for the statements of ``way`` and no others."""
    with conn.transaction():
        conn.execute("; ".join(f"SET LOCAL {each} = off" for each in _OTHER_WAYS).encode())
        yield
        conn.execute("; ".join(f"SET LOCAL {each} = on" for each in _OTHER_WAYS).encode())


@functools.cache
def _methods() -> tuple[str, ...]:
    """Those of the contract, and what stands for what it doesn't have: labels of one never meet those of another."""
    return (*Contract.load().methods, OTHER_METHOD)


@functools.cache
def _numbers() -> Sequence[int]:
    return [leaves.method_number(each) for each in _methods()]


def _uuids(labels: Iterable[bytes]) -> list[uuid.UUID]:
    return [uuid.UUID(bytes=each) for each in labels]
