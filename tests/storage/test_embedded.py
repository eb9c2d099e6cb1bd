import os
import pwd
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nsor_server.storage import folders, identity, unprivileged
from nsor_server.storage.embedded import OWNER, SERVING, SUPERUSER, EmbeddedPostgres
from nsor_server.storage.folders import EmbeddedError

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def fresh(state_dir: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(state_dir)
    yield postgres
    postgres.stop()


def _one(postgres: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(postgres.conninfo(SUPERUSER)) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_it_starts_with_its_roles_and_the_database_and_stops(fresh: EmbeddedPostgres) -> None:
    assert fresh.start() is False
    roles = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolcanlogin AND NOT rolsuper"
    assert _one(fresh, roles) == " ".join(sorted((OWNER, *SERVING)))
    assert _one(fresh, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()") == OWNER
    assert fresh.stop() is True
    assert fresh.postmaster_pid is None


def test_only_the_socket_in_a_private_folder_leads_to_it(fresh: EmbeddedPostgres) -> None:
    # Whoever opens the socket is trusted, so nobody else may open it, and there is no other way in.
    fresh.start()
    assert _one(fresh, "SHOW listen_addresses") == ""
    for folder in (fresh.sockets, fresh.data, fresh.logs, fresh.data.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_it_keeps_what_it_acknowledges(fresh: EmbeddedPostgres) -> None:
    fresh.start()
    for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert _one(fresh, f"SHOW {name}") == "on"


def test_a_durability_setting_edited_away_is_back_at_the_next_start(fresh: EmbeddedPostgres) -> None:
    fresh.start()
    fresh.stop()
    with (fresh.data / "postgresql.conf").open("a") as conf:
        conf.write("fsync = off\n")
    fresh.start()
    assert _one(fresh, "SHOW fsync") == "on"


def test_the_database_does_not_see_our_environment(fresh: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    # COPY ... FROM PROGRAM 'env' shows a database superuser the environment of the server.
    monkeypatch.setenv("NSOR_PLANTED", "planted")
    fresh.start()
    with psycopg.connect(fresh.conninfo(SUPERUSER)) as connection:
        connection.execute("CREATE TEMPORARY TABLE seen (line text)")
        connection.execute("COPY seen FROM PROGRAM 'env'")
        seen = [line for (line,) in connection.execute("SELECT line FROM seen")]
    assert any(line.startswith("PGDATA=") for line in seen)
    assert not any("planted" in line for line in seen)


def test_a_running_server_is_adopted_and_stopped_by_its_last_user(fresh: EmbeddedPostgres, state_dir: Path) -> None:
    # An operator's command must not stop the database under a server.
    fresh.start()
    pid = fresh.postmaster_pid
    second = EmbeddedPostgres(state_dir)
    assert second.start() is True
    assert second.postmaster_pid == pid
    assert fresh.stop() is False
    assert second.postmaster_pid == pid
    assert second.stop() is True
    assert second.postmaster_pid is None


def test_it_outlives_a_kill_of_the_server_and_is_adopted(fresh: EmbeddedPostgres, state_dir: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from nsor_server.storage.embedded import EmbeddedPostgres\n"
        "EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, state_dir], check=False)
    assert done.returncode == -signal.SIGKILL
    assert fresh.start() is True
    assert _one(fresh, "SELECT 1") == 1
    assert fresh.stop() is True


def test_it_recovers_after_a_kill_of_the_database(fresh: EmbeddedPostgres) -> None:
    fresh.start()
    with psycopg.connect(fresh.conninfo(OWNER)) as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS value")
    pid = fresh.postmaster_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # Its process id lives on for a moment, or as a zombie's; it is not taken for a server that runs.
    assert fresh.start() is False
    assert _one(fresh, "SELECT value FROM kept") == 42
    assert fresh.stop() is True


def test_a_process_id_that_another_program_has_now_is_not_adopted(fresh: EmbeddedPostgres) -> None:
    # After a restart of a container the old number often belongs to something else.
    fresh.start()
    lines = (fresh.data / "postmaster.pid").read_text().splitlines()
    fresh.stop()
    lines[0] = str(os.getppid())
    (fresh.data / "postmaster.pid").write_text("\n".join(lines) + "\n")
    assert fresh.start() is False


def test_a_long_path_gets_a_private_socket_folder_elsewhere(tmp_path: Path) -> None:
    deep = EmbeddedPostgres(tmp_path / ("d" * 60) / ("e" * 60))
    deep.start()
    try:
        assert tmp_path not in deep.sockets.parents
        assert stat.S_IMODE(deep.sockets.stat().st_mode) == 0o700
        assert _one(deep, "SELECT 1") == 1
    finally:
        deep.stop()
    assert not deep.sockets.exists()


@pytest.mark.parametrize("wrong", ["open", "link"])
def test_a_socket_folder_that_others_may_have_made_is_refused(state_dir: Path, tmp_path: Path, wrong: str) -> None:
    # In a shared temporary folder anybody can be there first.
    state_dir.mkdir(mode=0o700)
    sockets = folders.for_socket(state_dir)
    if wrong == "open":
        sockets.chmod(0o755)
    else:
        sockets.rmdir()
        sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedError, match="mode 0700"):
            EmbeddedPostgres(state_dir).start()
    finally:  # it isn't in the test's own folder, and the next run's has the same name
        sockets.rmdir() if wrong == "open" else sockets.unlink()


def test_a_folder_without_postgres_names_the_setting(state_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="NSOR_POSTGRES_BIN"):
        EmbeddedPostgres(state_dir, tmp_path).start()


def test_data_of_another_major_version_is_refused(fresh: EmbeddedPostgres) -> None:
    fresh.data.mkdir(parents=True, mode=0o700)
    (fresh.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match="was made by PostgreSQL 9"):
        fresh.start()


def _is_an_account(uid: int) -> bool:
    """Whether a user can become this one: in a namespace that a plain user has made there is nobody but himself."""
    ranges = (map(int, line.split()) for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines())
    return any(first <= uid < first + count for first, _, count in ranges)


def test_where_namespaces_are_forbidden_root_takes_another_account(
    fresh: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not AS_ROOT:
        # A plain user can become nobody else; what it gets is the launcher's refusal.
        command = [sys.executable, unprivileged.__file__, "account", "65534", "65534", "/bin/true"]
        done = subprocess.run(command, check=False, capture_output=True)
        assert done.returncode == unprivileged.REFUSED
        return
    monkeypatch.setattr(identity, "_AS_ROOT", ("account",))
    if not _is_an_account(pwd.getpwnam("nobody").pw_uid):
        with pytest.raises(EmbeddedError, match="change of account"):
            fresh.start()
        return
    fresh.start()
    assert _one(fresh, "SELECT 1") == 1
    assert fresh.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    # Data that an account owns stays that account's, also where a namespace would do.
    fresh.stop()
    monkeypatch.undo()
    fresh.start()
    assert _one(fresh, "SELECT 1") == 1


def test_where_root_can_become_nobody_the_message_says_what_to_do(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_known", lambda _uid: False)
    monkeypatch.setattr(identity, "_wrapper", lambda arguments: ["/bin/false"] if arguments else [])
    with pytest.raises(EmbeddedError, match="NSOR_DATABASE_URL"):
        EmbeddedPostgres(state_dir).start()
