"""The services, where tests hand in calls: what is refused, what a test mostly asks for, and what is stored then."""

import contextlib
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar

import psycopg
import pytest
from google.protobuf.message import Message

from nsor.v1 import registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call, Officer, Outcome, Row, Table
from nsor_server.events import hearers
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests import deciding
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, NPB, PUNJAB_PROSECUTION
from tests.calls import ORIGIN, TRACING, call_of
from tests.front_door import FrontDoor, outcome_of
from tests.orders import Created, confirmation, judgment, order
from tests.tables import COUNTED, LEDGER, SEALED

_NOWHERE = Row(Table("no_such_table", (("name", "text"),)), ("nobody",))
"""A row that can't be added."""

E = TypeVar("E", bound=errors.ApiError)


class Services(FrontDoor):
    """Hands in calls, and says what they have left behind. A context manager."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        unheard = [] if failure else self._unheard()
        self.close()
        assert not unheard, f"owed to a kind of agency that they don't concern: {unheard}"

    def refused_by_the_register(self, error: type[E], call: Call, request: Message) -> E:
        """The refusal of a call by what is stored: its entry says what it has looked at."""
        refusal = self.refused(error, call, request)
        assert call.looked_at
        return refusal

    def refused(self, error: type[E], call: Call, request: Message) -> E:
        """The refusal of a call; nothing was written."""
        before = self.rows()
        with pytest.raises(error) as caught:
            self.ask(call, request)
        assert type(caught.value) is error
        assert self.rows() == before
        return caught.value

    def never_half_written(self, call: Call, request: Message) -> list[str]:
        """Write a call with a row that can't be added at each place in turn, and then without; gives its tables."""
        outcome = outcome_of(self.run(call, request))
        before = self.rows(*LEDGER)
        for place in range(len(outcome.rows) + 1):
            call.outcome = replace(outcome, rows=(*outcome.rows[:place], _NOWHERE, *outcome.rows[place:]))
            with pytest.raises(psycopg.errors.UndefinedTable):
                self.writer.submit(call)
            assert self.rows(*LEDGER) == before
        call.outcome = outcome
        self.writer.submit(call)
        tables = list(dict.fromkeys(row.table.name for row in outcome.rows))
        after = self.rows(*LEDGER)
        assert all(after[table] > before[table] for table in tables if table in after)
        return tables

    def create(
        self, request: registration_pb2.CreateRegistrationRequest | None = None, call: Call | None = None
    ) -> Created:
        outcome = self.ask(call or call_of(PUNJAB_PROSECUTION), request or order())
        return Created(outcome.response.registration_id, outcome.response.etag, outcome)

    def confirmed(self, request: registration_pb2.CreateRegistrationRequest | None = None) -> Created:
        """An order that was entered, and that its court has confirmed."""
        created = self.create(request)
        self.confirm(created)
        return created

    def confirm(self, created: Created, call: Call | None = None, **fields: Any) -> Outcome[Any]:
        return self.ask(call or call_of(LAHORE_COURT), confirmation(created, **fields))

    def judge(self, convicted: types_pb2.Conviction, kind: str, **fields: Any) -> None:
        """Have the High Court's registry record a judgment about a conviction."""
        self.ask(call_of(LAHORE_HIGH_COURT), judgment(kind, convicted, **fields))

    def judge_all(self, created: "Created", kind: str) -> None:
        """The same about each conviction of one person."""
        shown = self.get(created.registration_id, NPB)
        for each in shown.convictions:
            self.judge(each, kind, cnics=[shown.person.cnic])

    def add_conviction(self, created: "Created", added: types_pb2.Conviction) -> Outcome[Any]:
        return self.ask(call_of(PUNJAB_PROSECUTION), self.further(created, added))

    def further(
        self, created: "Created", added: types_pb2.Conviction, etag: str = ""
    ) -> registration_pb2.AddConvictionRequest:
        """A request that adds a conviction to what the register holds now."""
        return registration_pb2.AddConvictionRequest(
            request_id=str(uuid.uuid4()),
            registration_id=created.registration_id,
            etag=etag or self.get(created.registration_id, NPB).etag,
            conviction=added,
        )

    def get(
        self, registration_id: str, agency: Agency, officer: Officer | None = None
    ) -> registration_pb2.Registration:
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        registration: registration_pb2.Registration = self.ask(call_of(agency, officer), request).response.registration
        return registration

    def enrolled(self, who: Officer, *, disabled: bool = False) -> Officer:
        """Have the directory know an officer, with one own number if he has any."""
        own = next(iter(who.own), None)
        with self.database.owner() as owner:
            owner.execute(
                "INSERT INTO officer"
                " (key_id, agency_id, officer_number, public_key, jurisdiction, grade, decides, own_number, own_key_id,"
                " access_id, enrolled_by)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, gen_random_uuid(), sha256(''))",
                (
                    who.key_id,
                    who.agency_id,
                    who.officer_number,
                    who.public_key,
                    list(who.jurisdiction),
                    who.grade,
                    who.decides,
                    own,
                    None if own is None else deciding.own_key(self.keyring),
                ),
            )
            if disabled:
                owner.execute(
                    "INSERT INTO officer_disabled (key_id, agency_id, reason, decided_by, access_id)"
                    " VALUES (%s, %s, 1, sha256(''), gen_random_uuid())",
                    (who.key_id, who.agency_id),
                )
            deciding.record(owner, self.keyring, ORIGIN)
        return who

    def hidden(self, registration_id: str, agency: Agency, officer: Officer | None = None) -> None:
        """The agency hears NO_RECORD."""
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        self.refused(errors.NoRecord, call_of(agency, officer), request)

    def rows(self, *more: str) -> dict[str, int]:
        """How many rows each table has, but for budgets, which refusals spend too; ``more`` are other tables."""
        counted = " UNION ALL ".join(
            f"SELECT '{table}', count(*) FROM {table}"  # noqa: S608 - constants
            for table in (*COUNTED, *more)
        )
        return dict(self._owner.execute(counted.encode()).fetchall())

    def one(self, query: str, *parameters: object) -> Any:
        """The one value of a query, as the owner."""
        return self._owner.execute(query.encode(), parameters).fetchall()[0][0]

    def owed(self, kind: int | None = None) -> list[str]:
        """Recipients in the outbox, in order."""
        query = "SELECT recipient FROM outbox WHERE coalesce(kind = %s, true) ORDER BY recipient"
        return [recipient for (recipient,) in self._owner.execute(query, (kind,))]

    def _unheard(self) -> list[str]:
        """Whom an event is owed that doesn't concern his kind of agency: it is never delivered."""
        query = f"SELECT recipient FROM outbox AS o WHERE NOT ({hearers.concerned_sql('o', 'recipient')})"  # noqa: S608
        return [recipient for (recipient,) in self._owner.execute(query.encode())]


@contextlib.contextmanager
def review_times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    """What writes reviews, without its thread: a test looks by itself."""
    services.directory.reload()
    times = ReviewTimes(services.database, services.writer, services.directory, TRACING, keyring)
    try:
        yield times
    finally:
        times.stop()


def sealed_rows_are_listed(services: Services, outcome: Outcome[Any]) -> Sequence[str]:
    """Every sealed row that the outcome names is stored with that hash; gives the tables."""
    for ref in outcome.records:
        sealed = services.one(SEALED[ref.table], uuid.UUID(bytes=ref.row_id), ref.version)
        assert hashlib.sha256(sealed).digest() == ref.sha256
    return [ref.table for ref in outcome.records]
