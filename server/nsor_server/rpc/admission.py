"""Admission: every question that is asked of a call before a handler sees it, in one order.

Certificate, agency, method, purpose, officer. It may be asked again for the same call, with a newer directory.
"""

from __future__ import annotations

from dataclasses import dataclass

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import focal_persons, gate
from nsor_server.access.contract import PURPOSE, MethodRule
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.access.officers import Officers
from nsor_server.access.signatures import SignedCall
from nsor_server.calls import Call

_BY_SESSION = frozenset({options_pb2.OFFICER_RULE_SESSION, options_pb2.OFFICER_RULE_SYSTEM})
_SESSION_OR_OTHER = frozenset(
    {options_pb2.OFFICER_RULE_SESSION_IF_SENT, options_pb2.OFFICER_RULE_OFFICER_OR_FOCAL_PERSON}
)
"""Rules by which a session is asked if one is sent."""
_BY_SIGNATURE = frozenset({options_pb2.OFFICER_RULE_DECISION, options_pb2.OFFICER_RULE_OWN_KEY})
"""Rules by which an officer signs the call itself."""
_SYSTEMS_TOO = frozenset({options_pb2.OFFICER_RULE_SYSTEM, options_pb2.OFFICER_RULE_SESSION_IF_SENT})
"""Rules by which a system's session is taken; what only a person may see isn't shown to it."""


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

        Raises:
            Unavailable: what decides hasn't been proved for too long.
        """
        self.directory.unproved.check()
        rule: MethodRule = call.route.rule
        call.officer, call.focal_persons = None, ()
        caller = gate.Caller(call.agency, call.certificate) if just_identified else self._identify(call, snapshot)
        stated = getattr(call.request, PURPOSE) if rule.states_purpose else options_pb2.PURPOSE_UNSPECIFIED
        call.purpose = gate.admit(rule, caller.agency, stated, snapshot.policy.narrowing, sealed=snapshot.sealed)
        call.rows = rule.allow[caller.agency.kind].rows
        if not call.has_nonce:
            raise errors.InvalidFields(errors_pb2.ERROR_REASON_NONCE_REQUIRED)
        self._prove(call, rule, caller, snapshot)
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

    def _prove(self, call: Call, rule: MethodRule, caller: gate.Caller, snapshot: DirectorySnapshot) -> None:
        """See that whoever the method needs has proved to act, and note who it is."""
        needs = rule.officer
        if needs == options_pb2.OFFICER_RULE_NONE:
            return
        if call.opened_by is not None:
            # A session ends after 15 minutes at most, and a stream goes on for whoever has opened it.
            call.officer = self.officers.still(call.opened_by, caller, snapshot)
            return
        now_us = int(snapshot.now().timestamp() * 1_000_000)
        if needs in _BY_SESSION or (needs in _SESSION_OR_OTHER and call.officer_session is not None):
            system = needs in _SYSTEMS_TOO
            call.officer = self.officers.of_session(call.officer_session, caller, snapshot, now_us, system=system)
            call.opened_by = call.officer if rule.streaming else None
        elif needs != options_pb2.OFFICER_RULE_SESSION_IF_SENT:
            self._signers(call, needs, SignedCall(rule.full_name, call.call_hash, now_us), caller, snapshot)

    def _signers(
        self,
        call: Call,
        needs: options_pb2.OfficerRule.ValueType,
        signed: SignedCall,
        caller: gate.Caller,
        snapshot: DirectorySnapshot,
    ) -> None:
        """Note who has signed the call itself: an officer, or focal persons."""
        if needs in _BY_SIGNATURE:
            own_key = needs == options_pb2.OFFICER_RULE_OWN_KEY
            call.officer = self.officers.of_decision(call.decision, signed, caller, snapshot, own_key=own_key)
        else:
            call.focal_persons = focal_persons.of_decision(
                call.decision, call.second_decision, signed, caller, snapshot
            )
