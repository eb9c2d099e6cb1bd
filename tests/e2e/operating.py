"""An operator's command on a register that runs, in the test's own process: one of its own costs a second of imports.

Commands as processes are tried by the drill of the runbook, by the demonstration and by the story.
"""

import contextlib
import io
import os
import subprocess
import sys
from unittest import mock

from demo.running import RunningRegister
from nsor_server.__main__ import run


def operated(register: RunningRegister, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """As ``register.operate``, which also says how it ended."""
    said, errors = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, register.environment, clear=True),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(errors),
    ):
        try:
            code = run(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, code, said.getvalue(), errors.getvalue())
