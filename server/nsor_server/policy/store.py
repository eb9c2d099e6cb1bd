"""The policy in force, from the register. Never from a file: a file that changes on a disk changes nothing."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import psycopg

from nsor_server.policy import documents, source
from nsor_server.policy.deadlines import COUNTED, Deadlines
from nsor_server.policy.duties import Duties
from nsor_server.policy.grants import GrantPolicy
from nsor_server.policy.holidays import Holidays
from nsor_server.policy.loaded import Policy
from nsor_server.policy.tripwires import TripwirePolicy

TABLE: Final = "policy_version"
_NEWEST: Final = "SELECT DISTINCT ON (name) name, version, digest FROM policy_version ORDER BY name, version DESC"
_ROWS: Final = "SELECT name, version, digest, content FROM policy_version ORDER BY name, version"
_VERSION: Final = "SELECT digest, content FROM policy_version WHERE name = %s AND version = %s"


class _Stored(NamedTuple):
    """A document as the register holds it."""

    name: str
    version: int
    digest: bytes
    content: bytes


class NoPolicy(source.PolicyError):
    """The register has no policy yet, or not all of it."""


def present(conn: psycopg.Connection[Any]) -> dict[str, tuple[int, bytes]]:
    """Version and digest of the newest document of each name."""
    return {name: (version, bytes(digest)) for name, version, digest in conn.execute(_NEWEST)}


def in_force(conn: psycopg.Connection[Any]) -> Policy:
    """The policy in force, for operators' commands; raises as ``decided``. The ledger's proof of it isn't asked for."""
    names = ("name", "version", "digest", "content")
    return decided([dict(zip(names, row, strict=True)) for row in conn.execute(_ROWS)])


def decided(rows: Iterable[Mapping[str, Any]]) -> Policy:
    """The policy that the rows of the table put in force: of each name the newest.

    Args:
        rows: by column; those of one name in the order of their versions.

    Raises:
        NoPolicy: a document is missing.
        source.PolicyError: one isn't what its digest says, or this version of the server can't use it.
    """
    newest = {row["name"]: row for row in rows}
    missing = sorted(documents.KINDS.keys() - newest.keys())
    if missing:
        raise NoPolicy(f"the register has no policy for {', '.join(missing)}; `nsor-server serve` enters what it lacks")
    return _of(
        tuple(
            _Stored(name, row["version"], bytes(row["digest"]), bytes(row["content"])) for name, row in newest.items()
        )
    )


@functools.lru_cache(maxsize=2)
def _of(stored: tuple[_Stored, ...]) -> Policy:
    """The policy of these documents. Two are kept: mostly it is another row of the directory that is new."""
    return Policy.of(
        {each.name: _document(each) for each in stored},
        {each.name: each.version for each in stored},
        {each.name: each.digest for each in stored},
    )


def deadlines_of(conn: psycopg.Connection[Any], deadlines: int, holidays: int) -> Deadlines:
    """The deadlines by two documents that were in force, for whoever counts again what was counted by them.

    Args:
        conn: any.
        deadlines: the version of the document; 0: the one that ships.
        holidays: likewise.

    Raises:
        source.PolicyError: one is missing, isn't what its digest says, or this version of the server can't use it.
    """
    found = {name: _version(conn, name, of) for name, of in (("deadlines", deadlines), ("holidays", holidays))}
    return Deadlines(found["deadlines"].deadline, Holidays(found["holidays"])).completed(COUNTED)


def duties_of(conn: psycopg.Connection[Any], duties: int, deadlines: int, holidays: int) -> tuple[Duties, Deadlines]:
    """The kinds of duty by documents that were in force, and the deadlines that count them, as ``deadlines_of``."""
    counted = deadlines_of(conn, deadlines, holidays)
    return Duties(_version(conn, "duties", duties), counted), counted


def grants_of(conn: psycopg.Connection[Any], version: int) -> GrantPolicy:
    """A document of grants that was in force; raises as ``deadlines_of``."""
    found: GrantPolicy = _version(conn, "grants", version)
    return found


def tripwires_of(conn: psycopg.Connection[Any], version: int) -> TripwirePolicy:
    """A document of tripwires that was in force; raises as ``deadlines_of``."""
    found: TripwirePolicy = _version(conn, "tripwires", version)
    return found


def _version(conn: psycopg.Connection[Any], name: str, version: int) -> Any:
    if version == 0:
        return documents.read(None, name)
    row = conn.execute(_VERSION, (name, version)).fetchone()
    if row is None:
        raise NoPolicy(f"the register has no version {version} of {name}")
    return _document(_Stored(name, version, bytes(row[0]), bytes(row[1])))


def _document(stored: _Stored) -> Any:
    if documents.digest(stored.name, stored.content) != stored.digest:
        raise source.PolicyError(
            f"{stored.name}, version {stored.version}, isn't what was adopted: run `nsor-server ledger verify`"
        )
    return documents.decode(stored.name, stored.content)
