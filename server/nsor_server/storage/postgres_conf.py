"""The embedded server's configuration files, written anew at each start so that nobody edits durability away unseen.

PostgreSQL's log must name nobody. An ERROR's own text can hold a value (`invalid input syntax for type ...`),
its DETAIL holds whole keys (`Key (x)=(...) already exists`) and its STATEMENT the query: hence nothing below
LOG is written, and that without details. Whoever handles the failed call has the SQLSTATE.
"""

from pathlib import Path

from nsor_server.storage import folders
from nsor_server.storage.folders import EmbeddedError

_TEMPLATE = """\
# Written by nsor-server at each start; changes are lost. Use NSOR_DATABASE_URL for a server of your own.
listen_addresses = ''
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = '128MB'
dynamic_shared_memory_type = posix

fsync = on
synchronous_commit = on
full_page_writes = on
wal_level = replica
max_wal_size = '512MB'
recovery_init_sync_method = 'syncfs'

# GMT is the one zone that PostgreSQL knows without /usr/share/zoneinfo; Asia/Karachi is computed in Python.
timezone = 'GMT'
log_timezone = 'GMT'
datestyle = 'iso, ymd'
lc_messages = 'C'
default_transaction_isolation = 'read committed'

logging_collector = on
log_directory = {logs}
log_filename = 'postgresql-%a.log'
log_file_mode = 0600
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = 'none'
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_lock_waits = off
log_temp_files = -1
log_autovacuum_min_duration = -1
"""

_HBA = """\
# The socket's folder is open to one operating system account only; whoever can open it may be any role.
local all all trust
local replication all trust
"""


_ARCHIVE = """
archive_mode = on
archive_timeout = '60s'
archive_command = {command}
"""
# A segment that is there already is the same one, or nothing is overwritten; one that was torn has another name.
_ARCHIVE_COMMAND = (
    'if test -f "{folder}/%f"; then cmp -s "%p" "{folder}/%f"; else'
    ' cp "%p" "{folder}/%f.part" && sync "{folder}/%f.part" && mv "{folder}/%f.part" "{folder}/%f"; fi'
)


def write(data: Path, *, sockets: Path, logs: Path, archive: Path | None = None) -> None:
    """Write postgresql.conf and pg_hba.conf into a data folder, each whole or not at all.

    Args:
        data: the data folder.
        sockets: folder of the socket.
        logs: folder of the log.
        archive: folder for the WAL, made with mode 0700; its name has no quotes, dollar or percent signs.
    """
    text = _TEMPLATE.format(sockets=_quoted(sockets), logs=_quoted(logs))
    if archive is not None:
        if set(str(archive)) & set("\"'$`%\\"):
            raise EmbeddedError("wal_archive has quotes, dollar or percent signs in its name")
        folders.private(archive)
        command = _ARCHIVE_COMMAND.format(folder=archive.resolve())
        text += _ARCHIVE.format(command=_quoted(command))
    _replace(data / "postgresql.conf", text)
    _replace(data / "pg_hba.conf", _HBA)


def _quoted(path: Path | str) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)
