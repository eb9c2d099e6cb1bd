"""Whatever anybody tries on records, in whatever order: nothing is shown that doesn't stand, and nothing is lost.

A few sequences in each run, always the same ones; `LIVES` and `STEPS` in the environment make it more.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from nsor_server.policy.source import packaged
from tests import ample_budgets
from tests.e2e import quick_times
from tests.e2e.agencies import Agencies
from tests.e2e.conftest import start
from tests.e2e.life.decisions import erased
from tests.e2e.life.golden import methods
from tests.e2e.life.known import (
    APPELLATE,
    BUREAU,
    CLOSURES,
    CONFIRMS,
    CUSTODY,
    ENDS,
    ENTERS,
    EVERYBODY,
    LEAVES,
    POLICE,
    TAKES,
    Known,
)
from tests.e2e.life.trials import Life

LIVES, STEPS = int(os.environ.get("LIVES", "10")), int(os.environ.get("STEPS", "30"))
MOST = 4
"""Records of one sequence."""
METHODS = methods()
_any_agency = st.sampled_from(EVERYBODY)
_mostly_confirmed = st.sampled_from(["CONFIRMED"] * 2 * len(ENDS) + list(ENDS))


def mostly(agency: str) -> st.SearchStrategy[str]:
    """The agency whose part it is, or sometimes any other."""
    return st.sampled_from([agency] * 3 * len(EVERYBODY) + list(EVERYBODY))


class Lives(RuleBasedStateMachine):
    """Agencies of all kinds, lawful and not."""

    agencies: Agencies

    @initialize()
    def begin(self) -> None:
        self.life = Life(self.agencies)
        self.life.enter(self.life.numbers[0])
        # Most of what may be tried needs one that stands.
        (known,) = self.life.records
        self.life.confirm(known, known.cases[0], CONFIRMS)

    @precondition(lambda self: len(self.life.records) < MOST)
    @rule(nth=st.integers(0, 2))
    def enter(self, nth: int) -> None:
        self.life.enter(self.life.numbers[nth])

    @rule(data=st.data(), agency=mostly(ENTERS))
    def add(self, data: st.DataObject, agency: str) -> None:
        self.life.add(self._record(data), agency)

    @precondition(lambda self: any(each.waits for each in self.life.records))
    @rule(data=st.data(), agency=mostly(CONFIRMS), wrong=st.sampled_from([""] * 8 + ["number", "etag"]))
    def confirm(self, data: st.DataObject, agency: str, wrong: str) -> None:
        known, case = self._of(data, "waits")
        self.life.confirm(known, case, agency, wrong=wrong)

    @rule(data=st.data(), agency=_any_agency)
    def confirm_again(self, data: st.DataObject, agency: str) -> None:
        known = self._record(data)
        self.life.confirm(known, data.draw(st.sampled_from(known.cases)), agency)

    @precondition(lambda self: any(each.stands for each in self.life.records))
    @rule(data=st.data(), kind=st.sampled_from(TAKES + LEAVES), agency=mostly(APPELLATE))
    def judge(self, data: st.DataObject, kind: str, agency: str) -> None:
        known, case = self._of(data, "stands")
        self.life.judge(known, case, kind, agency)

    @rule(data=st.data(), kind=st.sampled_from(TAKES + LEAVES), agency=_any_agency)
    def judge_whatever(self, data: st.DataObject, kind: str, agency: str) -> None:
        known = self._record(data)
        self.life.judge(known, data.draw(st.sampled_from(known.cases)), kind, agency)

    @precondition(lambda self: any(each.taken for each in self.life.records))
    @rule(data=st.data(), agency=mostly(BUREAU), alone=st.booleans())
    def restore(self, data: st.DataObject, agency: str, alone: bool) -> None:
        known, case = self._of(data, "taken")
        judgment_id = self.life.restore(known, case)
        self.life.check()
        self.life.unseal(judgment_id, known, case, agency, alone=alone)

    @precondition(lambda self: any(each.taken for each in self.life.records))
    @rule(data=st.data(), end=st.sampled_from(["WITHDRAWN", "REFUSED"]))
    def keep_sealed(self, data: st.DataObject, end: str) -> None:
        known, case = self._of(data, "taken")
        self.life.keep_sealed(self.life.restore(known, case), known, end)

    @precondition(lambda self: any(each.is_shown for each in self.life.records))
    @rule(data=st.data(), kind=st.sampled_from(["WITHDRAWN", "WITHDRAWN", "DECEASED"]), end=_mostly_confirmed)
    def close(self, data: st.DataObject, kind: str, end: str) -> None:
        known = data.draw(st.sampled_from([each for each in self.life.records if each.is_shown]))
        self.life.close(known, kind, end, BUREAU)

    @rule(data=st.data(), kind=st.sampled_from(CLOSURES[:-1]), end=_mostly_confirmed, agency=mostly(BUREAU))
    def close_whatever(self, data: st.DataObject, kind: str, end: str, agency: str) -> None:
        self.life.close(self._record(data), kind, end, agency)

    @precondition(lambda self: any(each.archived for each in self.life.records))
    @rule(data=st.data(), kind=st.sampled_from(["WITHDRAWN", "RESTORED", "ERASED"]), end=_mostly_confirmed)
    def close_again(self, data: st.DataObject, kind: str, end: str) -> None:
        # One must be left, to try something on.
        if kind != "ERASED" or len(self.life.records) > 1:
            self.life.close(self._archived(data), kind, end, BUREAU)

    @precondition(lambda self: len(self.life.records) > 1)
    @rule(data=st.data(), end=st.sampled_from(ENDS), agency=mostly(BUREAU))
    def erase(self, data: st.DataObject, end: str, agency: str) -> None:
        self.life.close(self._record(data), "ERASED", end, agency)

    @rule(
        data=st.data(),
        agency=st.sampled_from([ENTERS, CONFIRMS, POLICE, *EVERYBODY]),
        end=st.sampled_from(["WITHDRAWN", "REFUSED"]),
        other=st.sampled_from(["", ENTERS, POLICE, BUREAU]),
    )
    def amend(self, data: st.DataObject, agency: str, end: str, other: str) -> None:
        self.life.amend(self._record(data), agency, end, other or agency)

    @precondition(lambda self: any(each.stands for each in self.life.records))
    @rule(data=st.data(), other=st.sampled_from([""] * 3 * len(EVERYBODY) + list(EVERYBODY)))
    def move(self, data: st.DataObject, other: str) -> None:
        known, _ = self._of(data, "stands")
        begins = [] if known.held else ["RECALLED"] * len(CUSTODY)
        kind = data.draw(st.sampled_from([*begins, *CUSTODY]))
        self.life.move(known, kind, other or CUSTODY[kind])

    @rule(data=st.data(), agency=_any_agency, method=st.sampled_from(METHODS), seed=st.integers(0, 50))
    def anything(self, data: st.DataObject, agency: str, method: str, seed: int) -> None:
        self.life.anything(agency, method, self._record(data), seed)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "life"):
            self.life.check()

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.check(whole=True)

    def _record(self, data: st.DataObject) -> Known:
        return data.draw(st.sampled_from(self.life.records))

    def _of(self, data: st.DataObject, state: str) -> tuple[Known, str]:
        """A record with a case in a state, and that case."""
        having = [each for each in self.life.records if getattr(each, state)]
        known = data.draw(st.sampled_from(having))
        return known, data.draw(st.sampled_from(sorted(getattr(known, state))))

    def _archived(self, data: st.DataObject) -> Known:
        return data.draw(st.sampled_from([each for each in self.life.records if each.archived]))


@pytest.fixture(scope="module")
def agencies(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Agencies]:
    folder: Path = tmp_path_factory.mktemp("life")
    with ExitStack() as stack:
        policy = ample_budgets.written(folder / "policy")
        reviews = packaged("reviews.toml").read_text(encoding="utf-8")
        (policy / "reviews.toml").write_text(reviews.replace("every_minutes = 60", "every_minutes = 1"))
        own = {"NSOR_POLICY_DIR": str(policy)}
        yield start(stack, folder / "register", prepared, own, quick_times.COMMAND)


def test_what_is_tried_is_taken_from_whose_part_it_is_and_from_nobody_else(agencies: Agencies) -> None:
    # Otherwise the sequences below would try what always fails, or never does.
    life = Life(agencies)
    life.enter(life.numbers[0])
    (known,), (case,) = life.records, life.records[0].cases
    assert [life.add(known, agency) for agency in ("sindh-prosecution", ENTERS)] == ["OUTSIDE_JURISDICTION", ""]
    assert life.confirm(known, case, CONFIRMS, wrong="number")
    assert life.confirm(known, case, "karachi-special-court")
    assert not life.confirm(known, case, CONFIRMS)
    assert [bool(life.judge(known, case, "SET_ASIDE", agency)) for agency in ("punjab-police", APPELLATE)] == [
        True,
        False,
    ]
    judgment_id = life.restore(known, case)
    assert life.unseal(judgment_id, known, case, "nadra", alone=False)
    assert life.unseal(judgment_id, known, case, BUREAU, alone=True)
    assert not life.unseal(judgment_id, known, case, BUREAU, alone=False)
    life.check()
    assert life.amend(known, POLICE, "REFUSED", CONFIRMS)
    assert [life.amend(known, *of) for of in ((ENTERS, "WITHDRAWN", ENTERS), (ENTERS, "REFUSED", POLICE))] == ["", ""]
    life.keep_sealed(life.restore(known, case), known, "REFUSED")
    assert life.close(known, "DECEASED", "CONFIRMED", "nadra")
    assert life.close(known, "ERASED", "CONFIRMED", BUREAU) == "WRONG_STATE"
    assert [bool(life.close(known, "DECEASED", end, BUREAU)) for end in ENDS[1:-1]] == [True, True, True]
    for kind in ("DECEASED", "RESTORED", "DECEASED", "WITHDRAWN", "RESTORED", "WITHDRAWN"):
        assert not life.close(known, kind, "CONFIRMED", BUREAU)
        life.check()
    assert not life.close(known, "ERASED", "CONFIRMED", BUREAU)
    life.check()
    life.destroy()
    life.enter(known.cnic)
    life.check()


def test_whatever_is_tried(agencies: Agencies) -> None:
    # Never a shown record without a standing, confirmed, registrable count; never a lost version; never a field outside
    # its purposes; every version in the ledger; and at the end the whole register is proved.
    Lives.agencies = agencies
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
    erased(agencies.register)
    agencies.register.operate("ledger", "verify")
