"""While accesses can't be recorded nothing is read, locked or waited for; afterwards all goes on by itself."""

import contextlib
import uuid
from concurrent.futures import ThreadPoolExecutor

import grpc

from nsor.v1 import registration_pb2
from nsor_server.storage.embedded import EmbeddedPostgres
from tests.ledger.lost_standby import Standby
from tests.polling import until
from tests.rpc.callers import Answered, Caller, Serve

GET = "nsor.v1.RegistrationService/GetRegistration"


def get(caller: Caller) -> Answered:
    return caller.call(GET, registration_pb2.GetRegistrationRequest(registration_id=str(uuid.uuid4())))


def test_nothing_is_read_while_nothing_can_be_recorded(serve: Serve, postgres: EmbeddedPostgres) -> None:
    with serve(commit_timeout_seconds=0.5) as register, contextlib.closing(Standby(postgres)) as standby:
        caller = register.caller("punjab-prosecution", officer=True)
        assert get(caller).reason == "NO_RECORD"
        standby.lose()
        assert get(caller).reason == "LEDGER_UNAVAILABLE"
        # Whoever reads these tables now is seen waiting for them.
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
        with contextlib.closing(register.database.owner()) as owner, ThreadPoolExecutor(1) as pool:
            owner.execute("LOCK TABLE registration_key, registration_version IN ACCESS EXCLUSIVE MODE")
            call = pool.submit(get, caller)
            waits = 0
            while not call.done():  # it has a deadline
                waits += register.one(waiting)
            answer = call.result()
        assert waits == 0
        assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "LEDGER_UNAVAILABLE")
        assert answer.receipt is None
        standby.heal()
        until(lambda: get(caller).reason == "NO_RECORD", seconds=60)
