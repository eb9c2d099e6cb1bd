"""An officer for the load: enrolled by RPC, with a session that lasts as long as a bench does."""

from __future__ import annotations

import hashlib
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from demo.running import RunningRegister
from nsor.officer import OfficerKey
from nsor.v1 import directory_pb2

NUMBER = "BENCH-1"


def enrolled_session(register: RunningRegister, agency: str, officer: OfficerKey) -> bytes:
    """Enrol the officer's key for the agency and sign a session; returns the encoded SignedOfficerSession."""
    with register.client(agency) as client:
        client.directory.enrol_officer(
            directory_pb2.EnrolOfficerRequest(
                request_id=str(uuid.uuid4()),
                officer_number=NUMBER,
                public_key=officer.public_key,
                proof_of_possession=officer.prove_possession(agency, NUMBER),
                grade=17,
            )
        )
    certificate = x509.load_pem_x509_certificate((register.certs / "agencies" / f"{agency}.pem").read_bytes())
    return officer.sign_session(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest(), time.time_ns() // 1000)
