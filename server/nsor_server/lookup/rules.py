"""What the law and the contract say about look-ups. Pure: neither grpc nor psycopg, and no key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats import case_references

BASIS: Final[Mapping[int, str]] = {
    options_pb2.PURPOSE_INVESTIGATION: "grant_id",
    options_pb2.PURPOSE_PROSECUTION: "fir",
    options_pb2.PURPOSE_TRIAL: "court_case_id",
    options_pb2.PURPOSE_CUSTODY: "prisoner_number",
    options_pb2.PURPOSE_BORDER_CONTROL: "travel_document",
    options_pb2.PURPOSE_REGISTER_OPERATION: "ticket_id",
}
"""The field of LookUpBasis that a purpose needs; a purpose that isn't here looks nobody up."""
NO_RECORD: Final = "NO_RECORD"
"""What the detail of a look-up says that was shown nobody."""
ON_A_GRANT: Final = frozenset(
    {options_pb2.PURPOSE_INVESTIGATION, options_pb2.PURPOSE_TRIAL, options_pb2.PURPOSE_REGISTER_OPERATION}
)
"""Purposes that look up by a grant, a ticket or an opened case, and nobody who isn't named in it. The purpose says so,
never the id that a request names."""


def require_basis(purpose: int, basis: lookup_pb2.LookUpBasis) -> None:
    """See that the request has the basis that its purpose needs.

    Raises:
        Denied: nobody is looked up for this purpose.
        InvalidFields: the request has another basis, or none.
    """
    needed = BASIS.get(purpose)
    if needed is None:
        raise errors.Denied
    given = basis.WhichOneof("basis")
    if given is None or given != needed or not getattr(basis, given):
        raise errors.InvalidFields(violations=(errors.Violation(f"basis.{needed}", errors_pb2.FIELD_REASON_REQUIRED),))


def fir_reference(fir: types_pb2.FirKey) -> str:
    """An FIR as people write it, with the station that makes it unique."""
    return case_references.of_fir(fir.police_station, fir.serial, fir.year)
