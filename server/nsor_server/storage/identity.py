"""Who PostgreSQL runs as: the plain user that we are or, as it refuses root, whoever `unprivileged.py` makes of us."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

from nsor_server.storage import unprivileged
from nsor_server.storage.folders import EmbeddedError

BARE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "GMT"}
"""The environment of PostgreSQL: a database superuser can read all of it, so ours is not passed on."""

_AS_ROOT = ("namespace", "account")
"""Ways of `unprivileged.py`, the better one first."""


def launcher(bin_dir: Path, data: Path) -> list[str]:
    """What to put before a PostgreSQL program that works on this data folder; nothing for a plain user.

    Raises:
        EmbeddedError: there is no way on this machine.
    """
    return _wrapper(_identity(bin_dir, data))


def give_to_account(bin_dir: Path, folder: Path) -> None:
    """Where root must become another account for real, PostgreSQL insists that the folder is that account's."""
    identity = _identity(bin_dir, folder)
    if identity[:1] != ["account"] or folder.stat().st_uid == int(identity[1]):
        return
    uid, gid = int(identity[1]), int(identity[2])
    for found in (folder, *folder.rglob("*")):
        os.chown(found, uid, gid, follow_symlinks=False)


def _identity(bin_dir: Path, folder: Path) -> list[str]:
    """Arguments of unprivileged.py, or none for a plain user."""
    own = os.geteuid()
    if own != 0 and _known(own):
        return []
    if own == 0 and folder.exists() and folder.stat().st_uid != 0:
        return ["account", str(folder.stat().st_uid), str(folder.stat().st_gid)]
    account = _unprivileged_account()
    for mode in _AS_ROOT if own == 0 else ("namespace",):
        identity = [mode, str(account.pw_uid), str(account.pw_gid)]
        trial = subprocess.run(  # noqa: S603 - our own program
            [*_wrapper(identity), str(bin_dir / "postgres"), "--version"], env=BARE, capture_output=True, check=False
        )
        if trial.returncode == 0:
            return identity
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this machine allows neither a user namespace nor a change of account; "
        "run as a plain user, or set NSOR_DATABASE_URL"
    )


def _wrapper(identity: list[str]) -> list[str]:
    return [sys.executable, "-I", "-S", unprivileged.__file__, *identity] if identity else []


def _known(uid: int) -> bool:
    """Whether the user has a name: initdb insists on one."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged_account() -> pwd.struct_passwd:
    """An account that is not root and has a name: `nobody` if there is one."""
    accounts = [account for account in pwd.getpwall() if account.pw_uid != 0]
    if not accounts:
        raise EmbeddedError("this machine has no account besides root; set NSOR_DATABASE_URL")
    return max(accounts, key=lambda account: account.pw_name == "nobody")
