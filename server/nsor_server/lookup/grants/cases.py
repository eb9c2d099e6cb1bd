"""The case that the entry of a refusal says of the grant, ticket or opened case that the call named.

Of a grant that isn't the officer's nothing is said: who may list accesses would learn its case from his own refusal.
"""

from __future__ import annotations

from nsor.v1 import lookup_pb2, search_pb2
from nsor_server.calls import Agency, Call, Officer
from nsor_server.formats.uuids import raw
from nsor_server.lookup import rules
from nsor_server.lookup.grants import records
from nsor_server.lookup.grants.held import HeldGrants
from nsor_server.lookup.grants.rules import may_use
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2


def of_officer(
    grant: record_pb2.GrantRecord, holder: bytes | None, purpose: int, agency: Agency, officer: Officer | None
) -> str:
    """The case of a grant; empty: it isn't this officer's, or is for another purpose.

    ``holder``: to whom it was passed last; None: it wasn't.
    """
    is_his = grant.purpose == purpose and may_use(grant, holder, agency, officer)
    return records.case_reference(grant) if is_his else ""


def read(
    conn: Connection, grants: HeldGrants, call: Call, basis: lookup_pb2.LookUpBasis | search_pb2.SearchBasis
) -> str:
    """The case of the grant that a call names which has read nothing; empty: it names none, or none of its officer's.

    Whosever it is, it takes one statement and opens one seal.

    Raises:
        Internal: the grant isn't what its row says.
    """
    grant_id = getattr(basis, rules.BASIS[call.purpose]) if call.purpose in rules.ON_A_GRANT else ""
    held = grants.named(conn, raw(grant_id), call.agency.agency_id) if grant_id else None
    return of_officer(held.stored.record, held.holder, call.purpose, call.agency, call.officer) if held else ""
