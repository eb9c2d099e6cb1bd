"""How agencies stand in the register: their certificates and how many officers they have. For operators."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nsor_server.storage.pool import Connection


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate that the register knows.

    Attributes:
        serial: hexadecimal.
        not_after: when it ends.
        revoked: it counts no more.
    """

    serial: str
    not_after: dt.datetime
    revoked: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What the register knows of an agency beside its facts.

    Attributes:
        certificates: the one that ends last comes first.
        officers: how many keys of officers may act.
    """

    certificates: tuple[KnownCertificate, ...]
    officers: int

    def valid(self, at: dt.datetime) -> tuple[KnownCertificate, ...]:
        """Those that are neither revoked nor over."""
        return tuple(each for each in self.certificates if not each.revoked and each.not_after > at)


def of_agencies(conn: Connection, agency_ids: Sequence[str]) -> Mapping[str, Standing]:
    """How each of some agencies stands."""
    wanted = list(agency_ids)
    certificates: dict[str, list[KnownCertificate]] = {agency_id: [] for agency_id in wanted}
    rows = conn.execute(
        "SELECT c.agency_id, c.serial, c.not_after, r.serial IS NOT NULL FROM certificate AS c"
        " LEFT JOIN certificate_revocation AS r USING (serial) WHERE c.agency_id = ANY (%s)"
        " ORDER BY c.not_after DESC, c.serial",
        (wanted,),
    )
    for agency_id, serial, not_after, revoked in rows:
        certificates[agency_id].append(KnownCertificate(serial, not_after, revoked))
    counted = conn.execute(
        "SELECT o.agency_id, count(*) FROM officer AS o WHERE o.agency_id = ANY (%s)"
        " AND NOT EXISTS (SELECT FROM officer_disabled AS d WHERE d.key_id = o.key_id) GROUP BY o.agency_id",
        (wanted,),
    )
    officers: dict[str, int] = dict(counted.fetchall())
    return {each: Standing(tuple(certificates[each]), officers.get(each, 0)) for each in wanted}
