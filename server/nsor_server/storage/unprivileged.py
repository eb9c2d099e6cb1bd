"""Run one PostgreSQL program as something other than root, because PostgreSQL refuses to be root.

A script of its own (`python -I -S unprivileged.py MODE UID GID PROGRAM...`), since both ways change the calling
process for good:

* `namespace`: a user namespace in which this user appears as UID. Files stay ours, no account is needed.
* `account`: become UID for real, keeping the one right to pass the folders above the data folder. For
  containers that forbid user namespaces (Docker's default).

It imports nothing of ours and nothing outside the standard library: it runs before anything is set up.
"""

import ctypes
import os
import pathlib
import struct
import sys

_CLONE_NEWUSER = 0x10000000
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

REFUSED = 125
"""Exit code when the kernel does not let us change who we are; the program was not started."""

_libc = ctypes.CDLL(None, use_errno=True)


def _called(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _enter_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    _called(_libc.unshare(_CLONE_NEWUSER))
    own = pathlib.Path("/proc/self")
    (own / "setgroups").write_text("deny", encoding="ascii")
    (own / "uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    (own / "gid_map").write_text(f"{gid} {outer_gid} 1", encoding="ascii")


def _become_account(uid: int, gid: int) -> None:
    _called(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    right = 1 << _CAP_DAC_OVERRIDE
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION_3, 0))
    rights = ctypes.create_string_buffer(struct.pack("=6I", right, right, right, 0, 0, 0))
    _called(_libc.capset(header, rights))
    _called(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0))


def main(mode: str, uid: int, gid: int, program: list[str]) -> None:
    """Change who we are, then become the program; exits with `REFUSED` when the kernel forbids it."""
    try:
        {"namespace": _enter_namespace, "account": _become_account}[mode](uid, gid)
    except OSError as error:
        sys.stderr.write(f"{mode}: {error.strerror}\n")
        sys.exit(REFUSED)
    os.execv(program[0], program)  # noqa: S606  # the caller names the program; there is no shell


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
