"""Admission: every question that is asked of a call before a handler sees it, in one order.

Certificate, agency, method, purpose, officer. It may be asked again for the same call, with a newer directory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from google.protobuf.message import Message

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.contract import PURPOSE, MethodRule
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.access.facts import Officer
from nsor_server.access.officers import Officers
from nsor_server.rpc.arrival import Arrival
from nsor_server.rpc.calls import Call


@dataclass(slots=True)
class Admitted:
    """A call that may be made: as it arrived, its rule, its request, and what its handler sees of it."""

    arrival: Arrival
    rule: MethodRule
    request: Message
    call: Call


@dataclass(frozen=True, slots=True)
class Admission:
    """The gate with what it asks."""

    directory: Directory
    officers: Officers
    narrowing: gate.Narrows

    def identify(self, arrival: Arrival) -> gate.Caller:
        """Who calls.

        Raises:
            Unauthenticated: as ``gate.identify``, and not only by an old snapshot.
        """
        snapshot = self.directory.current
        try:
            return self._identify(arrival, snapshot)
        except errors.Unauthenticated:
            if self.directory.at_least_as_of(arrival.moment) is snapshot:
                raise
        return self._identify(arrival, self.directory.current)

    def admit(self, arrival: Arrival, rule: MethodRule, request: Message) -> Call:
        """The call that a handler sees.

        Raises:
            Unauthenticated, Denied: a question isn't answered well, and not only by an old snapshot.
        """
        snapshot = self.directory.current
        try:
            return self._admit(arrival, rule, request, snapshot)
        except (errors.Unauthenticated, errors.Denied):
            # Another process may have enrolled the officer or added the agency just now.
            if self.directory.at_least_as_of(arrival.moment) is snapshot:
                raise
        return self._admit(arrival, rule, request, self.directory.current)

    def admit_by(self, arrival: Arrival, rule: MethodRule, request: Message, snapshot: DirectorySnapshot) -> Call:
        """As ``admit``, by this snapshot alone: for whoever holds the head's lock, under which it stays true."""
        return self._admit(arrival, rule, request, snapshot)

    def _identify(self, arrival: Arrival, snapshot: DirectorySnapshot) -> gate.Caller:
        arrival.accepted = False
        arrival.agency, arrival.certificate = gate.claimed(arrival.certificate_pem, snapshot)
        caller = gate.identify(arrival.certificate_pem, snapshot, snapshot.now())
        arrival.accepted = True
        return caller

    def _admit(self, arrival: Arrival, rule: MethodRule, request: Message, snapshot: DirectorySnapshot) -> Call:
        arrival.officer = None
        caller = self._identify(arrival, snapshot)
        stated = getattr(request, PURPOSE) if rule.states_purpose else options_pb2.PURPOSE_UNSPECIFIED
        purpose = gate.admit(rule, caller.agency, stated, self.narrowing)
        arrival.purpose = purpose
        if not arrival.has_nonce:
            raise errors.InvalidFields(errors_pb2.ERROR_REASON_NONCE_REQUIRED)
        arrival.officer = self._officer(arrival, rule, caller, snapshot)
        return Call(
            access_id=arrival.access_id,
            method=rule.full_name,
            agency=caller.agency,
            purpose=purpose,
            officer=arrival.officer,
            nonce=arrival.nonce,
            request_hash=hashlib.sha256(arrival.request).digest(),
            call_hash=arrival.call_hash,
            certificate=caller.certificate,
            trace_id=arrival.span.trace_id,
            directory_version=snapshot.version,
        )

    def _officer(
        self, arrival: Arrival, rule: MethodRule, caller: gate.Caller, snapshot: DirectorySnapshot
    ) -> Officer | None:
        if rule.officer == options_pb2.OFFICER_RULE_NONE:
            return None
        if rule.officer == options_pb2.OFFICER_RULE_SESSION:
            now_us = int(snapshot.now().timestamp() * 1_000_000)
            return self.officers.of_session(arrival.officer_session, caller, snapshot, now_us)
        return self.officers.of_decision(arrival.decision, rule.full_name, arrival.call_hash, caller, snapshot)
