import dataclasses
from pathlib import Path

import psycopg
import pytest

from tests.bench import disk, people, processes
from tests.bench.measure import BenchFailed, Requests, run
from tests.bench.register import BenchRegister
from tests.bench.rounds import check_outcomes
from tests.bench.seed import POLICE, Plan, seed
from tests.e2e.conftest import prepared

__all__ = ["prepared"]

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"


def test_half_of_the_look_ups_of_a_seeded_register_find_somebody_and_those_that_are_to_be_are_refused(
    tmp_path: Path, prepared: Path
) -> None:
    # A bench whose people aren't found, or whose grants don't hold, would measure something else.
    register = BenchRegister(tmp_path, {"NSOR_TRACE_STORE": "off"}, prepared=prepared)
    with register.database():
        officer = register.officers[POLICE].key_id
        seeded = seed(Plan(register.environment, register.url, 40, 700, 2_000, officer, refused=True))
        # And once more as many as are grown to, some of them the same people under other numbers.
        grown = Plan(
            register.environment,
            register.url,
            20,
            0,
            2_000,
            officer,
            different=5,
            first=people.FIRST + 40,
            refused=True,
        )
        seeded = dataclasses.replace(seeded, requests=(*seeded.requests, *seed(grown).requests))
        assert register.entries() >= 700
        with psycopg.connect(register.url) as conn:
            assert conn.execute("SELECT count(*) FROM registration_version").fetchall() == [(60,)]
        before = disk.sizes(register.url)
        register.enrol()
        requests = Requests.write(tmp_path, LOOK_UP, POLICE, seeded.requests, refused=True)
        with register.serving(1) as (target, _):
            done = run(register.certs, target, requests, in_flight=8, seconds=1.0, warm=0.1)
        assert processes.seconds((register.postmaster,)) > 0
    assert not done.failures
    assert done.calls > 20
    check_outcomes(done, refused=True)
    with pytest.raises(BenchFailed):
        check_outcomes(done)
    assert done.server_us > 0
    assert disk.grown(before, before, 1) == {}
