"""ImportRegistrations and ListImportFindings on the wire. No SQL, no law."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import errors_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, RecordRef, Row
from nsor_server.errors import Violation
from nsor_server.formats.uuids import raw, text
from nsor_server.policy.messages import Messages
from nsor_server.registration import entering, rules
from nsor_server.registration.imports import rules as import_rules
from nsor_server.registration.imports import store
from nsor_server.rpc.handlers import Exchanged, Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_ACCEPTED: Final = errors_pb2.ERROR_REASON_UNSPECIFIED


class ImportService:
    """Enters the rows of imports, and tells again what became of them."""

    def __init__(self, sealer: Sealer, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable."""
        self._sealer = sealer
        self._durable = durable
        self._texts = Messages.load()

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Exchanged(
                registration_pb2.ImportRegistrationsRequest,
                registration_pb2.ImportRegistrationsResponse,
                self.import_registrations,
                import_rules.is_of_order,
                lambda request: import_rules.WEIGHT * len(request.rows),
            ),
            Unary(
                registration_pb2.ListImportFindingsRequest,
                registration_pb2.ListImportFindingsResponse,
                self.list_import_findings,
                charge=lambda request: Charge(request.import_id),
            ),
        )

    def import_registrations(
        self, call: Call, request: registration_pb2.ImportRegistrationsRequest, conn: Connection
    ) -> Outcome[registration_pb2.ImportRegistrationsResponse]:
        """Enter the rows of a message. Nothing of the register is asked, but what of them was stored before."""
        import_rules.check_numbers(request.rows)
        wrong = import_rules.by_row(call.found)
        answer = registration_pb2.ImportRegistrationsResponse()
        if request.validate_only:
            for position, row in enumerate(request.rows):
                _, imported = self._examined(call, row, wrong.get(position, []))
                self._fill(answer.findings.add(), imported or _accepted(call, row))
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        import_id = raw(request.import_id)
        block = store.head(conn, self._sealer, call, import_id, import_rules.block_of(request.rows[0].row))
        seen, known = store.seen(block), {stored.row: stored for stored in block.rows}
        added: list[Row] = []
        refs: list[RecordRef] = []
        changed = False
        recipients = entering.Recipients(call.agencies)
        for position, row in enumerate(request.rows):
            before = known.get(row.row)
            if before is not None and before.reason == _ACCEPTED:
                self._fill_again(answer.findings.add(), call, row, before)
                continue
            examined, imported = self._examined(call, row, wrong.get(position, []))
            if imported is None:
                imported, entered = self._entered(call, row, examined, recipients)
                added += entered.rows
                refs.append(entered.version.ref)
            self._fill(answer.findings.add(), imported)
            changed |= imported != before
            known[row.row] = imported
        detail = record_pb2.AccessDetail(outcome="IMPORTED" if changed else "REPLAY", replay=not changed)
        if changed:
            block.version += 1
            del block.rows[:]
            block.rows.extend(known[number] for number in sorted(known))
            version, ref = store.version_row(self._sealer, block)
            added.insert(0, version)
            refs.insert(0, ref)
        return Outcome(disclose(answer, call.purpose), detail, added, refs, (seen,))

    def list_import_findings(
        self, call: Call, request: registration_pb2.ListImportFindingsRequest, conn: Connection
    ) -> Outcome[registration_pb2.ListImportFindingsResponse]:
        """List the findings of a block of an import that the officer sees.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
        """
        ended = lists.place(self._sealer, call, request.page_token, request.import_id)
        first = 0 if ended is None else int.from_bytes(ended, "big")
        durable = self._durable()
        found = store.page(conn, self._sealer, call, raw(request.import_id), first)
        lists.require_durable(found.size, durable)
        block, following = found.block, found.following
        answer = registration_pb2.ListImportFindingsResponse()
        for imported in block.rows if block is not None else ():
            if import_rules.is_shown(imported, call.agency, call.officer):
                self._fill(answer.findings.add(stored_before=True), imported)
        if following is not None:
            answer.next_page_token = lists.token(self._sealer, call, following.to_bytes(8, "big"), request.import_id)
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            listed_findings=record_pb2.ListedFindings(
                import_id=raw(request.import_id),
                first=first,
                before=found.size,
                block=None if block is None else block.block,
                version=0 if block is None else block.version,
                following=following,
            ),
        )
        seen = [] if block is None else [store.seen(block)]
        return Outcome(disclose(answer, call.purpose), detail, seen=seen)

    def _examined(
        self, call: Call, row: registration_pb2.ImportRow, wrong: Sequence[Violation]
    ) -> tuple[entering.Examined, record_pb2.ImportedRow | None]:
        """A row by the law, and everything that refuses it, as it is stored; None: nothing does."""
        fields = {violation.field.partition(".")[0].partition("[")[0] for violation in wrong}
        judged = fields.isdisjoint(("order", "convictions"))
        custody = fields.isdisjoint(("order", "custody"))
        examined = entering.examined(call, row.order, convictions=judged, custody=custody)
        refusals = examined.refusals
        if not refusals and not wrong:
            try:
                self._owner(call, row)
            except errors.InvalidFields as error:
                refusals.append(error)
        if not wrong and not refusals:
            return examined, None
        reason = errors_pb2.ERROR_REASON_INVALID_FIELDS if wrong else refusals[0].reason
        violations = [*wrong, *(violation for refusal in refusals for violation in refusal.violations)]
        return examined, record_pb2.ImportedRow(
            row=row.row,
            sha256=_digest(row),
            sent_by=_officer(call),
            places=rules.places_of_cases(row.order.convictions) if judged else (),
            reason=reason,
            fields=[
                record_pb2.ImportedField(field=each.field, reason=each.reason)
                for each in violations[: import_rules.MOST_VIOLATIONS]
            ],
            more=max(0, len(violations) - import_rules.MOST_VIOLATIONS),
        )

    def _owner(self, call: Call, row: registration_pb2.ImportRow) -> str:
        return import_rules.owner(call.agencies, call.agency, row.order.convictions[0].court_case.place_code)

    def _entered(
        self,
        call: Call,
        row: registration_pb2.ImportRow,
        examined: entering.Examined,
        recipients: entering.Recipients,
    ) -> tuple[record_pb2.ImportedRow, entering.Entered]:
        entered = entering.entered(self._sealer, call, examined.record(), self._owner(call, row), recipients)
        imported = _accepted(call, row)
        imported.registration_id, imported.etag = entered.version.ref.row_id, entered.version.etag
        return imported, entered

    def _fill_again(
        self,
        finding: registration_pb2.ImportFinding,
        call: Call,
        row: registration_pb2.ImportRow,
        before: record_pb2.ImportedRow,
    ) -> None:
        """What is said of a row under whose number one was accepted: the same again, if it is that one."""
        if before.sha256 != _digest(row):
            finding.row, finding.reason = row.row, errors_pb2.ERROR_REASON_REQUEST_ID_REUSED
            return
        try:
            entering.require_within(call, row.order)
        except errors.Denied as refusal:  # he may act there no more
            finding.row, finding.reason = row.row, refusal.reason
            return
        self._fill(finding, before)
        finding.stored_before = True

    def _fill(self, finding: registration_pb2.ImportFinding, imported: record_pb2.ImportedRow) -> None:
        finding.row, finding.reason = imported.row, errors_pb2.ErrorReason.ValueType(imported.reason)
        if imported.reason == _ACCEPTED:
            finding.registration_id = text(imported.registration_id) if imported.registration_id else ""
            finding.etag = imported.etag
            for field in imported.fields:
                odd = types_pb2.WarningReason.ValueType(field.reason)
                finding.warnings.add(field=field.field, reason=odd)
            return
        for field in imported.fields:
            reason = errors_pb2.FieldReason.ValueType(field.reason)
            english, urdu = self._texts.field(reason)
            finding.violations.add(field=field.field, reason=reason, meaning_en=english, meaning_ur=urdu)
        finding.more_violations = imported.more


def _accepted(call: Call, row: registration_pb2.ImportRow) -> record_pb2.ImportedRow:
    warnings = rules.warnings(row.order.person)
    odd = [record_pb2.ImportedField(field=warning.field, reason=warning.reason) for warning in warnings]
    places = rules.places_of_cases(row.order.convictions)
    return record_pb2.ImportedRow(
        row=row.row, sha256=_digest(row), fields=odd, sent_by=_officer(call), places=dict.fromkeys(places)
    )


def _officer(call: Call) -> str:
    """Who sends a row: an officer is his number, as in his budget."""
    return call.officer.officer_number if call.officer else ""


def _digest(row: registration_pb2.ImportRow) -> bytes:
    """Of the checked order, which another language may have encoded in other bytes."""
    return hashlib.sha256(row.order.SerializeToString(deterministic=True)).digest()
