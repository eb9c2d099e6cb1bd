"""`nsor import --again`: what became of the rows that were sent, told again by the register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nsor.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nsor.client import Client
    from nsor.v1 import registration_pb2


def show(session: Session, client: Client, import_id: str) -> int:
    """List the findings of an import that this officer sees: what he has sent, and what lies where he acts."""
    found = list(_findings(client, import_id))
    if session.as_json:
        for finding in found:
            session.json_of(finding)
    elif found:
        rows = [line for finding in found for line in _lines(finding, session.language)]
        session.table("Findings", ("sent as", "registration", "field", "meaning"), rows)
    refused = sum(bool(finding.reason) for finding in found)
    session.say(
        "{:,} accepted for review, {:,} refused: all that you see of the import.", len(found) - refused, refused
    )
    return 0


def _findings(client: Client, import_id: str) -> Iterator[registration_pb2.ImportFinding]:
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    wanted = registration_pb2.ListImportFindingsRequest(import_id=import_id)
    while True:
        page = client.registration.list_import_findings(wanted).message
        yield from page.findings
        if not page.next_page_token:
            return
        wanted.page_token = page.next_page_token


def _lines(finding: registration_pb2.ImportFinding, language: str) -> Iterator[tuple[str, str, str, str]]:
    """A line for each field that is wrong; of a row without one its reason."""
    from nsor.v1 import errors_pb2  # noqa: PLC0415 - as above

    row, registration_id = str(finding.row), finding.registration_id
    if not finding.violations:
        reason = errors_pb2.ErrorReason.Name(finding.reason).removeprefix("ERROR_REASON_") if finding.reason else ""
        yield row, registration_id, "", reason
    for wrong in finding.violations:
        yield row, registration_id, wrong.field, wrong.meaning_ur if language == "ur" else wrong.meaning_en
