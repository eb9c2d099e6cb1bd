"""What other services may use of registrations: how one is read, opened and carried on. They import nothing else."""

from nsor_server.registration.claims import (
    IDENTIFIER_CNIC,
    IS_LIVE,
    StoredClaim,
    case_blinds,
    cases,
    court_case,
    fir_case,
    open_claim,
    person,
    standing_cases,
)
from nsor_server.registration.closure.erasures import erased_ids
from nsor_server.registration.custody.rules import at_home
from nsor_server.registration.duties.rules import Counting, Told, noticed, taken_back
from nsor_server.registration.persons.shown import as_one, digest
from nsor_server.registration.photos.store import one as photo
from nsor_server.registration.record import (
    address_record,
    case_reference,
    court_places,
    court_reference,
    document_record,
    name_record,
    to_message,
)
from nsor_server.registration.shown import in_look_ups, to_everybody
from nsor_server.registration.store import (
    COLUMNS,
    PLACES,
    TABLE,
    StoredVersion,
    data_key,
    etag,
    head,
    open_keyed,
    open_version,
    said,
    sealed_among,
    seen,
    version_row,
)

__all__ = [
    "COLUMNS",
    "IDENTIFIER_CNIC",
    "IS_LIVE",
    "PLACES",
    "TABLE",
    "Counting",
    "StoredClaim",
    "StoredVersion",
    "Told",
    "address_record",
    "as_one",
    "at_home",
    "case_blinds",
    "case_reference",
    "cases",
    "court_case",
    "court_places",
    "court_reference",
    "data_key",
    "digest",
    "document_record",
    "erased_ids",
    "etag",
    "fir_case",
    "head",
    "in_look_ups",
    "name_record",
    "noticed",
    "open_claim",
    "open_keyed",
    "open_version",
    "person",
    "photo",
    "said",
    "sealed_among",
    "seen",
    "standing_cases",
    "taken_back",
    "to_everybody",
    "to_message",
    "version_row",
]
