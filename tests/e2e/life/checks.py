"""What must hold whatever was tried on records.

What follows by law is written down here once more, shorter than the server's own rules and without looking at them: a
conviction that its court has confirmed stands until a judgment takes it, and stands again when NPB unseals it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from nsor.v1 import closure_pb2, lookup_pb2
from nsor_server.registration import store
from nsor_server.storage.v1 import record_pb2
from tests import orders
from tests.e2e.life.asking import Asking
from tests.e2e.life.golden import within
from tests.e2e.life.known import BUREAU, CONFIRMS, ENTERS, EVERYBODY, POLICE, PRISON, SHOWN_FOR, Known

_VERSIONS: Final = """
SELECT v.registration_id, v.version, sha256(v.sealed),
    EXISTS (
        SELECT FROM ledger_record AS r WHERE r.table_name = 'registration_version'
        AND r.row_id = uuid_send(v.registration_id) AND r.version = v.version AND r.sha256 = sha256(v.sealed)
    )
FROM registration_version AS v WHERE v.registration_id = ANY (%s::uuid[])
"""


class Checks(Asking):
    """Looks at all that must hold: what everybody is shown, and what the database has."""

    def check(self, *, whole: bool = False) -> None:
        """All that must hold after each trial, whether it was refused or not.

        Everybody asks for the record of the trial, and of the others each of a few, who are others each time; everybody
        asks for all where it is to be ``whole``.
        """
        turn = next(self._checks)
        for nth, known in enumerate(self.records):
            is_asked = whole or known.registration_id == self._about
            self._is_hidden_or_stands(known, EVERYBODY if is_asked else (EVERYBODY[(turn + nth) % len(EVERYBODY)],))
        self._nothing_is_shown_that_does_not_stand()
        self._no_version_is_lost()
        self._a_creator_sees_his_record_alone()

    def _nothing_is_shown_that_does_not_stand(self) -> None:
        absent = self._at_the_border(orders.cnic())
        for number in self.numbers:
            answer = self._at_the_border(number)
            standing = [each for each in self.records if each.cnic == number and each.is_shown]
            found = answer.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
            assert found or all(each.may_wait for each in standing), f"what stands isn't shown: {self.records}"
            assert standing or not found, f"what is shown doesn't stand: {self.records}"
            if found:
                assert answer.message.registration.person.cnic == number
                within(answer.message, "BORDER_CONTROL")
            else:
                # Sealed, archived, withdrawn, erased, unconfirmed, held and absent are one answer.
                assert answer.message.SerializeToString() == absent.message.SerializeToString()
                assert len(answer.proof.leaf) == len(absent.proof.leaf)
        self._nobody_finds_what_is_erased()

    def _nobody_finds_what_is_erased(self) -> None:
        if not self.erased:
            return
        absent = Known(str(uuid.uuid4()), orders.cnic())
        for agency in (ENTERS, CONFIRMS, POLICE, BUREAU):
            said = self._refusal(absent, agency)
            assert {self._refusal(known, agency) for known in self.erased} == {said}

    def _is_hidden_or_stands(self, known: Known, agencies: Sequence[str]) -> None:
        for agency in agencies:
            shown = self._shown(known, agency)
            if shown is None:
                assert agency != BUREAU or known.sealed, "NPB isn't shown what is archived or withdrawn"
                continue
            assert not known.sealed, "a sealed record was shown"
            assert agency == BUREAU or not known.archived, "an archived or withdrawn record was shown"
            if known.archived:
                archived = f"ARCHIVE_REASON_{known.archived}"
                assert shown.archive.reason == closure_pb2.ArchiveReason.Value(archived)
            assert agency != PRISON or known.held, "a prison was shown whom it doesn't hold"
            within(shown, SHOWN_FOR[agency])
            # A court confirms a case number from its own record: it isn't told before.
            cases = {each.court_case.case_number for each in shown.convictions} - {""}
            assert cases <= known.stands | known.waits

    def _no_version_is_lost(self) -> None:
        ids = [each.registration_id for each in self.records]
        before = {key: found for key, found in self._versions.items() if key[0] in ids}
        with self._agencies.database() as owner:
            rows = owner.execute(_VERSIONS, (ids,)).fetchall()
            stored = {(str(row[0]), int(row[1])): bytes(row[2]) for row in rows}
            for each in ids:
                row = store.newest(owner, uuid.UUID(each).bytes)
                assert row is not None
                self._is_as_known(store.open_version(self._sealer, row))
        assert all(recorded for *_, recorded in rows), "a version that no entry names"
        assert {key: stored.get(key) for key in before} == before
        for each in ids:
            versions = sorted(version for one, version in stored if one == each)
            assert versions == list(range(1, len(versions) + 1))
        self._versions = stored

    def _is_as_known(self, record: record_pb2.RegistrationRecord) -> None:
        known = next(each for each in self.records if uuid.UUID(each.registration_id).bytes == record.registration_id)
        # Nobody falls between two stations or two prisons.
        assert record.responsible_place
        assert (record.custodian_agency == PRISON) == known.held
        standing = {
            each.case_number
            for each in record.convictions
            if each.confirmed_by_agency and any(count.stands for count in each.counts)
        }
        assert standing == known.stands

    def _a_creator_sees_his_record_alone(self) -> None:
        for known in self.records:
            shown = self._shown(known, ENTERS)
            encoded = b"" if shown is None else shown.SerializeToString(deterministic=True)
            before = self._seen_by_creator.get(known.registration_id)
            if before is not None and known.registration_id != self._about:
                assert encoded == before, "what a creator sees has changed with another record"
            self._seen_by_creator[known.registration_id] = encoded
