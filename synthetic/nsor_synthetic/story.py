"""A look-up's case around a synthetic offender: a new FIR in which he is named as a suspect, and the application."""

from __future__ import annotations

import datetime as dt
import uuid

from nsor.v1 import access_requests_pb2, grants_pb2, registration_pb2, types_pb2
from nsor_synthetic.dates import LAST_DAY, to_date
from nsor_synthetic.orders import NAMESPACE


def access_request(
    order: registration_pb2.CreateRegistrationRequest, police_station: str, serial: int = 1
) -> access_requests_pb2.CreateAccessRequestRequest:
    """Ask for access to the offender of an order, for an FIR of a police station; the offender has a CNIC.

    The same order, station and serial give the same request.
    """
    if not order.person.cnic:
        raise ValueError("a suspect is named by CNIC")
    reported = LAST_DAY - dt.timedelta(days=30)
    return access_requests_pb2.CreateAccessRequestRequest(
        request_id=str(uuid.uuid5(NAMESPACE, f"access/{order.request_id}/{police_station}/{serial}")),
        fir=types_pb2.FirKey(
            police_station=police_station, year=reported.year, serial=serial, fir_date=to_date(reported)
        ),
        suspects=[grants_pb2.Suspect(cnic=order.person.cnic, name=searched(order.person.names[0]))],
        annexure_a=access_requests_pb2.AnnexureA(
            officer_grade=17,
            posting=police_station,
            offence_codes=["PPC-376"],
            stage=access_requests_pb2.INVESTIGATION_STAGE_ARREST_MADE,
            ground=access_requests_pb2.ACCESS_GROUND_PREVIOUS_CONVICTION,
            fir_copy_number=f"FC-{serial}/{reported.year}",
            application_number=f"APP-{serial}/{reported.year}",
            application_date=to_date(reported + dt.timedelta(days=2)),
        ),
    )


def searched(name: types_pb2.PersonName) -> types_pb2.SearchedName:
    """A name of a person, as an FIR calls a suspect."""
    return types_pb2.SearchedName(name=name.name, relative_name=name.relative_name, relation=name.relation)
