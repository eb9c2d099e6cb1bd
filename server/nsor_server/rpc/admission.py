"""Admission: every question that is asked of a call before a handler sees it, in one order.

Certificate, agency, method, purpose, officer. It may be asked again for the same call, with a newer directory.
"""

from __future__ import annotations

from dataclasses import dataclass

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.contract import PURPOSE, MethodRule
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.access.officers import Officers
from nsor_server.calls import Call, Officer


@dataclass(frozen=True, slots=True)
class Admission:
    """The gate with what it asks."""

    directory: Directory
    officers: Officers

    def identify(self, call: Call) -> gate.Caller:
        """Who calls.

        Raises:
            Unauthenticated: as ``gate.identify``, by the snapshot that there is.
        """
        return self._identify(call, self.directory.current)

    def identify_newest(self, call: Call) -> gate.Caller:
        """As ``identify``, by a snapshot that isn't older than the call."""
        return self._identify(call, self.directory.at_least_as_of(call.moment))

    def admit(self, call: Call) -> None:
        """See that the call may be made, and fill in purpose, rows and officer.

        Raises:
            Unauthenticated, Denied: a question isn't answered well, and not only by an old snapshot.
        """
        snapshot = self.directory.current
        try:
            self.admit_by(call, snapshot)
        except (errors.Unauthenticated, errors.Denied):
            # Another process may have enrolled the officer or added the agency just now.
            newest = self.directory.at_least_as_of(call.moment)
            if newest is snapshot:
                raise
            self.admit_by(call, newest)

    def admit_by(self, call: Call, snapshot: DirectorySnapshot, *, just_identified: bool = False) -> None:
        """As ``admit``, by this snapshot alone: for whoever holds the head's lock, under which it stays true.

        Args:
            call: its request is there.
            snapshot: the directory.
            just_identified: who calls was asked of this snapshot when the call arrived, and needn't be asked again.
        """
        rule: MethodRule = call.route.rule
        call.officer = None
        caller = gate.Caller(call.agency, call.certificate) if just_identified else self._identify(call, snapshot)
        stated = getattr(call.request, PURPOSE) if rule.states_purpose else options_pb2.PURPOSE_UNSPECIFIED
        call.purpose = gate.admit(rule, caller.agency, stated, snapshot.policy.narrowing)
        call.rows = rule.allow[caller.agency.kind].rows
        if not call.has_nonce:
            raise errors.InvalidFields(errors_pb2.ERROR_REASON_NONCE_REQUIRED)
        call.officer = self._officer(call, rule, caller, snapshot)
        call.directory = snapshot

    def _identify(self, call: Call, snapshot: DirectorySnapshot) -> gate.Caller:
        call.accepted = False
        try:
            caller = gate.identify(call.certificate_pem, snapshot, snapshot.now())
        except errors.Unauthenticated:
            call.agency, call.certificate = gate.claimed(call.certificate_pem, snapshot)
            raise
        call.agency, call.certificate = caller.agency, caller.certificate
        call.accepted, call.directory = True, snapshot
        return caller

    def _officer(
        self, call: Call, rule: MethodRule, caller: gate.Caller, snapshot: DirectorySnapshot
    ) -> Officer | None:
        if rule.officer == options_pb2.OFFICER_RULE_NONE:
            return None
        now_us = int(snapshot.now().timestamp() * 1_000_000)
        if rule.officer == options_pb2.OFFICER_RULE_SESSION_IF_SENT and call.officer_session is None:
            return None
        if rule.officer in {options_pb2.OFFICER_RULE_SESSION, options_pb2.OFFICER_RULE_SESSION_IF_SENT}:
            return self.officers.of_session(call.officer_session, caller, snapshot, now_us)
        return self.officers.of_decision(call.decision, rule.full_name, call.call_hash, caller, snapshot, now_us=now_us)
