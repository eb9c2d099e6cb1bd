import uuid

from nsor.v1 import lookup_pb2
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.bench import unshown
from tests.lookup.conftest import Register, make_call
from tests.lookup.test_look_up import NO_RECORD, answer


def test_everybody_of_whom_the_time_is_measured_is_no_record(database: Database, keyring: Keyring) -> None:
    # A kind that is shown, or that the statement doesn't come to see, would be measured for nothing.
    register, url = Register(database, Sealer(keyring), BlindIndex(keyring)), database.url_owner
    assert url is not None
    unshown.write(url, keyring, each=2)
    with register.database.reading() as conn:
        ((written,),) = conn.execute("SELECT count(DISTINCT registration_id) FROM registration_version").fetchall()
    assert written == 2 * sum(not kind.is_absent for kind in unshown.Kind)
    for asked in unshown.pairs():
        call = make_call(asked.agency, asked.purpose)
        for kind in (asked.first, asked.second):
            request = lookup_pb2.LookUpRegistrationRequest.FromString(unshown.requests(asked, kind)[0])
            request.request_id = str(uuid.uuid4())
            (decided,) = register.decide(register.decider.prepare(call, request))
            assert answer(decided).SerializeToString() == NO_RECORD, (asked.name, kind)
