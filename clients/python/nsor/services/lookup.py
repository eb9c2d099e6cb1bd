"""The RPCs of LookupService."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import (
    access_requests_pb2,
    disclosures_pb2,
    emergencies_pb2,
    grants_pb2,
    lookup_pb2,
    recalls_pb2,
    replays_pb2,
    screening_pb2,
    search_pb2,
    tripwires_pb2,
    watched_pb2,
)


class Lookup(Service):
    """Who may look, at whom, for what."""

    __slots__ = ()

    def create_access_request(
        self,
        request: access_requests_pb2.CreateAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.CreateAccessRequestResponse]:
        """Ask a prosecutor for access to the records of suspects named in an FIR."""
        return self._connection.call(
            "nsor.v1.LookupService/CreateAccessRequest",
            request,
            access_requests_pb2.CreateAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_access_request(
        self,
        request: access_requests_pb2.GetAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.GetAccessRequestResponse]:
        """Show an access request."""
        return self._connection.call(
            "nsor.v1.LookupService/GetAccessRequest",
            request,
            access_requests_pb2.GetAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def approve_access_request(
        self,
        request: access_requests_pb2.ApproveAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.ApproveAccessRequestResponse]:
        """Grant an access request; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ApproveAccessRequest",
            request,
            access_requests_pb2.ApproveAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def return_access_request(
        self,
        request: access_requests_pb2.ReturnAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.ReturnAccessRequestResponse]:
        """Return an access request with reasons; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ReturnAccessRequest",
            request,
            access_requests_pb2.ReturnAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def decide_juvenile_access(
        self,
        request: access_requests_pb2.DecideJuvenileAccessRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.DecideJuvenileAccessResponse]:
        """Say whether an access request is shown juveniles' records; the officer of NPB signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/DecideJuvenileAccess",
            request,
            access_requests_pb2.DecideJuvenileAccessResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def pass_access_request(
        self,
        request: access_requests_pb2.PassAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.PassAccessRequestResponse]:
        """Pass an access request, with its grant, to another officer of your agency; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/PassAccessRequest",
            request,
            access_requests_pb2.PassAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def open_ticket(
        self,
        request: grants_pb2.OpenTicketRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[grants_pb2.OpenTicketResponse]:
        """Let another officer of NPB look named persons up; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/OpenTicket",
            request,
            grants_pb2.OpenTicketResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def withdraw_grant(
        self,
        request: grants_pb2.WithdrawGrantRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[grants_pb2.WithdrawGrantResponse]:
        """Withdraw a grant, ticket or court case that your agency has opened; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/WithdrawGrant",
            request,
            grants_pb2.WithdrawGrantResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_access_requests(
        self,
        request: access_requests_pb2.ListAccessRequestsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[access_requests_pb2.ListAccessRequestsResponse]:
        """List access requests: your own, or those that your prosecution decides; those that wait in front."""
        return self._connection.call(
            "nsor.v1.LookupService/ListAccessRequests",
            request,
            access_requests_pb2.ListAccessRequestsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_grants(
        self,
        request: grants_pb2.ListGrantsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[grants_pb2.ListGrantsResponse]:
        """List what your agency has granted or opened and what still counts."""
        return self._connection.call(
            "nsor.v1.LookupService/ListGrants",
            request,
            grants_pb2.ListGrantsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_recalls(
        self,
        request: recalls_pb2.ListRecallsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[recalls_pb2.ListRecallsResponse]:
        """List what your agency was shown and is told otherwise now, the oldest in front."""
        return self._connection.call(
            "nsor.v1.LookupService/ListRecalls",
            request,
            recalls_pb2.ListRecallsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def acknowledge_recall(
        self,
        request: recalls_pb2.AcknowledgeRecallRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[recalls_pb2.AcknowledgeRecallResponse]:
        """Say that a recall was read, and what was done about it; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/AcknowledgeRecall",
            request,
            recalls_pb2.AcknowledgeRecallResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def open_court_case(
        self,
        request: grants_pb2.OpenCourtCaseRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[grants_pb2.OpenCourtCaseResponse]:
        """Let the court's officers look up who is named in a case; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/OpenCourtCase",
            request,
            grants_pb2.OpenCourtCaseResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def look_up_registration(
        self,
        request: lookup_pb2.LookUpRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.LookUpRegistrationResponse]:
        """Look one person up by CNIC, document or candidate; each answer uses the grant once."""
        return self._connection.call(
            "nsor.v1.LookupService/LookUpRegistration",
            request,
            lookup_pb2.LookUpRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def declare_manifest(
        self,
        request: screening_pb2.DeclareManifestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[screening_pb2.DeclareManifestResponse]:
        """Declare a flight or a crossing whose passengers are to be screened."""
        return self._connection.call(
            "nsor.v1.LookupService/DeclareManifest",
            request,
            screening_pb2.DeclareManifestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def open_emergency_look_up(
        self,
        request: emergencies_pb2.OpenEmergencyLookUpRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[emergencies_pb2.OpenEmergencyLookUpResponse]:
        """Open an emergency look-up of one person; the officer signs the call, and NPB hears at once."""
        return self._connection.call(
            "nsor.v1.LookupService/OpenEmergencyLookUp",
            request,
            emergencies_pb2.OpenEmergencyLookUpResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def look_up_in_emergency(
        self,
        request: emergencies_pb2.LookUpInEmergencyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[emergencies_pb2.LookUpInEmergencyResponse]:
        """Read the record of the person of an emergency look-up; NPB and the owner hear at once."""
        return self._connection.call(
            "nsor.v1.LookupService/LookUpInEmergency",
            request,
            emergencies_pb2.LookUpInEmergencyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def review_emergency_look_up(
        self,
        request: emergencies_pb2.ReviewEmergencyLookUpRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[emergencies_pb2.ReviewEmergencyLookUpResponse]:
        """Say whether an emergency look-up was justified; the officer of NPB signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ReviewEmergencyLookUp",
            request,
            emergencies_pb2.ReviewEmergencyLookUpResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_emergency_look_up(
        self,
        request: emergencies_pb2.GetEmergencyLookUpRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[emergencies_pb2.GetEmergencyLookUpResponse]:
        """Show NPB an emergency look-up with whom it was for."""
        return self._connection.call(
            "nsor.v1.LookupService/GetEmergencyLookUp",
            request,
            emergencies_pb2.GetEmergencyLookUpResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_emergency_look_ups(
        self,
        request: emergencies_pb2.ListEmergencyLookUpsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[emergencies_pb2.ListEmergencyLookUpsResponse]:
        """List emergency look-ups, those that wait for their review or those that were reviewed."""
        return self._connection.call(
            "nsor.v1.LookupService/ListEmergencyLookUps",
            request,
            emergencies_pb2.ListEmergencyLookUpsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_unusual_accesses(
        self,
        request: tripwires_pb2.ListUnusualAccessesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[tripwires_pb2.ListUnusualAccessesResponse]:
        """List unusual accesses of your agency; as NPB, those of all that wait for a review, or were reviewed."""
        return self._connection.call(
            "nsor.v1.LookupService/ListUnusualAccesses",
            request,
            tripwires_pb2.ListUnusualAccessesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def review_unusual_access(
        self,
        request: tripwires_pb2.ReviewUnusualAccessRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[tripwires_pb2.ReviewUnusualAccessResponse]:
        """Say what NPB makes of an unusual access, once; signed by a deciding officer who isn't concerned."""
        return self._connection.call(
            "nsor.v1.LookupService/ReviewUnusualAccess",
            request,
            tripwires_pb2.ReviewUnusualAccessResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def search_registrations(
        self,
        request: search_pb2.SearchRegistrationsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[search_pb2.SearchRegistrationsResponse]:
        """Search by name for one whom a grant, a ticket or a court case names, or for a party of an FIR."""
        return self._connection.call(
            "nsor.v1.LookupService/SearchRegistrations",
            request,
            search_pb2.SearchRegistrationsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_disclosures(
        self,
        request: disclosures_pb2.ListDisclosuresRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[disclosures_pb2.ListDisclosuresResponse]:
        """List who was shown a record of your agency, by agency and purpose."""
        return self._connection.call(
            "nsor.v1.LookupService/ListDisclosures",
            request,
            disclosures_pb2.ListDisclosuresResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def enter_watched_number(
        self,
        request: watched_pb2.EnterWatchedNumberRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[watched_pb2.EnterWatchedNumberResponse]:
        """Enter a number to be watched, as the first officer or the second; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/EnterWatchedNumber",
            request,
            watched_pb2.EnterWatchedNumberResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def end_watched_number(
        self,
        request: watched_pb2.EndWatchedNumberRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[watched_pb2.EndWatchedNumberResponse]:
        """End the watching of a number, as the first officer or the second; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/EndWatchedNumber",
            request,
            watched_pb2.EndWatchedNumberResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_watched_numbers(
        self,
        request: watched_pb2.ListWatchedNumbersRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[watched_pb2.ListWatchedNumbersResponse]:
        """List the numbers that were entered to be watched, without the numbers."""
        return self._connection.call(
            "nsor.v1.LookupService/ListWatchedNumbers",
            request,
            watched_pb2.ListWatchedNumbersResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_tripwire_replay(
        self,
        request: replays_pb2.ProposeTripwireReplayRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[replays_pb2.ProposeTripwireReplayResponse]:
        """Ask which past accesses other thresholds would have found unusual; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ProposeTripwireReplay",
            request,
            replays_pb2.ProposeTripwireReplayResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def approve_tripwire_replay(
        self,
        request: replays_pb2.ApproveTripwireReplayRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[replays_pb2.ApproveTripwireReplayResponse]:
        """Approve a replay that another officer has asked for; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ApproveTripwireReplay",
            request,
            replays_pb2.ApproveTripwireReplayResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_tripwire_replay(
        self,
        request: replays_pb2.GetTripwireReplayRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[replays_pb2.GetTripwireReplayResponse]:
        """Read a replay, with what it found once it is computed."""
        return self._connection.call(
            "nsor.v1.LookupService/GetTripwireReplay",
            request,
            replays_pb2.GetTripwireReplayResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_tripwire_replays(
        self,
        request: replays_pb2.ListTripwireReplaysRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[replays_pb2.ListTripwireReplaysResponse]:
        """List replays, without what they found."""
        return self._connection.call(
            "nsor.v1.LookupService/ListTripwireReplays",
            request,
            replays_pb2.ListTripwireReplaysResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
