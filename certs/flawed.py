"""Certificates that a front door must turn away, one per way of being wrong: for the tests and the demonstration.

``python -m certs.flawed FOLDER`` adds them, as test/*, to what ``nsor-server pki development`` made in FOLDER. Apart
from the one of another CA each is in the index, so that only the flaw itself can get it refused.
"""

import argparse
import dataclasses
import datetime as dt
import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from nsor import credentials
from nsor_server.access.peer import agency_uri, serial_text
from nsor_server.pki import authority, development, index, profiles, requests
from nsor_server.pki.authority import Authority

AGENCY = "punjab-police"
"""The agency that they name."""
SECOND_AGENCY = "sindh-police"
UNKNOWN_AGENCY = "unknown-agency"
"""Well-formed, and in no directory."""
CASES = ("unknown", "revoked", "expired", "other-ca", "two-uris", "no-eku")


def create(folder: Path, *, at: dt.datetime | None = None) -> development.Report:
    """Make whichever is missing, damaged or of an earlier CA, in the folder of a development CA; keep the rest."""
    at = at or authority.now()
    report = development.Report()
    with development.alone(folder):
        ca = Authority(folder)
        pairs = development.Pairs(ca, report, at)
        for case in CASES:
            agency_id = UNKNOWN_AGENCY if case == "unknown" else AGENCY
            pairs.provide(
                f"test/{case}",
                functools.partial(credentials.new_key_and_csr, agency_id),
                functools.partial(_certify, ca, case=case, agency_id=agency_id, at=at),
                foreign=case == "other-ca",
                expired=case == "expired",
            )
    return report


def _certify(ca: Authority, csr_pem: bytes, *, case: str, agency_id: str, at: dt.datetime) -> list[x509.Certificate]:
    """Make the certificate of one case, followed by its issuing CA's."""
    names = requests.Names(agency_id=agency_id)
    match case:
        case "expired":
            then = at - dt.timedelta(days=profiles.load("agency").days + 1)
            return ca.issue(csr_pem, profile="agency", names=names, at=then)
        case "revoked":
            chain = ca.issue(csr_pem, profile="agency", names=names, at=at)
            serial = serial_text(chain[0].serial_number)
            authority.revoke(ca.index, serial, reason="privilegeWithdrawn", at=at)
            return chain
        case "other-ca":
            return _from_another_ca(csr_pem, names, at)
        case "two-uris":
            both = [agency_uri(agency_id), agency_uri(SECOND_AGENCY)]
            return _against_the_rules(ca, csr_pem, profiles.load("agency"), both, at)
        case "no-eku":
            lax = dataclasses.replace(profiles.load("agency"), extended_key_usage=())
            return _against_the_rules(ca, csr_pem, lax, [agency_uri(agency_id)], at)
    return ca.issue(csr_pem, profile="agency", names=names, at=at)


def _from_another_ca(csr_pem: bytes, names: requests.Names, at: dt.datetime) -> list[x509.Certificate]:
    with tempfile.TemporaryDirectory() as temporary:
        root, other = Path(temporary, "root"), Path(temporary, "ca")
        authority.create_root(root, passphrase=None, at=at)
        authority.create_issuing(other, root=root, root_passphrase=None, passphrase=None, at=at)
        return Authority(other).issue(csr_pem, profile="agency", names=names, at=at)


def _against_the_rules(
    ca: Authority, csr_pem: bytes, profile: profiles.Profile, uris: Sequence[str], at: dt.datetime
) -> list[x509.Certificate]:
    """Sign past `Authority.issue`, which would refuse."""
    names = [x509.UniformResourceIdentifier(uri) for uri in uris]
    certificate = authority.sign(
        profile,
        public_key=requests.read(csr_pem, names),
        common_name=AGENCY,
        signer=ca.signer,
        at=at,
        names=names,
    )
    entry = authority.issued_entry(certificate, profile="agency", names=names, agency_id=AGENCY, at=at)
    with index.locked(ca.index) as writer:
        writer.append(entry)
    return [certificate, ca.signer.certificate]


def main() -> None:
    """Add the flawed certificates to a folder of development certificates."""
    parser = argparse.ArgumentParser(prog="python -m certs.flawed", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="what `nsor-server pki development` made")
    folder = parser.parse_args().folder
    report = create(folder)
    print(f"{folder}: {len(report.made)} flawed ones made, {len(report.kept)} kept. For tests only.")  # noqa: T201


if __name__ == "__main__":
    main()
