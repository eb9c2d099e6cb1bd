"""An error that a caller is told is the same in another process, and as a copy."""

import copy
import pickle

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.errors import ApiError, Violation

VIOLATIONS = (Violation("cnic", errors_pb2.FIELD_REASON_CNIC_FORM),)


@pytest.mark.parametrize(
    "error",
    [
        errors.NoRecord(),
        errors.Exhausted(errors_pb2.ERROR_REASON_CALLS_DROPPED, retry_after_seconds=2.0),
        errors.InvalidFields(violations=VIOLATIONS),
    ],
    ids=repr,
)
def test_an_error_is_made_again_as_it_was(error: ApiError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
        assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))
        assert (again.reason, again.code) == (error.reason, error.code)
        assert (again.violations, again.retry_after_seconds) == (error.violations, error.retry_after_seconds)
