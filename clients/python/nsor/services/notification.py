"""The RPCs of NotificationService."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import arrivals_pb2, duties_pb2, movements_pb2, notices_pb2, notification_pb2, transfers_pb2


class Notification(Service):
    """Notices of change, transfers of responsibility, and acknowledging events."""

    __slots__ = ()

    def create_notice(
        self,
        request: notices_pb2.CreateNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notices_pb2.CreateNoticeResponse]:
        """Take an offender's notice."""
        return self._connection.call(
            "nsor.v1.NotificationService/CreateNotice",
            request,
            notices_pb2.CreateNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def withdraw_notice(
        self,
        request: notices_pb2.WithdrawNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notices_pb2.WithdrawNoticeResponse]:
        """Withdraw a notice that your agency took."""
        return self._connection.call(
            "nsor.v1.NotificationService/WithdrawNotice",
            request,
            notices_pb2.WithdrawNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def decide_notice(
        self,
        request: notices_pb2.DecideNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notices_pb2.DecideNoticeResponse]:
        """Verify or refuse a notice."""
        return self._connection.call(
            "nsor.v1.NotificationService/DecideNotice",
            request,
            notices_pb2.DecideNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_notice(
        self,
        request: notices_pb2.GetNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notices_pb2.GetNoticeResponse]:
        """Show a notice."""
        return self._connection.call(
            "nsor.v1.NotificationService/GetNotice",
            request,
            notices_pb2.GetNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_notices(
        self,
        request: notices_pb2.ListNoticesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notices_pb2.ListNoticesResponse]:
        """List the notices of a registration."""
        return self._connection.call(
            "nsor.v1.NotificationService/ListNotices",
            request,
            notices_pb2.ListNoticesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def report_movement(
        self,
        request: movements_pb2.ReportMovementRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[movements_pb2.ReportMovementResponse]:
        """Report that somebody has crossed the border."""
        return self._connection.call(
            "nsor.v1.NotificationService/ReportMovement",
            request,
            movements_pb2.ReportMovementResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def acknowledge_events(
        self,
        request: notification_pb2.AcknowledgeEventsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notification_pb2.AcknowledgeEventsResponse]:
        """Acknowledge the events up to a sequence, once they are stored."""
        return self._connection.call(
            "nsor.v1.NotificationService/AcknowledgeEvents",
            request,
            notification_pb2.AcknowledgeEventsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_duty(
        self,
        request: duties_pb2.GetDutyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[duties_pb2.GetDutyResponse]:
        """Show the duties of one person, each with its deadline."""
        return self._connection.call(
            "nsor.v1.NotificationService/GetDuty",
            request,
            duties_pb2.GetDutyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_duties(
        self,
        request: duties_pb2.ListDutiesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[duties_pb2.ListDutiesResponse]:
        """List what is due at your stations, soonest first."""
        return self._connection.call(
            "nsor.v1.NotificationService/ListDuties",
            request,
            duties_pb2.ListDutiesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def waive_duty(
        self,
        request: duties_pb2.WaiveDutyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[duties_pb2.WaiveDutyResponse]:
        """Waive a duty that is open or overdue."""
        return self._connection.call(
            "nsor.v1.NotificationService/WaiveDuty",
            request,
            duties_pb2.WaiveDutyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def decide_transfer(
        self,
        request: transfers_pb2.DecideTransferRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[transfers_pb2.DecideTransferResponse]:
        """Accept or refuse a transfer for the police of the new place; you sign."""
        return self._connection.call(
            "nsor.v1.NotificationService/DecideTransfer",
            request,
            transfers_pb2.DecideTransferResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def resolve_transfer(
        self,
        request: transfers_pb2.ResolveTransferRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[transfers_pb2.ResolveTransferResponse]:
        """Decide for NPB who is responsible; you sign."""
        return self._connection.call(
            "nsor.v1.NotificationService/ResolveTransfer",
            request,
            transfers_pb2.ResolveTransferResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_transfer(
        self,
        request: transfers_pb2.GetTransferRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[transfers_pb2.GetTransferResponse]:
        """Show a transfer and whom it is about."""
        return self._connection.call(
            "nsor.v1.NotificationService/GetTransfer",
            request,
            transfers_pb2.GetTransferResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_transfers(
        self,
        request: transfers_pb2.ListTransfersRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[transfers_pb2.ListTransfersResponse]:
        """List the open transfers of your places; of NPB those that it decides."""
        return self._connection.call(
            "nsor.v1.NotificationService/ListTransfers",
            request,
            transfers_pb2.ListTransfersResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def find_registrant(
        self,
        request: arrivals_pb2.FindRegistrantRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[arrivals_pb2.FindRegistrantResponse]:
        """Find whoever shows a number at your counter, among the records of your own stations."""
        return self._connection.call(
            "nsor.v1.NotificationService/FindRegistrant",
            request,
            arrivals_pb2.FindRegistrantResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def create_arrival_notice(
        self,
        request: arrivals_pb2.CreateArrivalNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[arrivals_pb2.CreateArrivalNoticeResponse]:
        """Take an arrival notice of whoever isn't your station's own."""
        return self._connection.call(
            "nsor.v1.NotificationService/CreateArrivalNotice",
            request,
            arrivals_pb2.CreateArrivalNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_arrival_notice(
        self,
        request: arrivals_pb2.GetArrivalNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[arrivals_pb2.GetArrivalNoticeResponse]:
        """Show an arrival notice as it was given in."""
        return self._connection.call(
            "nsor.v1.NotificationService/GetArrivalNotice",
            request,
            arrivals_pb2.GetArrivalNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_arrival_notices(
        self,
        request: arrivals_pb2.ListArrivalNoticesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[arrivals_pb2.ListArrivalNoticesResponse]:
        """List the arrival notices of your stations."""
        return self._connection.call(
            "nsor.v1.NotificationService/ListArrivalNotices",
            request,
            arrivals_pb2.ListArrivalNoticesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
