"""The one check before a second person decides: another key, mostly another agency, the newest version, its state."""

from __future__ import annotations

from nsor.v1 import errors_pb2
from nsor_server import errors

Person = tuple[str, bytes]
"""Agency id, and key id of the officer: strings such as an officer's number are never compared."""


def check(
    *, decider: Person, first: Person, etag_is_current: bool, open_state: bool, another_agency: bool = True
) -> None:
    """See that a person may decide now what another one has begun; asked once the decider may see it.

    Args:
        decider: who decides.
        first: who began.
        etag_is_current: whether the decider has seen the newest version.
        open_state: whether it still is to be decided.
        another_agency: whether two agencies must agree; False where both officers are of the one agency that decides.

    Raises:
        Denied: SECOND_PERSON_REQUIRED: the key is that of who began, or the agency where it mustn't be.
        EtagMismatch: the decider has seen another version.
        WrongState: it is decided already.
    """
    if (another_agency and decider[0] == first[0]) or decider[1] == first[1]:
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED)
    if not etag_is_current:
        raise errors.EtagMismatch
    if not open_state:
        raise errors.WrongState
