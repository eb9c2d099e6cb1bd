"""What other services may use of registrations: how one is read, opened and carried on. They import nothing else."""

from nsor_server.registration.arrivals.notices import notice_rows as arrival_rows
from nsor_server.registration.arrivals.notices import one as arrival
from nsor_server.registration.arrivals.notices import page as arrivals_page
from nsor_server.registration.arrivals.rules import check_days as check_arrival_days
from nsor_server.registration.arrivals.store import by_number
from nsor_server.registration.cases import case_blinds, confirmed_cases, court_case, fir_case, standing_cases
from nsor_server.registration.claims import (
    CLAIM_HEADS,
    IDENTIFIER_CNIC,
    IDENTIFIER_PASSPORT,
    IS_LIVE,
    Identifier,
    StoredClaim,
    identifiers,
    is_held,
    of_cnic,
    of_document,
    of_named,
    of_text,
    open_claim,
    person,
    screened_by,
    text_of_document,
)
from nsor_server.registration.claims import CLAIM_HEADS as CLAIMS
from nsor_server.registration.claims import TABLE as CLAIM_TABLE
from nsor_server.registration.claims import head as claim_head
from nsor_server.registration.claims import seen as claim_seen
from nsor_server.registration.claims import stored as stored_claim
from nsor_server.registration.closure.erasures import TABLE as ERASURE_TABLE
from nsor_server.registration.closure.erasures import erased_ids
from nsor_server.registration.custody.rules import at_home
from nsor_server.registration.duplicates.rules import is_compared
from nsor_server.registration.duplicates.rules import person as compared_person
from nsor_server.registration.duties.due_dates import Counting
from nsor_server.registration.duties.history import WATCH as DUTY_WATCH
from nsor_server.registration.duties.record import to_message as duty_message
from nsor_server.registration.duties.rules import Told, noticed, taken_back
from nsor_server.registration.duties.states import is_open as duty_is_open
from nsor_server.registration.judgments.store import TABLE as JUDGMENTS
from nsor_server.registration.movements.rules import identifier as number_of_movement
from nsor_server.registration.movements.store import StoredMovement
from nsor_server.registration.movements.store import opened as open_movement
from nsor_server.registration.movements.store import rows as movement_rows
from nsor_server.registration.named import names_of
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.claimants import Known as Claimant
from nsor_server.registration.persons.looked_up import looked_up
from nsor_server.registration.persons.shown import as_one, digest
from nsor_server.registration.photos.store import one as photo
from nsor_server.registration.recalls.orders import CLAIM as RECALLED_BY_CLAIM
from nsor_server.registration.recalls.orders import PHOTO as RECALLED_BY_PHOTO
from nsor_server.registration.recalls.orders import TABLE as RECALL_ORDERS
from nsor_server.registration.recalls.rules import CHANGED as RECALL_CHANGED
from nsor_server.registration.recalls.rules import Wrong
from nsor_server.registration.recalls.rules import of_told as wrong_now
from nsor_server.registration.record import (
    address_record,
    case_reference,
    court_places,
    court_reference,
    document_record,
    fill_address,
    fill_document,
    fill_names,
    name_record,
    to_message,
)
from nsor_server.registration.returned import Standing as CameToStand
from nsor_server.registration.returned import since as came_to_stand
from nsor_server.registration.rules import is_owner, owners
from nsor_server.registration.screened import IS_NEWEST as IS_NEWEST_SCREENED
from nsor_server.registration.screened import TABLE as SCREENED
from nsor_server.registration.screened import USE as SCREENING
from nsor_server.registration.screened import of_row as screened_of_row
from nsor_server.registration.screened import values_of_rows as screened_values
from nsor_server.registration.shown import in_look_ups, to_everybody
from nsor_server.registration.store import (
    COLUMNS,
    CONFIRMED,
    HEADS,
    PLACES,
    TABLE,
    StoredVersion,
    Written,
    data_key,
    etag,
    head,
    open_keyed,
    open_shown,
    open_version,
    said,
    sealed_among,
    seen,
    stands,
    version_row,
    versions,
)
from nsor_server.registration.tellings import MOST as MOST_TOLD
from nsor_server.registration.tellings import tell
from nsor_server.registration.tellings import withdraw as notice_withdrawn
from nsor_server.registration.transfers.events import of_version as transfer_events
from nsor_server.registration.transfers.listing import page as transfers_page
from nsor_server.registration.transfers.listing import shows as transfers_shown
from nsor_server.registration.transfers.record import to_message as transfer_to_message
from nsor_server.registration.transfers.rules import By as TransferBy
from nsor_server.registration.transfers.rules import accepted as transfer_accepted
from nsor_server.registration.transfers.rules import is_by_arrival_alone, moved, of_refusal, of_silence
from nsor_server.registration.transfers.rules import is_open as has_open_transfer
from nsor_server.registration.transfers.rules import is_refused as has_refused_transfer
from nsor_server.registration.transfers.rules import is_with as is_transferred_with
from nsor_server.registration.transfers.rules import refused as transfer_refused
from nsor_server.registration.transfers.rules import resolved as transfer_resolved
from nsor_server.registration.worklists.rules import masked

__all__ = [
    "CLAIMS",
    "CLAIM_HEADS",
    "CLAIM_TABLE",
    "COLUMNS",
    "CONFIRMED",
    "DUTY_WATCH",
    "ERASURE_TABLE",
    "HEADS",
    "IDENTIFIER_CNIC",
    "IDENTIFIER_PASSPORT",
    "IS_LIVE",
    "IS_NEWEST_SCREENED",
    "JUDGMENTS",
    "MOST_TOLD",
    "PLACES",
    "RECALLED_BY_CLAIM",
    "RECALLED_BY_PHOTO",
    "RECALL_CHANGED",
    "RECALL_ORDERS",
    "SCREENED",
    "SCREENING",
    "TABLE",
    "CameToStand",
    "Claimant",
    "Claimants",
    "Counting",
    "Identifier",
    "StoredClaim",
    "StoredMovement",
    "StoredVersion",
    "Told",
    "TransferBy",
    "Written",
    "Wrong",
    "address_record",
    "arrival",
    "arrival_rows",
    "arrivals_page",
    "as_one",
    "at_home",
    "by_number",
    "came_to_stand",
    "case_blinds",
    "case_reference",
    "check_arrival_days",
    "claim_head",
    "claim_seen",
    "compared_person",
    "confirmed_cases",
    "court_case",
    "court_places",
    "court_reference",
    "data_key",
    "digest",
    "document_record",
    "duty_is_open",
    "duty_message",
    "erased_ids",
    "etag",
    "fill_address",
    "fill_document",
    "fill_names",
    "fir_case",
    "has_open_transfer",
    "has_refused_transfer",
    "head",
    "identifiers",
    "in_look_ups",
    "is_by_arrival_alone",
    "is_compared",
    "is_held",
    "is_owner",
    "is_transferred_with",
    "looked_up",
    "masked",
    "moved",
    "movement_rows",
    "name_record",
    "names_of",
    "notice_withdrawn",
    "noticed",
    "number_of_movement",
    "of_cnic",
    "of_document",
    "of_named",
    "of_refusal",
    "of_silence",
    "of_text",
    "open_claim",
    "open_keyed",
    "open_movement",
    "open_shown",
    "open_version",
    "owners",
    "person",
    "photo",
    "said",
    "screened_by",
    "screened_of_row",
    "screened_values",
    "sealed_among",
    "seen",
    "standing_cases",
    "stands",
    "stored_claim",
    "taken_back",
    "tell",
    "text_of_document",
    "to_everybody",
    "to_message",
    "transfer_accepted",
    "transfer_events",
    "transfer_refused",
    "transfer_resolved",
    "transfer_to_message",
    "transfers_page",
    "transfers_shown",
    "version_row",
    "versions",
    "wrong_now",
]
