"""Places on their days: a paper names a district that was one on the paper's day; what is current, one of today.

A code outlives its district, so that an old FIR is entered as it was written. Nobody lives in one that ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from nsor.v1 import errors_pb2, notices_pb2, types_pb2
from nsor_server.errors import Violation
from nsor_server.formats import dates
from nsor_server.formats.messages import Rule
from nsor_server.formats.normalisers import PlaceRegistry

_Today = Callable[[], dt.date]


def rules(places: PlaceRegistry) -> dict[str, Rule]:
    """The rules by the full name of the message type."""

    def asked(code: str, day: dt.date | None, path: str, violations: list[Violation]) -> None:
        if code and day is not None and not places.existed(code, day):
            violations.append(Violation(path, errors_pb2.FIELD_REASON_PLACE_OF_OTHER_DAYS))

    def fir(fir: types_pb2.FirKey, path: str, violations: list[Violation], _today: _Today) -> None:
        asked(fir.police_station, dates.of_field(fir, "fir_date"), path + "police_station", violations)

    def conviction(conviction: types_pb2.Conviction, path: str, violations: list[Violation], _today: _Today) -> None:
        judged = dates.of_field(conviction, "judgment_date")
        asked(conviction.court_case.place_code, judged, path + "court_case.place_code", violations)

    def address(address: types_pb2.Address, path: str, violations: list[Violation], today: _Today) -> None:
        if address.kind in {types_pb2.ADDRESS_KIND_CURRENT, types_pb2.ADDRESS_KIND_EXTRA}:
            asked(address.place_code, today(), path + "place_code", violations)

    def notice(notice: notices_pb2.CreateNoticeRequest, path: str, violations: list[Violation], today: _Today) -> None:
        received = dates.of_field(notice, "received_date")
        asked(notice.receiving_station, received, path + "receiving_station", violations)
        if notice.WhichOneof("notice") == "no_fixed_abode":
            asked(notice.no_fixed_abode.place_code, today(), path + "no_fixed_abode.place_code", violations)

    return {
        "nsor.v1.FirKey": fir,
        "nsor.v1.Conviction": conviction,
        "nsor.v1.Address": address,
        "nsor.v1.CreateNoticeRequest": notice,
    }
