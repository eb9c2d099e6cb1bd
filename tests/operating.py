"""An operator's command in the test's own process: one of its own costs a second and a half of imports each time.

Commands as processes are tried by the drill of the runbook, by the demonstration and by the story.
"""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from unittest import mock

from nsor_server.__main__ import run


def operated(environment: Mapping[str, str], *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What `nsor-server` has written, and how it ended.

    Args:
        environment: all that the command has.
        arguments: of the command.
        stdin: what is typed.
    """
    said, errors = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(errors),
    ):
        try:
            code = run(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), errors.getvalue())
