"""A conviction order on its way into the register: checked by what the law and the directory say, and made into rows.

One order by itself and a row of an import take this way. Nothing here reads the register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nsor.v1 import notification_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.calls import Agency, Call, Row
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import record as records
from nsor_server.registration import rules, states, store
from nsor_server.storage import random_bytes
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Order = registration_pb2.CreateRegistrationRequest


@dataclass(frozen=True, slots=True)
class Entered:
    """A new registration.

    Attributes:
        rows: that are to be added, with those of events.
        version: the first one.
    """

    rows: tuple[Row, ...]
    version: store.Written


def require_within(call: Call, order: Order) -> None:
    """See that the order's court and station lie where the caller may act.

    Raises:
        errors.Denied: OUTSIDE_JURISDICTION.
    """
    rows.require_within(call.agency, call.officer, rules.places_of_cases(order.convictions))


@dataclass(slots=True)
class Examined:
    """An order whose form was checked, by the law and the directory.

    Attributes:
        call: past the gate.
        order: the order.
        refusals: every rule that refuses it.
        bases: why each count of each conviction is registrable, if no rule about them refuses it.
    """

    call: Call
    order: Order
    refusals: list[errors.ApiError] = field(default_factory=list)
    bases: Sequence[Sequence[types_pb2.LegalBasis.ValueType]] = ()

    def record(self) -> record_pb2.RegistrationRecord:
        """An order that nothing refuses, as a record with its legal bases; it lacks who entered it and its state."""
        record = records.from_request(self.order)
        version = policy_of(self.call).offence_table_version
        record.convictions.extend(
            records.conviction_record(conviction, of_counts, version)
            for conviction, of_counts in zip(self.order.convictions, self.bases, strict=True)
        )
        return record

    def judge(self) -> None:
        """Find why its counts are registrable.

        Raises:
            errors.InvalidFields: OFFENCE_NOT_REGISTRABLE.
        """
        self.bases = rules.legal_bases(policy_of(self.call).offences, self.order.convictions)


def examined(call: Call, order: Order, *, convictions: bool = True, custody: bool = True) -> Examined:
    """Ask every rule of the law and of the directory about an order whose form was checked.

    Args:
        call: past the gate.
        order: the order.
        convictions: whether its convictions are of their form; no law is asked about others.
        custody: the same of its custody.
    """
    found = Examined(call, order)
    checks: list[Callable[[], object]] = []
    if convictions:
        checks += [
            lambda: rules.check_convicted(order.convictions),
            found.judge,
            lambda: require_within(call, order),
        ]
    if custody and order.custody.state == types_pb2.CUSTODY_STATE_IN_CUSTODY:
        checks.append(lambda: rules.check_custodian(call.agencies.get(order.custody.prisons_agency_id)))
    for check in checks:
        try:
            check()
        except errors.ApiError as error:
            found.refusals.append(error)
    return found


class Recipients:
    """Who hears of new registrations, by the directory: asked once for all that have the same courts and owner."""

    def __init__(self, agencies: Mapping[str, Agency]) -> None:
        """``agencies`` are those of the directory that the call was gated by."""
        self._agencies = agencies
        self._known: dict[tuple[object, ...], list[str]] = {}

    def of(self, record: record_pb2.RegistrationRecord) -> list[str]:
        """NPB, the courts that something awaits, and an owner for whom another agency has entered it."""
        courts = tuple((each.court_kind, each.court_place) for each in record.convictions)
        owner = record.created_by_agency if record.imported_by_agency else ""
        found = self._known.get((owner, *courts))
        if found is None:
            found = self._known[owner, *courts] = [
                *recipients.of_kind(self._agencies, options_pb2.AGENCY_KIND_NPB),
                *recipients.courts_for(self._agencies, courts),
                *([owner] if owner else []),
            ]
        return found


def entered(
    sealer: Sealer,
    call: Call,
    record: record_pb2.RegistrationRecord,
    owner: str,
    told: Recipients | None = None,
) -> Entered:
    """Complete a record as a new registration, and make its rows; ``record`` stays.

    Args:
        sealer: makes its data key.
        call: of the officer who enters it.
        record: as ``Examined.record`` gives it.
        owner: the agency that it counts as entered by.
        told: of the same call, for many registrations.
    """
    written_at = call.now()
    record = states.next_version(record, states.entering(record.convictions, owner, call.officer_key))
    record.registration_id = random_bytes.new_id()
    record.responsible_place = rules.responsible_place(record.addresses)
    record.created_by_agency = owner
    record.imported_by_agency = "" if owner == call.agency.agency_id else call.agency.agency_id
    record.created_by_key = call.officer_key
    record.create_time_us = to_us(written_at)
    key, wrapped = sealer.new_data_key(record.registration_id)
    written = store.version_row(key, None, record, written_at)
    owed = outbox.owed(
        notification_pb2.EVENT_KIND_REGISTRATION_CREATED,
        (told or Recipients(call.agencies)).of(record),
        registration_id=record.registration_id,
    )
    return Entered((store.key_row(record.registration_id, wrapped), written.row, *owed), written)
