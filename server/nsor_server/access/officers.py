"""Officers and systems: who within the agency acts, proved by a key that the agency has enrolled.

A session assertion serves for look-ups and is verified once; a decision is signed over its own call. The assertion
is bound to the client certificate that carries it, so it is worth nothing on another connection. A focal person's key
is none of these keys: ``focal_persons``.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from nsor.v1 import errors_pb2, officer_pb2
from nsor_server import errors
from nsor_server.access import signatures
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.access.gate import Caller
from nsor_server.access.signatures import MAX_BYTES, SignedCall
from nsor_server.calls import Officer

SESSION_DOMAIN = b"nsor-officer-session-v1\0"
MAX_SESSION_US = 15 * 60 * 1_000_000
EARLY_US = 5_000_000
"""A session may begin this much later than the database's clock says, for clocks that differ a little."""
CACHED_SESSIONS = 16_384


@dataclass(frozen=True, slots=True)
class _Session:
    """A session whose signature holds for the public key that it was checked with."""

    key_id: bytes
    public_key: bytes
    certificate: bytes
    issued_at_us: int
    expires_at_us: int


class Officers:
    """Verifies sessions and decisions; remembers the sessions whose signature held."""

    def __init__(self, capacity: int = CACHED_SESSIONS) -> None:
        self._capacity = capacity
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._lock = threading.Lock()
        self.verified = 0
        """Signatures of sessions that were checked; a repeated session doesn't count."""

    def of_session(
        self,
        signed: bytes | None,
        caller: Caller,
        snapshot: DirectorySnapshot,
        now_us: int,
        *,
        system: bool = False,
    ) -> Officer:
        """The officer of a session assertion.

        Args:
            signed: the metadata ``nsor-officer-bin``, or None.
            caller: whose certificate the session must be bound to.
            snapshot: the directory.
            now_us: microseconds since 1970 by the database's clock.
            system: whether a system's key will do.

        Raises:
            Denied: there is none, it isn't accepted, it isn't valid now or not on this certificate, or it is a system's
                where an officer is needed.
        """
        if not signed:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_REQUIRED)
        if len(signed) > MAX_BYTES:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        session = self._sessions.get(signed)
        if session is None:
            session = self._verify(signed, caller, snapshot)
        # The signature is remembered; enrolment, binding and time are looked at on every call.
        officer = _enrolled(session.key_id, caller, snapshot)
        if officer.public_key != session.public_key:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        length = session.expires_at_us - session.issued_at_us
        valid = session.issued_at_us - EARLY_US <= now_us < session.expires_at_us
        if not valid or not 0 < length <= MAX_SESSION_US or session.certificate != caller.certificate:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_SESSION_EXPIRED)
        if not system:
            _require_person(officer)
        return officer

    def still(self, officer: Officer, caller: Caller, snapshot: DirectorySnapshot) -> Officer:
        """The officer or system whose session has opened a stream, if the key is still enrolled.

        A stream outlives its session, which ends after 15 minutes: it goes on for the key that has opened it, and ends
        within seconds once that is disabled.

        Raises:
            Denied: it isn't enrolled any more.
        """
        return _enrolled(officer.key_id, caller, snapshot)

    def of_decision(
        self,
        signed: bytes | None,
        call: SignedCall,
        caller: Caller,
        snapshot: DirectorySnapshot,
        *,
        own_key: bool = False,
    ) -> Officer:
        """The officer who signed this very call, a short time ago.

        Args:
            signed: the metadata ``nsor-decision-bin``, or None.
            call: what must have been signed.
            caller: whose agency must have enrolled the key.
            snapshot: the directory.
            own_key: the call is about the key that signs it, whoever has it.

        Raises:
            Denied: there is no signature, it isn't accepted, its time is over or hasn't come, or its key decides
                nothing or was enrolled without its officer's own number.
        """
        if not signed:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_REQUIRED)
        decision = signatures.read(signed)
        if decision is None:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        officer = _enrolled(decision.officer_key_id, caller, snapshot)
        if not signatures.holds(officer.public_key, decision.signature, call.message(decision.signed_at_us)):
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        signatures.check_time(decision, call)
        if not own_key:
            _require_person(officer)
            if not officer.decides or not officer.own:
                # Without an own number one human could be the two whom a decision needs, and nobody would see it.
                raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_MAY_NOT_DECIDE)
        return officer

    def _verify(self, signed: bytes, caller: Caller, snapshot: DirectorySnapshot) -> _Session:
        try:
            assertion = officer_pb2.SignedOfficerSession.FromString(signed)
            said = officer_pb2.OfficerSession.FromString(assertion.session)
        except DecodeError:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED) from None
        officer = _enrolled(said.officer_key_id, caller, snapshot)
        if not signatures.holds(officer.public_key, assertion.signature, SESSION_DOMAIN + assertion.session):
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
        session = _Session(
            key_id=said.officer_key_id,
            public_key=officer.public_key,
            certificate=said.certificate_sha256,
            issued_at_us=said.issued_at_us,
            expires_at_us=said.expires_at_us,
        )
        with self._lock:
            self.verified += 1
            self._sessions[signed] = session
            while len(self._sessions) > self._capacity:
                self._sessions.popitem(last=False)
        return session


def _enrolled(key_id: bytes, caller: Caller, snapshot: DirectorySnapshot) -> Officer:
    officer = snapshot.officers.get(key_id)
    if officer is None or officer.disabled or officer.agency_id != caller.agency.agency_id:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
    return officer


def _require_person(officer: Officer) -> None:
    if officer.system:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_SYSTEM)
