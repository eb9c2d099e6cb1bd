"""A stored row isn't what it is held to: one alarm that names the table, one error that names nothing."""

import pytest

from nsor_server import errors
from nsor_server.storage.contradicted import contradicted


# Whoever watches the register sees it, and the caller isn't told what is broken.
def test_the_operator_is_told_which_table_and_the_caller_is_told_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert type(contradicted("closure_version")) is errors.Internal
    assert str(contradicted("notice", "a sealed row of %s does not open")) == "ERROR_REASON_INTERNAL"
    assert caplog.messages == [
        "ALERT ROW_CONTRADICTED: a row of closure_version is not what is sealed",
        "ALERT ROW_CONTRADICTED: a sealed row of notice does not open",
    ]
