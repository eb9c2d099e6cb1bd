"""An agency's own key, and the request (CSR) that it sends to the register's CA.

The key is made here and stays here: the CA sees the public half only.
"""

import os
import re
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_AGENCY_ID = re.compile(r"[a-z][a-z0-9-]{1,62}", re.ASCII)


def new_key_and_csr(agency_id: str) -> tuple[bytes, bytes]:
    """Make an EC P-256 key and a certificate signing request for it.

    Args:
        agency_id: as the register knows the agency, e.g. `punjab-police`.

    Returns:
        The private key (PKCS #8 PEM, not encrypted; store it with `write_key`) and the request (PEM).

    Raises:
        ValueError: the agency id is malformed.
    """
    if not _AGENCY_ID.fullmatch(agency_id):
        raise ValueError("agency_id must be 2 to 63 lower-case letters, digits and dashes, a letter first")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.UniformResourceIdentifier(f"spiffe://nsor.gov.pk/agency/{agency_id}")
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, agency_id)]))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, csr.public_bytes(serialization.Encoding.PEM)


def write_key(path: Path, key_pem: bytes) -> None:
    """Write a private key into a new file that only its owner can read (mode 0600).

    Raises:
        FileExistsError: there is a file already; a key is never overwritten.
    """
    # The mode is given at creation: a chmod afterwards leaves a moment in which others can read.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key_pem)
        file.flush()
        os.fsync(file.fileno())
