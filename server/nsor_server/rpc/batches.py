"""What the ledger's writer does with a batch of calls, in one transaction that it commits once.

Calls of grouped methods come as they were received: they are parsed, gated, checked and prepared before the head is
locked, and decided under its lock. Calls that a thread has run come with their outcome, and it is looked at whether
what they read is still the newest; one that isn't runs again; so does what the register does by itself at its times,
which is a call without a method. Refusals come as they are. Then every call has its entry.

Under the lock everything in a batch sees the same state, so whoever only reads comes before whoever changes something:
an answer never comes after a change that it doesn't know of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.budgets import Accounts
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Call, Directory, Refusal, Row, Seen
from nsor_server.formats.uuids import text
from nsor_server.ledger.entry import Decided, Head, StaleRead
from nsor_server.ledger.writer import Written
from nsor_server.rpc import entries
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.handlers import Grouped
from nsor_server.rpc.packing import pack, packed
from nsor_server.rpc.spending import Payment
from nsor_server.rpc.status import Texts, status
from nsor_server.storage import budgets, changes
from nsor_server.storage.session import Rows, Session, Step
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.attributes import GATE, QUEUE
from nsor_server.tracing.spans import CallSpan, Span, Tracing


@dataclass(slots=True)
class _Reads:
    """What is read for a batch.

    Attributes:
        seen: the versions that are looked at, each with its call.
        versions: how many statements look at them.
        paid: calls that cost something and aren't grouped; one statement reads their accounts.
        grouped: for each grouped handler its calls, and how many statements it has.
    """

    seen: list[tuple[Call, Seen]] = field(default_factory=list)
    versions: int = 0
    paid: list[Call] = field(default_factory=list)
    grouped: list[tuple[Grouped[Any, Any, Any], list[Call], int]] = field(default_factory=list)


class Batches:
    """Prepares, reads for and decides the batches of the ledger's writer, in its thread alone.

    Args:
        admission: the gate.
        texts: what people are told.
        tracing: makes the span of a commit.
        enter: parses, gates and checks a call without waiting for anything.
        run_elsewhere: has a call that isn't in order run by a thread that may wait; it is refused there.
        on_change: hears when a batch that changes something has been written: it may owe events.
    """

    def __init__(
        self,
        admission: Admission,
        texts: Texts,
        tracing: Tracing,
        *,
        enter: Callable[[Call], None],
        run_elsewhere: Callable[[Call], None],
        on_change: Callable[[], None],
    ) -> None:
        self._admission = admission
        self._texts = texts
        self._tracing = tracing
        self._enter = enter
        self._run_elsewhere = run_elsewhere
        self._on_change = on_change
        self._reads = _Reads()
        self._spans: list[Span] = []
        self._changes = False

    def prepare(self, calls: Sequence[Call]) -> tuple[list[Call], list[Call]]:
        """Those that can be recorded now, who only read before who changes something; and those that can't."""
        ready: list[Call] = []
        others: list[Call] = []
        for call in calls:
            if isinstance(call.span, CallSpan):
                call.span.passed(QUEUE)
            if call.request is None and call.error is None and call.route is not None:
                try:
                    self._enter(call)
                    call.route.run(call, None)
                except Exception:  # noqa: BLE001 - the other thread meets the same, and refuses the call
                    others.append(call)
                    continue
                call.span.passed(GATE)
            if call.prepared is None:
                pack(call)
            ready.append(call)
        ready.sort(key=_rank)
        return ready, others

    def pass_over(self, call: Call) -> None:
        """Have a call that can't be recorded now run by a thread that may wait."""
        self._run_elsewhere(call)

    def reads(self, calls: Sequence[Call]) -> list[Step]:
        """What is read under the lock: whether versions are the newest, then what each grouped handler needs."""
        reads = self._reads = _Reads()
        by_handler: dict[int, tuple[Grouped[Any, Any, Any], list[Call]]] = {}
        for call in calls:
            if call.prepared is not None:
                call.error = call.refusal = call.payment = None
                by_handler.setdefault(id(call.route.handler), (call.route.handler, []))[1].append(call)
                continue
            if call.outcome is not None:
                reads.seen += [(call, seen) for seen in call.outcome.seen]
            if call.payment is not None:
                reads.paid.append(call)
        steps = changes.moved([seen for _, seen in reads.seen])
        reads.versions = len(steps)
        if reads.paid:
            steps.append(budgets.read({each for call in reads.paid for each in call.payment.payers.accounts}))
        for handler, own in by_handler.values():
            needed = handler.reads([call.prepared for call in own])
            reads.grouped.append((handler, own, len(needed)))
            steps += needed
        return steps

    def decide(
        self, calls: Sequence[Call], results: Sequence[Rows], head: Head, session: Session
    ) -> list[Decided | Exception]:
        """What is written of each call; or why nothing is, for whoever hears of it."""
        failed = self._stale(calls, results[: self._reads.versions])
        self._gate_again(calls, head, session, failed)
        at = self._reads.versions
        spent: list[Row] = []
        if self._reads.paid:
            spent = self._spend(Accounts(budgets.accounts(results[at]), head.now_us), failed)
            at += 1
        for handler, own, count in self._reads.grouped:
            read = results[at : at + count]
            at += count
            asked = [call for call in own if id(call) not in failed]
            if asked and len(asked) < len(own):
                # What one decides counts for the next: a call that isn't recorded decides nothing, and uses up nothing.
                read = session.run(*handler.reads([call.prepared for call in asked]))
            if asked:
                self._decide_grouped(handler, asked, read, head.now_us, failed)
        # What stands for many calls has the span of the last one, which has ended.
        self._spans = [call.span for call in calls if call.route is not None or call.outcome is not None]
        self._changes = any(_weight(call) for call in calls)
        return _with(spent, [failed.get(id(call)) or self._decided(call) for call in calls])

    def committed(self, written: Written) -> None:
        """The batch is durable, or isn't: its calls learn what it took, and it has its span."""
        store = written.stored or 0.0
        for span in self._spans:
            if isinstance(span, CallSpan):
                span.committed(written.waited + store)
        if self._spans:
            self._tracing.committed(
                self._spans,
                lock=written.waited,
                decide=written.locked - store,
                store=written.stored,
                whole=written.whole,
            )
        if self._changes:
            self._on_change()

    def _stale(self, calls: Sequence[Call], moved: Sequence[Rows]) -> dict[int, Exception]:
        """Calls whose versions have moved on, or are moved on by a call before them in the batch."""
        failed: dict[int, Exception] = {}
        for rows in moved:
            for (position,) in rows:
                failed[id(self._reads.seen[position][0])] = StaleRead()
        changed: set[tuple[Any, ...]] = set()
        for call in calls:
            outcome = call.outcome
            if outcome is None or call.prepared is not None or id(call) in failed:
                continue
            keys = [(seen.what.name, *seen.key) for seen in outcome.seen]
            if not changed.isdisjoint(keys):
                failed[id(call)] = StaleRead()
            elif outcome.rows:
                changed.update(keys)
        return failed

    def _spend(self, accounts: Accounts, failed: dict[int, Exception]) -> list[Row]:
        """Take the prices of the calls that are recorded; gives the rows of what is left.

        What its buckets don't hold isn't answered, and neither is it said why else it would have been refused. A call
        that was refused before it ran (``rpc/reading.py``) runs again if they hold its price by now; so does one that
        is answered with less if they don't.
        """
        for call in self._reads.paid:
            if id(call) in failed:
                continue
            payment: Payment = call.payment
            not_run = call.error is not None and call.error.reason == errors_pb2.ERROR_REASON_BUDGET_EMPTY
            if not_run or payment.decides_again:
                refused = accounts.refusal(payment.payers, payment.budget, payment.times) is not None
                if refused == payment.decides_again:
                    failed[id(call)] = StaleRead()
                    continue
            spent = accounts.spend(payment.payers, payment.budget, payment.times)
            if spent.refusal is not None:
                self._refuse(call, payment.refused(spent, spent.refusal))
            elif call.error is not None:
                call.refusal = Refusal(call.error, record_pb2.AccessDetail(spent=payment.recorded(spent)))
            elif call.outcome is not None:
                call.outcome.detail.spent.CopyFrom(payment.recorded(spent))
        return budgets.rows(accounts.changed)

    def _gate_again(self, calls: Sequence[Call], head: Head, session: Session, failed: dict[int, Exception]) -> None:
        """Gate the calls again that were gated by another version of the directory than the head's.

        A refusal that tells what the register holds is an answer too: whoever may not ask any more isn't told.
        Under the lock the directory can't move on once more: otherwise whoever changes it without end keeps everybody
        else's calls from being recorded.
        """
        newest: DirectorySnapshot | None = None
        for call in calls:
            before = call.directory
            if before is None or before.version == head.directory_version:
                continue
            if call.error is not None and not isinstance(call.error, errors.FROM_THE_REGISTER):
                continue
            if newest is None:
                newest = self._newest(head, session)
            discloses = call.route.rule.effect == options_pb2.EFFECT_DISCLOSES
            if newest.version != head.directory_version and discloses:
                # What is newer isn't what the ledger says; but it may be a seal on the register.
                call.error, failed[id(call)] = None, errors.Unavailable(retry_after_seconds=1.0)
                continue
            if newest is before:
                continue  # what is newer isn't what the ledger says, and isn't obeyed
            facts = _facts(call)
            try:
                self._admission.admit_by(call, newest)
            except errors.ApiError as error:
                call.error, failed[id(call)] = None, error
                continue
            if facts != _facts(call) or _moved(before, newest):
                call.error, failed[id(call)] = None, StaleRead()

    def _newest(self, head: Head, session: Session) -> DirectorySnapshot:
        directory = self._admission.directory
        if directory.current.version != head.directory_version:
            with session.plain() as connection:
                directory.reload(connection)
        return directory.current

    def _decide_grouped(
        self,
        handler: Grouped[Any, Any, Any],
        own: Sequence[Call],
        results: Sequence[Rows],
        now_us: int,
        failed: dict[int, Exception],
    ) -> None:
        decided = handler.decide([call.prepared for call in own], results, now_us)
        for call, outcome in zip(own, decided, strict=True):
            if isinstance(outcome, StaleRead):
                failed[id(call)] = outcome
            elif isinstance(outcome, Refusal) and _is_empty_again(outcome):
                # Refused as any other call: too many are only counted. An entry says how it would have been paid.
                failed[id(call)], call.payment = outcome.error, outcome.payment
                call.case = outcome.detail.case_reference or call.case
            elif isinstance(outcome, Refusal):
                self._refuse(call, outcome)
            else:
                call.outcome = outcome
                call.answer = outcome.response.SerializeToString()

    def _refuse(self, call: Call, refusal: Refusal) -> None:
        call.fails(refusal.error)
        call.refusal = refusal
        call.answer = status(refusal.error, self._texts, text(call.access_id)).SerializeToString()

    def _decided(self, call: Call) -> Decided:
        left = call.outcome if call.error is None else call.refusal
        rows = () if left is None else left.rows
        if call.route is None and (call.outcome is None or call.outcome.detail.outcome == entries.DROPPED):
            return Decided(entries.count_of(call, rows), rows)
        entry = entries.entry(call, rows)
        made = packed(call) if call.error is None else None
        if made is None or made.many is None:
            return Decided(entry, rows)
        entry.packed = made.many.records
        return Decided(entry, (), made.many.steps, made.many.timed)


def _with(rows: Sequence[Row], decided: list[Decided | Exception]) -> list[Decided | Exception]:
    """What is decided, with rows of all of it beside those of the last one that is written."""
    if rows:
        last = max(at for at, each in enumerate(decided) if isinstance(each, Decided))
        each: Decided = decided[last]  # type: ignore[assignment]  # it is the Decided that was looked for
        decided[last] = each._replace(rows=(*each.rows, *rows))
    return decided


def _is_empty_again(refusal: Refusal) -> bool:
    """Whether a bucket was empty of which that was told before: nothing was read, and nothing is written."""
    return refusal.error.reason == errors_pb2.ERROR_REASON_BUDGET_EMPTY and not refusal.rows


def _facts(call: Call) -> tuple[object, ...]:
    """What a handler may have decided by of what the gate has filled in."""
    return call.agency, call.officer, call.focal_persons, call.purpose, call.rows


def _moved(before: Directory, newest: DirectorySnapshot) -> bool:
    """Whether the directory says something else of whom a handler may have asked it about."""
    same = before.agencies == newest.agencies and before.compromised == newest.compromised
    same = same and before.sealed == newest.sealed  # of a call that goes on: a stream of events shows less then
    return not same or before.policy is not newest.policy


def _rank(call: Call) -> tuple[int, bool, int]:
    """The order within a batch. Of calls on one version the first wins: the one that has lost most often.

    What a grouped call uses up counts behind it: who has only read comes before it, too.
    """
    return _weight(call), call.prepared is not None, -call.tries


def _weight(call: Call) -> int:
    """Who only reads comes first, who changes the directory last."""
    outcome = call.outcome
    if outcome is None or call.prepared is not None:
        return 0
    return 2 if outcome.directory_changed else 1 if outcome.rows else 0
