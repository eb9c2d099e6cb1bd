from pathlib import Path

from tests.bench import disk, processes
from tests.bench.measure import Requests, run
from tests.bench.register import BenchRegister
from tests.bench.rounds import check_outcomes
from tests.bench.seed import POLICE, Plan, seed

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"


def test_half_of_the_look_ups_of_a_seeded_register_find_somebody_and_none_fails(tmp_path: Path) -> None:
    # A bench whose people aren't found, or whose grants don't hold, would measure something else.
    register = BenchRegister(tmp_path, {"NSOR_TRACE_STORE": "off"})
    with register.database():
        officer = register.officers[POLICE].key_id
        seeded = seed(Plan(register.environment, register.url, 60, 700, 4_000, officer))
        assert register.entries() >= 700
        before = disk.sizes(register.url)
        register.enrol()
        requests = Requests.write(tmp_path, LOOK_UP, POLICE, seeded.requests)
        with register.serving(1) as (target, _):
            done = run(register.certs, target, requests, in_flight=8, seconds=1.0, warm=0.1)
        assert processes.seconds((register.postmaster,)) > 0
    assert not done.failures
    assert done.calls > 20
    check_outcomes(done)
    assert done.server_us > 0
    assert disk.grown(before, before, 1) == {}
