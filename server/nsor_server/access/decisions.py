"""The one check before a second person decides: another agency and another key, the newest version, the right state."""

from __future__ import annotations

from nsor.v1 import errors_pb2
from nsor_server import errors

Person = tuple[str, bytes]
"""Agency id, and key id of the officer: strings such as an officer's number are never compared."""


def check(*, decider: Person, first: Person, etag_is_current: bool, open_state: bool) -> None:
    """See that a person may decide now what another one has begun; asked once the decider may see it.

    Args:
        decider: who decides.
        first: who began.
        etag_is_current: whether the decider has seen the newest version.
        open_state: whether it still is to be decided.

    Raises:
        Denied: SECOND_PERSON_REQUIRED: the agency or the key is that of who began.
        EtagMismatch: the decider has seen another version.
        WrongState: it is decided already.
    """
    if decider[0] == first[0] or decider[1] == first[1]:
        raise errors.Denied(errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED)
    if not etag_is_current:
        raise errors.EtagMismatch
    if not open_state:
        raise errors.WrongState
