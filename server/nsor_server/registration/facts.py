"""What other services may use of registrations: how one is read, opened and carried on. They import nothing else."""

from nsor_server.registration.record import address_record, case_reference, court_places, to_message
from nsor_server.registration.store import (
    COLUMNS,
    IDENTIFIER_CNIC,
    PLACES,
    TABLE,
    StoredVersion,
    data_key,
    etag,
    head,
    open_version,
    seen,
    version_row,
)

__all__ = [
    "COLUMNS",
    "IDENTIFIER_CNIC",
    "PLACES",
    "TABLE",
    "StoredVersion",
    "address_record",
    "case_reference",
    "court_places",
    "data_key",
    "etag",
    "head",
    "open_version",
    "seen",
    "to_message",
    "version_row",
]
