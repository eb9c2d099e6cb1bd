"""Certificates that are about to end: the agencies', and the server's own."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509

from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Agency
from nsor_server.commands import known_agency
from nsor_server.directory import agencies, standing
from nsor_server.formats.dates import KARACHI
from nsor_server.storage.pool import Connection

SOON: Final = dt.timedelta(days=30)
GOOD: Final = "good"
WARN: Final = "warn"
BAD: Final = "bad"


@dataclass(frozen=True, slots=True)
class Ends:
    """When somebody's last certificate ends.

    Attributes:
        whose: an agency's id, or the file's name.
        enabled: the agency may call.
        not_after: of the certificate that ends last; None: none holds.
        why: `good`, `warn` (ends soon) or `bad` (none holds).
        serials: how many are valid.
    """

    whose: str
    enabled: bool
    not_after: dt.datetime | None
    why: str
    serials: int


def of_tables(conn: Connection, at: dt.datetime) -> list[Ends]:
    """Of every agency, as whoever owns the tables says."""
    found = agencies.page(conn, after="", limit=known_agency.MOST_AGENCIES)
    standings = standing.of_agencies(conn, [each.agency_id for each in found])
    return _of(found, {each: [one.not_after for one in known.valid(at)] for each, known in standings.items()}, at)


def of_directory(known: DirectorySnapshot, at: dt.datetime) -> list[Ends]:
    """Of every agency, as the ledger proves it."""
    valid = defaultdict[str, list[dt.datetime]](list)
    for each in known.certificates.values():
        if not each.revoked and each.not_after > at:
            valid[each.agency_id].append(each.not_after)
    return _of(known.agencies.values(), valid, at)


def _of(found: Iterable[Agency], valid: Mapping[str, Sequence[dt.datetime]], at: dt.datetime) -> list[Ends]:
    """The one that ends first comes first, after those that have none."""
    ends = []
    for each in found:
        of_agency = valid.get(each.agency_id, ())
        not_after = max(of_agency).astimezone(KARACHI) if of_agency else None
        ends.append(Ends(each.agency_id, each.enabled, not_after, _why(not_after, at), len(of_agency)))
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(ends, key=lambda each: (not each.enabled, each.not_after or never, each.whose))


def of_files(files: Sequence[Path], at: dt.datetime) -> list[Ends]:
    """Of the certificates in PEM files: the server's and the CAs'."""
    found = []
    for file in files:
        try:
            loaded = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError):
            found.append(Ends(file.name, enabled=True, not_after=None, why=BAD, serials=0))
            continue
        first = min(each.not_valid_after_utc for each in loaded).astimezone(KARACHI)
        found.append(Ends(file.name, enabled=True, not_after=first, why=_why(first, at), serials=len(loaded)))
    return found


def _why(not_after: dt.datetime | None, at: dt.datetime) -> str:
    if not_after is None or not_after <= at:
        return BAD
    return WARN if not_after - at < SOON else GOOD
