"""Mutation tests: breaks a module in every small way, one at a time, and lists what its tests didn't notice.

``make mutants`` goes over access, the ledger and every rules.py, which takes hours. ``M=FILE`` names one module, and
``T=PATH`` the tests that should notice; default: those of ``TESTS``, or else of its package. ``S=0.3`` runs that share
of each module's mutants, the same ones every time. The tool changes files in place; it works on a copy of the tree.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkItem, WorkResult

from tests.sources import REPOSITORY, files

PACKAGES = Path("server", "nsor_server")
SOURCES = ("server", "clients/python", "synthetic")

# Not every operator: what notices that `<` became `>=` also notices that it became `==`. Of a comparison its opposite
# and its bound are kept, of arithmetic one replacement, of a number the next one. `A | B` is nearly always a type,
# which nothing runs; a decorator makes a dataclass or a property, without which nothing starts, or a cache.
OPERATORS = re.compile(
    r"""core/(
        ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is|Lt_GtE|Lt_LtE|LtE_Gt|LtE_Lt)
        | ReplaceComparisonOperator_(Gt_LtE|Gt_GtE|GtE_Lt|GtE_Gt)
        | ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul)
        | ReplaceBinaryOperator_(RShift_LShift|LShift_RShift|BitAnd_BitOr|BitXor_BitAnd)
        | ReplaceUnaryOperator_Delete_(Not|USub)
        | Replace(True|False|And|Or|Break|Continue)With\w+
        | AddNot | NumberReplacer | ExceptionReplacer | ZeroIterationForLoop
    )""",
    re.VERBOSE,
)

_PURE = " ".join(
    f"tests/access/test_{name}.py" for name in ("contract", "decisions", "disclosure", "gate", "peer", "signatures")
)
"""Those of access that need no database: two seconds."""
_MODULES = ("contract", "decisions", "disclosure", "focal_persons", "gate", "officers", "peer", "signatures")
TESTS: Final[Mapping[str, str]] = {
    **{f"access/{name}.py": _PURE for name in _MODULES},
    "access/directory.py": "tests/access/test_directory.py tests/rpc/test_streams.py",
    "access/facts.py": "tests/access/test_rows.py",
    "access/limits.py": "tests/access/test_gate.py tests/rpc/test_floods.py",
    "access/rows.py": "tests/access/test_rows.py tests/access",
    "access/unproved.py": "tests/access/test_directory.py tests/rpc/test_unproved.py",
    "directory/rules.py": "tests/directory/test_officers.py tests/directory/test_enrolment.py",
    "ledger/append.py": "tests/ledger/test_append.py tests/ledger/test_outside.py tests/ledger/test_verify.py",
    "ledger/detail.py": "tests/ledger/test_detail.py tests/ledger/test_append.py tests/ledger/test_verify.py",
    "ledger/entry.py": "tests/ledger/test_append.py",
    "ledger/epoch.py": "tests/ledger/test_outside.py tests/ledger/test_witnesses.py tests/ledger/test_commands.py",
    "ledger/guard.py": "tests/ledger/test_guard.py tests/ledger/test_writer.py",
    "ledger/instants.py": "tests/ledger/test_instants.py",
    "ledger/keyring_check.py": "tests/ledger/test_keyring_check.py",
    "ledger/labels.py": "tests/ledger/test_labels.py tests/ledger/test_verify.py",
    "ledger/leaf.py": "tests/ledger/test_leaf.py tests/ledger/test_append.py tests/ledger/test_verify.py",
    "ledger/operator.py": "tests/ledger/test_operator.py",
    "ledger/outside.py": "tests/ledger/test_outside.py",
    "ledger/partitions.py": "tests/ledger/test_partitions.py",
    "ledger/proofs.py": "tests/oversight/test_proofs.py tests/ledger/test_proofs.py tests/ledger/test_outside.py",
    "ledger/stored.py": "tests/ledger/test_verify.py",
    "ledger/subtrees.py": "tests/ledger/test_proofs.py tests/ledger/test_partitions.py",
    "ledger/tiles.py": "tests/ledger/test_tiles.py",
    "ledger/writer.py": "tests/ledger/test_writer.py",
    "lookup/grants/rules.py": "tests/lookup/test_tickets.py tests/lookup",
    "lookup/requests/rules.py": "tests/lookup/test_rules.py tests/lookup",
    "notification/rules.py": "tests/notification/test_notice.py",
}
"""The tests that should notice, the quickest first, where those of the whole package take much longer."""


def main() -> None:
    """Mutate the named module, or all; prints each mutant that no test noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("--module", type=Path, action="append", help="below the repository; may be given several times")
    parser.add_argument("--tests", help="what pytest is given; default: those of TESTS, or of the module's package")
    parser.add_argument("--share", type=float, default=1.0, help="of each module's mutants; default: all")
    parser.add_argument("--seed", default="1", help="which ones, if not all")
    arguments = parser.parse_args()
    modules = arguments.module or sorted(_modules())
    with tempfile.TemporaryDirectory(prefix="nsor-mutants-") as temporary:
        tree = Path(temporary)
        environment = _copy(tree)
        for nth, module in enumerate(modules, 1):
            short = str(module.relative_to(PACKAGES))
            tests = arguments.tests or TESTS.get(short, f"tests/{module.parent.name}")
            print(f"{time.strftime('%H:%M:%S')} {nth} of {len(modules)}: {module}, by {tests}", flush=True)
            _mutate(tree, module, tests, environment, share=arguments.share, seed=f"{arguments.seed} {short}")


def _modules() -> Iterator[Path]:
    packages = REPOSITORY / PACKAGES
    for pattern in ("access/*.py", "ledger/*.py", "*/rules.py", "lookup/*/rules.py"):
        for path in packages.glob(pattern):
            if path.name != "__init__.py":
                yield path.relative_to(REPOSITORY)


def _copy(tree: Path) -> dict[str, str]:
    """Copy the repository's own files; gives the environment in which the copy is what Python imports."""
    for name in files():
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(tree / source) for source in SOURCES),
        # A mutant has its neighbour's size and second: byte code of one would be taken for the other's.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    where = [sys.executable, "-c", "import nsor_server; print(nsor_server.__file__)"]
    found = subprocess.run(where, cwd=tree, env=environment, check=True, capture_output=True, text=True).stdout
    if not Path(found.strip()).is_relative_to(tree):
        raise RuntimeError(f"the tests would import {found.strip()}, which isn't the copy")
    return environment


def _mutate(tree: Path, module: Path, tests: str, environment: dict[str, str], *, share: float, seed: str) -> None:
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {tests}"
    began = time.monotonic()
    whole = subprocess.run(command.split(), cwd=tree, env=environment, check=False, capture_output=True, text=True)
    if whole.returncode:
        raise RuntimeError(f"{tests} fails before anything is changed:\n{whole.stdout[-2000:]}")
    seconds = time.monotonic() - began
    # JSON's strings, numbers and lists are TOML's as well.
    settings = f"""
[cosmic-ray]
module-path = {json.dumps(str(module))}
timeout = {60 + 4 * seconds:.1f}
excluded-modules = []
test-command = {json.dumps(command)}
[cosmic-ray.distributor]
name = "local"
"""
    (tree / "mutants.toml").write_text(settings, encoding="utf-8")
    session = tree / "session.sqlite"
    session.unlink(missing_ok=True)

    def run(step: str) -> None:
        program = Path(sys.executable).parent / "cosmic-ray"
        subprocess.run([str(program), step, "mutants.toml", session.name], cwd=tree, env=environment, check=True)

    run("init")
    with use_db(session, WorkDB.Mode.open) as database:
        different = _different(tree / module, database.work_items)
        chosen = random.Random(seed).sample(different, round(share * len(different)))  # noqa: S311 - not a secret
        ids = {item.job_id for item in chosen}
        others = [item.job_id for item in database.work_items if item.job_id not in ids]
        database.set_multiple_results(others, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
    print(f"  {len(chosen)} of {len(different)} mutants; the tests alone take {seconds:.0f} s", flush=True)
    run("exec")
    with use_db(session, WorkDB.Mode.open) as database:
        results = [result for job, result in database.results if job in ids]
    survivors = [result.diff for result in results if result.test_outcome == "survived"]
    late = [result.diff for result in results if result.output == "timeout"]
    minutes = (time.monotonic() - began) / 60
    print(
        f"  {len(survivors)} of {len(results)} survived, {len(late)} took too long; {minutes:.1f} minutes", flush=True
    )
    for what, diffs in (("SURVIVED", survivors), ("TOOK TOO LONG", late)):
        for diff in diffs:
            print(f"{what}\n{diff}", flush=True)


def _different(module: Path, items: Sequence[WorkItem]) -> list[WorkItem]:
    """The mutants of ``OPERATORS`` that differ from the module and from each other, always in the same order."""
    source = module.read_text(encoding="utf-8")
    seen = {_plain(source)}
    found = []
    for item in sorted(items, key=lambda item: (item.mutations[0].operator_name, item.mutations[0].occurrence)):
        (mutation,) = item.mutations
        if not OPERATORS.fullmatch(mutation.operator_name):
            continue
        if mutation.operator_name == "core/NumberReplacer" and mutation.occurrence % 2:
            continue  # of each number it makes the next one, then the one before
        try:
            plain = _plain(mutate_code(source, get_operator(mutation.operator_name)(), mutation.occurrence))
        except (AttributeError, SyntaxError):
            continue  # the tool can't replace `psycopg.Error`, and takes the star of arguments for a product
        if plain not in seen:
            seen.add(plain)
            found.append(item)
    return found


def _plain(source: str) -> str:
    return ast.dump(_Plain().visit(ast.parse(source)))


class _Plain(ast.NodeTransformer):
    """Writes in one way what does the same: a denied comparison, a frozen dataclass, arguments that need a name."""

    OPPOSITES: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
        ast.Eq: ast.NotEq,
        ast.Is: ast.IsNot,
        ast.In: ast.NotIn,
        ast.Lt: ast.GtE,
        ast.Gt: ast.LtE,
    }
    OPPOSITE: Final = {**OPPOSITES, **{opposite: one for one, opposite in OPPOSITES.items()}}

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if not isinstance(node.op, ast.Not):
            return node
        if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
            return inner.operand
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            return ast.Compare(inner.left, [self.OPPOSITE[type(inner.ops[0])]()], inner.comparators)
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
        node.defaults = [*node.defaults, *(each for each in node.kw_defaults if each is not None)]
        node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg in ("frozen", "slots"):
            return ast.keyword(node.arg, ast.Constant(value=True))
        return self.generic_visit(node)


if __name__ == "__main__":
    main()
