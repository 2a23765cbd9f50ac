"""Mutation check of the formulas in `theory`: change one number, sign, exponent, comparison or term, and see a test fail.

    python -m tests.mutation [--module theorem1/forms.py] [--per-function 6] [--jobs 1] [--seed 0]

Each mutant is written into a temporary copy of the tree, where the tests of its topic run until the first failure. A survivor
is an edit that no test noticed: either it changes nothing, or a test is missing.
"""

import argparse
import ast
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREE = ("theory", "simulate", "empirical", "tests")
LIMIT_S = 300  # per mutant: a loop that no longer ends is noticed too

TESTED_BY = {  # module of theory: the tests that its formulas have elsewhere, the fast ones first
    "elementary.py": "arcl/test_example1 test_factors arcl/test_theorem2",
    "setting.py": "test_setting test_factors theorem1/test_world",
    "factors.py": "test_factors theorem2/test_discrete theorem1/test_world",
    "divergence/losses.py": "divergence/test_losses divergence/test_crosscorrelation",
    "divergence/lemma_4_1.py": "divergence/test_losses",
    "divergence/infonce.py": "divergence/test_infonce divergence/test_theorem3",
    "divergence/crosscorrelation.py": "divergence/test_crosscorrelation divergence/test_theorem4",
    "divergence/duality.py": "divergence/test_losses",
    "divergence/logsum.py": "divergence/test_losses divergence/test_infonce",
    "divergence/pairs.py": "divergence/test_infonce divergence/test_crosscorrelation",
    "concentration/cliques.py": "concentration/test_frontier concentration/test_mainpart",
    "concentration/frontier.py": "concentration/test_frontier concentration/test_mainpart",
    "concentration/lenses.py": "concentration/test_lenses concentration/test_frontier",
    "concentration/peeling.py": "concentration/test_peeling concentration/test_frontier",
    "concentration/distances.py": "concentration/test_distances concentration/test_distances_resources "
    "concentration/test_mainpart",
    "concentration/bands.py": "concentration/test_distances concentration/test_mainpart",
    "concentration/kernels.py": "concentration/test_distances concentration/test_mainpart",
    "theorem1/forms/anchored.py": "theorem1/test_forms theorem1/test_population",
    "theorem1/certificates/anchors.py": "theorem1/test_population",
    "theorem1/certificates/grid.py": "theorem1/test_grid theorem1/test_world",
    "arcl/augmentation_robust.py": "arcl/test_augmentation_robust arcl/test_theorem2",
    "arcl/linear_heads.py": "arcl/test_predicates arcl/test_theorem2",
    "arcl/domains.py": "arcl/test_predicates",
    "theorem1/proofs/choice.py": "theorem1/test_predicates",
    "theorem1/proofs/predicates.py": "theorem1/test_predicates",
    "second_solver.py": "test_prove",
    "theorem2/worlds.py": "theorem2/test_predicates theorem2/test_theorem2",
    "divergence/families.py": "divergence/test_predicates",
    "divergence/linear_form.py": "divergence/test_predicates",
    "concentration/ball.py": "concentration/test_predicates",
    "concentration/masking.py": "concentration/test_predicates",
    "concentration/metric.py": "concentration/test_predicates",
    "concentration/monotony.py": "concentration/test_predicates",
    "ledger.py": "test_falsification",
    "moments.py": "test_averages",
    "neighbours/augmentation_graph.py": "neighbours/test_haochen",
    "neighbours/neighbour.py": "neighbours/test_new_neighbour",
    "population/laws.py": "population/test_predicates",
    "worlds.py": "concentration/test_predicates theorem1/test_predicates divergence/test_predicates",
}
NOT_MUTATED = {  # module of theory: why an edit of it need not fail a test
    "__main__.py": "prints",
    "command.py": "prints",
    "concentration/chains.py": "a worse chain only makes the search longer",
    "concentration/compiled.py": "compiles",
    "concentration/device.py": "runs where there is CUDA",
    "concentration/planning.py": "another plan gives the same distances at another cost",
    "files.py": "writes files",
    "ledger_table.py": "prints",
    "statements.py": "prints",
    "theorem1/proofs/worlds.py": "draws worlds at random",
}
SWAPS = {"min": "max", "minimum": "maximum", "argmin": "argmax", "any": "all", "sin": "cos", "arcsin": "arccos"}
SWAPS |= {right: left for left, right in SWAPS.items()}
OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.Pow: (ast.Mult,),
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.And: (ast.Or,), ast.Or: (ast.And,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
LEFT_ALONE = ast.arguments | ast.Raise | ast.JoinedStr | ast.keyword


@dataclass(frozen=True)
class Mutant:
    """One edit of a module below theory/: where it is, what was there and is there now, and the whole source with it."""

    module: str
    function: str
    line: int
    old: str
    new: str
    source: str

    def __str__(self) -> str:
        return f"theory/{self.module}:{self.line} {self.function}: {self.old}  ->  {self.new}"

    @property
    def tests(self) -> list[str]:
        """Paths of the test files that may notice."""
        return tests_of(self.module)


def modules(root: Path = ROOT) -> list[str]:
    """The modules of theory/ whose formulas are mutated: all but those of `NOT_MUTATED`."""
    below = sorted(path.relative_to(root / "theory").as_posix() for path in (root / "theory").rglob("*.py"))
    return [module for module in below if module not in NOT_MUTATED]


def tests_of(module: str) -> list[str]:
    """Paths of the test files that may notice an edit of a module, the fast ones first and the ledger last."""
    own = TESTED_BY[module].split() if module in TESTED_BY else mirrored(module)
    topic = module.split("/")[0]
    readings, predicates = (
        [name] if (ROOT / f"tests/theory/{name}.py").exists() else []
        for name in (f"{topic}/test_readings", f"{topic}/test_predicates")
    )
    names = [*readings, *own, "test_mutants", *predicates, "test_ledger"]
    return [f"tests/theory/{name}.py" for name in dict.fromkeys(names)]


def mirrored(module: str, root: Path = ROOT) -> list[str]:
    """The names of the tests that mirror a module: those of its name, in its folder or one above (test_theorem3 for
    theorem3_sharp); else those of the nearest package about it, a file of its name or all in the folder of its name."""
    tests = root / "tests" / "theory"
    *packages, name = module.removesuffix(".py").removesuffix("/__init__").split("/")

    def stems(folder: list[str], wanted: str = "") -> list[str]:
        files = sorted(path.stem for path in tests.joinpath(*folder).glob("test_*.py"))
        named = [stem for stem in files if not wanted or f"{wanted}_".startswith(stem.removeprefix("test_") + "_")]
        return ["/".join([*folder, stem]) for stem in named]

    for depth in range(len(packages), 0 if packages else -1, -1):
        if own := stems(packages[:depth], name):
            return own
    for depth in range(len(packages), 0, -1):
        if about := stems(packages[: depth - 1], packages[depth - 1]) or stems(packages[:depth]):
            return about
    return []


def edits(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of this node: one change, the children as they are."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            yield from (ast.Constant(v) for v in sorted({value + 1, abs(value - 1)}))
        case ast.Constant(value=float() as value):
            yield ast.Constant(2 * value if value else 1.0)
        case ast.BinOp(left=left, op=op, right=right):
            yield from (ast.BinOp(left, new(), right) for new in OPERATORS.get(type(op), ()))
            yield from {ast.Add: (left, right), ast.Mult: (left, right), ast.Sub: (left,), ast.Div: (left,)}.get(
                type(op), ()
            )
        case ast.Compare(left=left, ops=[op], comparators=right):
            yield from (ast.Compare(left, [new()], right) for new in OPERATORS.get(type(op), ()))
        case ast.BoolOp(op=op, values=values):
            yield from (ast.BoolOp(new(), values) for new in OPERATORS[type(op)])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Call(func=ast.Name("sqrt" | "abs" | "safe_sqrt"), args=[operand]):
            yield operand
        case ast.Attribute(value=value, attr=name) if name in SWAPS:
            yield ast.Attribute(value, SWAPS[name], ast.Load())


def places(node: ast.AST) -> Iterator[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Every node below with what puts another in its place; no messages, annotations, defaults or keywords such as axis."""
    for name, value in ast.iter_fields(node):
        if name in ("returns", "annotation", "decorator_list"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(0, value)]:
            if isinstance(child, ast.AST) and not isinstance(child, LEFT_ALONE):
                put = partial(value.__setitem__, index) if isinstance(value, list) else partial(setattr, node, name)
                yield child, put
                yield from places(child)


def mutants(module: str) -> dict[str, list[Mutant]]:
    """All mutants of a module by function; functions that return Evidence are proofs, and checks of input have tests."""
    tree = ast.parse((ROOT / "theory" / module).read_text(encoding="utf-8"))
    by_function = dict[str, list[Mutant]]()
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns]:
        if "Evidence" in ast.unparse(function.returns or function) or function.name.lstrip("_").startswith("check_"):
            continue
        for child, put in list(places(function)):
            for edit in edits(child):
                old, new, line = ast.unparse(child), ast.unparse(edit), getattr(child, "lineno", function.lineno)
                put(edit)
                mutant = Mutant(module, function.name, line, old, new, ast.unparse(tree))
                put(child)
                by_function.setdefault(function.name, []).append(mutant)
    return by_function


def start(tree: Path, tests: Sequence[str], limit_s: int) -> int:
    """Run the tests in a child process, whose exit status is 0 if all passed; its process id."""
    if child := os.fork():
        return child
    signal.alarm(limit_s)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    os.chdir(tree)
    shutil.rmtree(tree / "numba", ignore_errors=True)  # what Numba compiled for another mutant
    os.environ |= {"NUMBA_CACHE_DIR": str(tree / "numba"), "NUMBA_BOUNDSCHECK": "1"}
    sys.path[0] = str(tree)
    for name in [name for name in sys.modules if name.split(".")[0] in TREE]:
        del sys.modules[name]
    import pytest
    from hypothesis import Phase, settings

    settings.register_profile("mutation", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
    settings.load_profile("mutation")
    os._exit(int(pytest.main(["-x", "-q", "-n", "0", "--assert=plain", "-p", "no:cacheprovider", *tests])))


def outcomes(chosen: Sequence[Mutant], jobs: int) -> Iterator[tuple[Mutant, str]]:
    """(mutant, killed or timeout or SURVIVED) as they end. ValueError where tests fail without any mutant."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        free = [Path(folder) / str(i) for i in range(jobs)]
        for tree in free:
            for name in TREE:
                shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "pyproject.toml", tree)
        tests = list(dict.fromkeys(name for mutant in chosen for name in mutant.tests))
        if os.waitpid(start(free[0], tests, 10 * LIMIT_S), 0)[1]:
            raise ValueError(f"of {' '.join(tests)} some fail without any mutant: mend them first")
        running, waiting = dict[int, tuple[Mutant, Path, str]](), list(reversed(chosen))
        while waiting or running:
            while waiting and free:
                mutant, tree = waiting.pop(), free.pop()
                original = (tree / "theory" / mutant.module).read_text(encoding="utf-8")
                (tree / "theory" / mutant.module).write_text(mutant.source, encoding="utf-8")
                running[start(tree, mutant.tests, LIMIT_S)] = mutant, tree, original
            child, status = os.wait()
            mutant, tree, original = running.pop(child)
            (tree / "theory" / mutant.module).write_text(original, encoding="utf-8")
            free.append(tree)
            if os.waitstatus_to_exitcode(status) > 2:
                raise RuntimeError(f"pytest ended with status {os.WEXITSTATUS(status)}, not by a test, for {mutant}")
            yield mutant, "SURVIVED" if status == 0 else "timeout" if os.WIFSIGNALED(status) else "killed"


def main() -> int:
    """Entry point; exit status 1 where a mutant survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--module", action="append", choices=modules(), help="may be repeated (default: all)")
    for name, default in (("--per-function", 6), ("--jobs", 1), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default, help="%(default)s")
    options = parser.parse_args()
    sys.dont_write_bytecode = True  # two mutants of one length within a second would share a .pyc
    for heavy in ("pytest", "scipy.integrate", "scipy.stats", "sklearn", "sympy", "torch", "z3"):
        __import__(heavy)  # once, not in every child
    random.seed(options.seed)
    by_function = [edited for module in options.module or modules() for edited in mutants(module).values()]
    chosen = [m for edited in by_function for m in random.sample(edited, min(options.per_function, len(edited)))]
    print(f"{len(chosen)} of {sum(map(len, by_function))} mutants of {len(by_function)} functions", flush=True)
    counts: Counter[str] = Counter()
    for mutant, outcome in outcomes(chosen, options.jobs):
        counts[outcome] += 1
        if outcome != "killed":
            print(f"{outcome:<9}{mutant}", flush=True)
    print(", ".join(f"{outcome} {counts[outcome]}" for outcome in ("killed", "timeout", "SURVIVED")))
    return int(counts["SURVIVED"] > 0)


if __name__ == "__main__":
    sys.exit(main())
