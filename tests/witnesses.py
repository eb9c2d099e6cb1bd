"""Witnesses of a test's ledger, as the Special Committee registers them, and what they sign."""

from __future__ import annotations

import time
import uuid

from nsor.ledger.cosignature import WitnessKey, cosign
from nsor.v1 import oversight_pb2, witnesses_pb2
from tests.agencies import SPECIAL_COMMITTEE
from tests.calls import call_of
from tests.services import Services


def registration(key: WitnessKey | str, agency_id: str = "") -> witnesses_pb2.RegisterWitnessRequest:
    """Asks for a witness."""
    text = key if isinstance(key, str) else key.verifier.text()
    return witnesses_pb2.RegisterWitnessRequest(request_id=str(uuid.uuid4()), verifier_key=text, agency_id=agency_id)


def retirement(key: WitnessKey) -> witnesses_pb2.RetireWitnessRequest:
    """Asks to retire a witness."""
    return witnesses_pb2.RetireWitnessRequest(request_id=str(uuid.uuid4()), verifier_key=key.verifier.text())


def registered(services: Services, name: str = "witness.example/one", agency_id: str = "") -> WitnessKey:
    """A new witness."""
    key = WitnessKey.generate(name)
    services.ask(call_of(SPECIAL_COMMITTEE), registration(key, agency_id))
    return key


def newest(services: Services) -> bytes:
    """The newest checkpoint, which is of before the call."""
    return shown(services).checkpoint


def shown(services: Services) -> oversight_pb2.GetCheckpointResponse:
    """What GetCheckpoint shows."""
    request = oversight_pb2.GetCheckpointRequest()
    return services.ask(call_of(SPECIAL_COMMITTEE), request).response  # type: ignore[no-any-return]


def add(services: Services, signed: bytes) -> dict[str, str]:
    """Hand a note in; gives what became of each witness's line."""
    request = witnesses_pb2.AddCosignaturesRequest(request_id=str(uuid.uuid4()), checkpoint=signed)
    answer = services.ask(call_of(SPECIAL_COMMITTEE), request).response
    return {
        each.verifier_key.partition("+")[0]: witnesses_pb2.CosignatureResult.Name(each.result).removeprefix(
            "COSIGNATURE_RESULT_"
        )
        for each in answer.cosignatures
    }


def cosigned(services: Services, key: WitnessKey, *, later: int = 0) -> bytes:
    """The newest checkpoint, co-signed now or some seconds later, and handed in."""
    signed = cosign(newest(services), key, int(time.time()) + later)
    assert add(services, signed) == {key.verifier.name: "KEPT"}
    return signed
