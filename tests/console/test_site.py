"""What the operators' pages say when what they read is broken or away."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from nsor.ledger.v1 import leaf_pb2
from nsor.web.admission import OneTime
from nsor_server import config
from nsor_server.calls import new_access_id
from nsor_server.commands.ledger_watch import Result
from nsor_server.commands.watched_spans import Sums
from nsor_server.console.calls import Calls
from nsor_server.console.recent import Traces
from nsor_server.console.site import OpsPages
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification.spans import Cause
from tests.web.conftest import Site, running_site


def test_what_comparing_entries_with_spans_found_is_said_by_cause(database: Database, state_dir: Path) -> None:
    settings = config.load({"NSOR_STATE_DIR": str(state_dir)})
    state_dir.mkdir(exist_ok=True)

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        return OpsPages(who, settings, database, Calls(), Traces(state_dir)).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()

        def shown(result: Result, language: str = "en") -> str:
            settings.watch_file.write_text(result.text())
            found = site.ask(f"{who.path}/{language}/verification", Cookie=cookie)
            assert found.status == 200
            return found.text

        assert "Nothing was compared yet" in shown(Result(entries=7, increment_at=1.5))
        assert "Nothing was compared yet" in shown(Result(entries=7, increment_at=1.5, spans=Sums()))
        causes = Counter({Cause.UNKNOWN.value: 4321, Cause.NOT_RECORDED.value: 2})
        found = Result(
            entries=7, increment_at=1.5, spans=Sums(1234, causes, 1_790_000_000_000_000, 1_790_003_600_000_000)
        )
        text = shown(found)
        assert "<bdi>1,234</bdi> spans have their entry" in text
        assert "<bdi>2026-09-21 19:13:20</bdi> to <bdi>2026-09-21 20:13:20</bdi>" in text
        lines = [line for line in text.splitlines() if '<th scope="row">' in line]
        assert len(lines) == len(Cause)
        assert [line for line in lines if "4,321" in line and 'class="failed"' in line and "no reason" in line]
        assert [line for line in lines if ">2<" in line and "failed" not in line and "not answered" in line]
        assert "وجہ معلوم نہیں" in shown(found, "ur")


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
