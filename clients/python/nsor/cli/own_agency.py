"""What kind of agency the caller is, by the list of agencies that everybody is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import options_pb2


def kind(client: Client) -> options_pb2.AgencyKind.ValueType:
    """The kind of the caller's agency; unspecified: the list doesn't have it."""
    from nsor.v1 import directory_pb2, options_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    asked = directory_pb2.ListAgenciesRequest(page_size=500)
    while True:
        page = client.directory.list_agencies(asked).message
        own = next((each for each in page.agencies if each.agency_id == client.agency_id), None)
        if own is not None:
            return own.kind
        if not page.next_page_token:
            return options_pb2.AGENCY_KIND_UNSPECIFIED
        asked.page_token = page.next_page_token
