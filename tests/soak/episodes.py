"""What happens to a register under load. Each episode ends with everything put right, as an operator would."""

from __future__ import annotations

import socket
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.running import AGENCIES
from nsor.errors import Refused
from nsor.v1 import directory_pb2
from nsor_server.storage.embedded import EmbeddedPostgres
from tests.polling import until
from tests.soak import damage
from tests.soak.deployment import BORDER, BUREAU, NOT_SERVING, SERVING, Deployment
from tests.soak.load import Load, look_up
from tests.soak.promises import Broken

SECONDS = 60.0
RELOAD_SECONDS = 10.0

Episode = Callable[[Deployment, Load], None]


def kill_server(deployment: Deployment, _load: Load) -> None:
    """Kill -9 the server and start it again; PostgreSQL goes on."""
    postmaster = deployment.postmaster
    deployment.register.kill()
    deployment.register.start()
    if deployment.postmaster != postmaster:
        raise Broken("the server didn't take over the PostgreSQL that ran")


def restart_server(deployment: Deployment, _load: Load) -> None:
    """Let the server drain by SIGTERM, and start it again."""
    code = deployment.register.stop()
    if code:
        raise Broken(f"the server ended with {code} on SIGTERM")
    deployment.register.start()


def kill_postgres(deployment: Deployment, _load: Load) -> None:
    """Kill -9 PostgreSQL with all its processes; the server brings it back."""
    damage.kill_postgres(deployment.postmaster)


def refuse_writes(deployment: Deployment, _load: Load) -> None:
    """Have the disk refuse PostgreSQL's writes, so that it ends itself; the server brings it back."""
    damage.refuse_writes(deployment.postmaster)


def kill_backend(deployment: Deployment, _load: Load) -> None:
    """Kill -9 one of PostgreSQL's backends, so that it throws everybody out and recovers by itself."""
    damage.kill(min(deployment.backends()))


def lose_standby(deployment: Deployment, load: Load) -> None:
    """Lose a synchronous standby for a while; nobody may be answered meanwhile."""
    with deployment.standby() as standby:
        standby.lose()
        standby.wait_for_a_hanging_commit()
        start = time.monotonic()
        until(lambda: deployment.health() == NOT_SERVING, seconds=SECONDS)
        load.wait_for_each_kind(2, lambda attempt: attempt.started > start)
        end = time.monotonic()
    if any(attempt.proven for attempt in load.attempts if start < attempt.started and attempt.ended < end):
        raise Broken("a call was answered while no commit came through")


def reload_certificate(deployment: Deployment, _load: Load) -> None:
    """Give the server a new certificate while it runs; new connections soon see it."""
    before = _served(deployment)
    certs = deployment.register.certs
    for name in ("server.pem", "server.key"):
        (certs / name).unlink()
    deployment.register.operate("pki", "development", "--out", str(certs), "--agencies", str(AGENCIES))
    until(lambda: _served(deployment) != before, seconds=RELOAD_SECONDS)


def replace_officer(deployment: Deployment, _load: Load) -> None:
    """Enrol another officer at the border and disable the one before; the old key is refused from the next call on."""
    # One focal person alone disables few in a day who decide.
    old, key = deployment.replace_officer(BORDER, decides=False)
    with deployment.register.focal_client(BORDER) as focal_persons:
        focal_persons.directory.disable_officer(
            directory_pb2.DisableOfficerRequest(
                request_id=str(uuid.uuid4()), officer_key_id=key, reason=directory_pb2.DISABLE_REASON_LEFT_POST
            )
        )
    try:
        old.lookup.look_up_registration(look_up(deployment.offender))
    except Refused as refusal:
        if refusal.reason != "OFFICER_NOT_ACCEPTED":
            raise
    else:
        raise Broken("a disabled officer was answered")


def verify_beside_load(deployment: Deployment, load: Load) -> None:
    """Verify the ledger again and again while calls are recorded; it is whole each time."""
    for _ in range(5):
        load.wait_for_each_kind(1, lambda _attempt: True)
        verified = deployment.register.operate("ledger", "verify", "--spans", check=False)
        if verified.returncode:
            raise Broken(f"ledger verify beside load: {verified.stdout[-500:]}{verified.stderr[-500:]}")


LIVING: Mapping[str, Episode] = {
    "PostgreSQL killed": kill_postgres,
    "disk refuses": refuse_writes,
    "one backend killed": kill_backend,
    "standby lost": lose_standby,
    "certificate renewed": reload_certificate,
    "officer replaced": replace_officer,
    "ledger verified": verify_beside_load,
}
"""What a server has to live through."""
DEADLY: Mapping[str, Episode] = {"server killed": kill_server, "server restarted": restart_server}
"""What ends a server."""


def recover(deployment: Deployment, load: Load) -> float:
    """Wait until every kind of call is answered again; gives the seconds that it took."""
    start = time.monotonic()
    load.wait_for_all_kinds(2)
    until(lambda: deployment.health() == SERVING, seconds=SECONDS)
    return time.monotonic() - start


def resources(deployment: Deployment) -> tuple[int, int, int]:
    """Resident kilobytes and threads of the server, and resident kilobytes of PostgreSQL's postmaster."""
    server = deployment.register.process
    if server is None:
        raise RuntimeError("the server doesn't run")
    status = _status(server.pid)
    postmaster = EmbeddedPostgres(deployment.register.state).postmaster_pid
    return status["VmRSS"], status["Threads"], _status(postmaster)["VmRSS"] if postmaster else 0


def _status(process: int) -> dict[str, int]:
    found = {}
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in {"VmRSS", "Threads"}:
            found[name] = int(value.split()[0])
    return found


def _served(deployment: Deployment) -> bytes:
    """The certificate that the server shows to a new connection."""
    certs = deployment.register.certs
    own = certs / "agencies" / BUREAU
    context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
    context.load_cert_chain(own.with_suffix(".pem"), own.with_suffix(".key"))
    host, _, port = deployment.register.address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.getpeercert(binary_form=True) or b""
