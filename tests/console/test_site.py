"""What the operators' pages say when what they read is broken or away."""

import os
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from nsor.ledger.v1 import leaf_pb2
from nsor.web.admission import OneTime
from nsor_server import config
from nsor_server.calls import new_access_id
from nsor_server.console.calls import Calls
from nsor_server.console.recent import Traces
from nsor_server.console.site import OpsPages
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.web.conftest import Site, running_site


def test_a_broken_entry_is_said_and_shown_by_no_exceptions_text(
    database: Database, keyring: Keyring, state_dir: Path
) -> None:
    entry = Entry(
        access_id=new_access_id(),
        agency="sindh-police",
        method="nsor.v1.LookupService/LookUpRegistration",
        purpose=3,
        outcome=leaf_pb2.OUTCOME_REFUSED,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=b"",
    )
    with database.owner() as owner:
        Ledger(keyring, "nsor.gov.pk/test").append(owner, [entry])

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
        return OpsPages(who, settings, database, Calls(), Traces(state_dir)).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        found = site.ask(f"{who.path}/en/refused", Cookie=cookie)
        assert (found.status, "sindh-police" in found.text) == (200, True)
        with database.owner() as owner:
            owner.execute("UPDATE ledger_entry SET leaf = 'broken'")
        broken = site.ask(f"{who.path}/en/refused", Cookie=cookie)
    assert broken.status == 500
    assert "An entry is broken" in broken.text
    assert "LeafError" not in broken.text
