"""How a process gives up everything but its two pipes, before it reads a byte that somebody else made.

Limits of memory, CPU and files alone don't stop a decoder that was taken over from opening a socket or starting a
program, as root at least. The system calls that are left are a closed list: any other one ends the process (SIGSYS).
"""

from __future__ import annotations

import mmap
import resource
from typing import Final

import seccompy

MEMORY_BYTES: Final = 512 * 1024 * 1024
CPU_SECONDS: Final = 120
"""For all photos of one process; the server's own clock bounds each."""
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_FILES: Final = 3
_FREE: Final = (
    "brk",
    "clock_gettime",
    "exit",
    "exit_group",
    "futex",
    "getrandom",
    "gettimeofday",
    "madvise",
    "mremap",
    "munmap",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_yield",
    "sigaltstack",
)
_MEMORY: Final = ("mmap", "mprotect")


class NotConfined(Exception):
    """The kernel or the machine can't confine a process: no photo is decoded here."""


def confine() -> None:
    """Give up everything but reading the first pipe and writing the second one.

    Raises:
        NotConfined: it isn't possible here.
    """
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    try:
        allowed = _allowed()
        if not seccompy.supported():  # asked first: it loads what it needs while files can be opened
            raise NotConfined("no seccomp")
        for limit, most in limits.items():
            resource.setrlimit(limit, (most, most))
        allowed.load()
    except (OSError, ValueError, seccompy.SeccompError) as error:
        raise NotConfined(type(error).__name__) from None


def _allowed() -> seccompy.Filter:
    allowed = seccompy.Filter(default=seccompy.Action.KILL_PROCESS)
    allowed.allow("read", args={0: _INPUT})
    for descriptor in (_OUTPUT, _ERRORS):
        allowed.allow("write", args={0: descriptor})
    for call in _FREE:
        allowed.allow(call)
    executable = seccompy.ArgCmp(2, seccompy.CmpOp.MASKED_EQ, 0, mask=mmap.PROT_EXEC)
    for call in _MEMORY:  # but never for what could be run
        allowed.allow(call, args=[executable])
    return allowed
