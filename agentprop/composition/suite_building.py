"""A family package → its suite: few tests that fail every wrong program, and a budget that lets no slow one pass.

The script gives what is needed: `inputs(rng, size)` for the sizes edge, small, medium and large, `fits(*arguments)` for
the limits, `solve`, `check`, wrong programs `wrong_…` and `WRONG` (changes of the text of `solve`), slow ones `slow_…`
and right ones of another style `other_…`; `EQUIVALENT` names the changes of `solve` that change nothing, and why. If
several outputs are right, `accepts` says so of each. All of it runs in the sandbox, for every setting of the
parameters.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from agentprop.composition.families import checker, program
from agentprop.composition.mutants import mutants
from agentprop.composition.output_checker import ACCEPTS, accepted
from agentprop.composition.returned import agrees
from agentprop.composition.suites import TIMES, VERSION, cover
from agentprop.errors import SkillError
from agentprop.records import TestCase
from agentprop.sandbox import CallOutcome, Job, Sandbox
from agentprop.skills import Package
from agentprop.skills import constraints as expressions

SIZES = ("edge", "small", "medium", "large")
SEED = 0
SECONDS = 120.0
BRUTE_TICKS = 300_000
"""What the brute force may use on one input; beyond that it says nothing about it."""
LEAST_CHECKED = 100
"""Fewest inputs on which brute force and reference must agree."""
MUTANT_TIMES, MUTANT_LEAST = 30, 20_000
"""Ticks of a wrong program on an input, in runs of the reference, and at least."""
EXAMPLES = 2
LONGEST_EXAMPLE = 120
"""Characters of the longest example."""
NONSENSE: dict[str, tuple[Any, ...]] = {
    "function": (None, [], (), "", 0, 1.5, [0], [None], [[1, 2]], {"a": 1}, (1, 2), ["x", "y"]),
    "stdio": ("", "x", "1", "1 2 3 4 5 6 7", "1.5 -", "²", "9" * 5000, "0 0 0"),
}
"""Outputs that a checker must refuse, or accept, but not fail on."""


@dataclass(frozen=True)
class SettingReport:
    """What building the suite of one setting showed."""

    parameters: dict[str, Any]
    """The setting."""
    checked: int
    """Inputs on which brute force and reference agree."""
    hand_killed: int
    """Hand-made wrong programs that fail a test."""
    hand: int
    """Hand-made wrong programs."""
    mutants_killed: int
    """Changes of the reference that fail a test."""
    mutants: int
    """Changes of the reference."""
    equivalent: tuple[str, ...]
    """Those that fail none, every one of them explained."""
    ticks: int
    """Budget of a test."""
    slow: dict[str, int]
    """Slow programs and the number of large tests on which each exceeds the budget."""
    other: dict[str, float]
    """Programs of another style and the largest share of the budget that each uses."""


@dataclass(frozen=True)
class BuiltSuite:
    """A suite and how it was found."""

    text: str
    """assets/suite.json."""
    tests: int
    """Tests of the suite, examples included."""
    pool: int
    """Inputs that it was chosen from."""
    reports: tuple[SettingReport, ...]
    """What each setting showed."""


def settings(package: Package) -> Iterator[dict[str, Any]]:
    """Every setting of a family's parameters that keeps the constraints. Raises SkillError if they cannot be listed."""
    lists: list[Sequence[Any]] = []
    for name, parameter in package.spec.parameters.items():
        if not parameter.values:
            raise SkillError(
                f"{package.name}: parameter {name} of a family lists no `values`",
                hint="give few values: every setting has tests of its own",
            )
        lists.append(parameter.values)
    for values in product(*lists):
        found = dict(zip(package.spec.parameters, values, strict=True))
        if all(expressions.holds(text, found) for text in package.spec.constraints):
            yield found


def build(package: Package, sandbox: Sandbox) -> BuiltSuite:
    """Build the suite of a family. Raises SkillError that says what does not hold."""
    family = _Family(package, sandbox)
    pool = family.pool()
    tables = [_Table(family, values, pool) for values in settings(package)]
    chosen = [n for n, one in enumerate(pool) if one.tag in ("edge", "large")]
    sizes = [len(one.test) for one in pool]
    for table in tables:
        chosen = cover(table.kills, sizes, chosen)
    shown = _examples(pool, tables, chosen)
    order = [*shown, *sorted(n for n in chosen if n not in shown)]
    hidden = [n for n in order if n not in shown]
    data = {
        "version": VERSION,
        "inputs": [pool[n].test for n in order],
        "tags": ["example" if n in shown else pool[n].tag for n in order],
        "settings": [table.stored(order, hidden) for table in tables],
    }
    reports = tuple(table.report() for table in tables)
    return BuiltSuite(json.dumps(data, indent=0) + "\n", len(order), len(pool), reports)


def _examples(pool: Sequence[_Input], tables: Sequence[_Table], chosen: Sequence[int]) -> list[int]:
    """The small inputs, none of them a hidden test, that fail most wrong programs together."""
    left = [
        n for n, one in enumerate(pool) if one.tag == "small" and n not in chosen and len(one.test) <= LONGEST_EXAMPLE
    ]
    shown: list[int] = []
    alive = {(number, name) for number, table in enumerate(tables) for name in table.kills}
    while left and len(shown) < EXAMPLES:
        told = {n: {(k, name) for k, name in alive if n in tables[k].kills[name]} for n in left}
        best = max(left, key=lambda n: (len(told[n]), -len(pool[n].test)))
        alive -= told[best]
        left.remove(best)
        shown.append(best)
    return shown


@dataclass(frozen=True)
class _Input:
    """One input of the pool."""

    tag: str
    arguments: tuple[Any, ...]
    test: str
    """Arguments of the test, written."""


@dataclass
class _Family:
    """A package with a place to run its script."""

    package: Package
    sandbox: Sandbox
    script: str = ""
    hand: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Hand-made wrong programs by name: script and function."""
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Changes of the reference, likewise."""

    def __post_init__(self) -> None:
        self.script = self.package.script or ""
        tree = ast.parse(self.script)
        self.functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        self.equivalent: dict[str, str] = _literal(tree, "EQUIVALENT")
        node = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "solve")
        solve = ast.get_source_segment(self.script, node) or ""
        for name, (old, new) in _literal(tree, "WRONG").items():
            if solve.count(old) != 1:
                raise SkillError(f"{self.package.name}: WRONG {name!r}: {old!r} does not stand once in solve")
            self.hand[name] = (self.script.replace(solve, solve.replace(old, new)), "solve")
        self.hand |= {name: (self.script, name) for name in self.named("wrong_")}
        self.changed = {name: (text, "solve") for name, text in mutants(self.script, "solve").items()}

    def named(self, prefix: str) -> list[str]:
        """Functions of the script whose names begin so."""
        return [name for name in self.functions if name.startswith(prefix)]

    def pool(self) -> list[_Input]:
        """Every input that the script generates, once."""
        made = f"{self.script}\n\nfrom random import Random\n"
        made += f"made = {{size: inputs(Random({SEED}), size) for size in {SIZES}}}"
        made += "\nall_fit = all(fits(*one) for ones in made.values() for one in ones)"
        written = "write(*one)" if self._judged.form == "stdio" else "None"
        made += f"\nfound = [(size, one, {written}) for size in made for one in made[size]] if all_fit else None"
        result = self.sandbox.run_job(Job(made, returns="found", timeout_s=SECONDS))
        if not isinstance(result.value, list):
            raise SkillError(f"{self.package.name}: inputs: {result.error or result.detail or 'one breaks the limits'}")
        found: dict[str, _Input] = {}
        for tag, arguments, text in result.value:
            test = json.dumps([text] if text is not None else arguments)  # a judge makes tuples of lists again
            found.setdefault(test, _Input(tag, tuple(arguments), test))
        return list(found.values())

    @property
    def _judged(self) -> Any:
        return self.package.spec.judged

    def call(
        self, source: tuple[str, str], values: Mapping[str, Any], inputs: Sequence[_Input], ticks: int
    ) -> list[CallOutcome]:
        """Call a function on inputs, each within so many ticks."""
        cases = [[*one.arguments, *values.values()] for one in inputs]
        return self.sandbox.call(*source, cases, timeout_s=SECONDS, ticks=ticks)

    def right(
        self,
        values: Mapping[str, Any],
        inputs: Sequence[_Input],
        outcomes: Sequence[CallOutcome],
        wanted: Sequence[Any],
    ) -> list[bool]:
        """Whether each call returned a right value."""
        ended = [n for n, outcome in enumerate(outcomes) if outcome.status == "ok"]
        if ACCEPTS not in self.functions:
            said = [agrees(outcomes[n].value, wanted[n]) for n in ended]
        else:
            fixed = "".join(f", {value!r}" for value in values.values())
            rule = f"def {ACCEPTS}(arguments, found, expected):\n    return rule(*arguments, found, expected{fixed})"
            seen = [(inputs[n].arguments, outcomes[n].value, wanted[n]) for n in ended]
            said = accepted(f"{self.script}\n\nrule = {ACCEPTS}\n\n{rule}\n", seen, self.sandbox, SECONDS)
        sure = {n for n, one in zip(ended, said, strict=True) if one is True}
        return [n in sure for n in range(len(outcomes))]


class _Table:
    """What every program does on every input of the pool, for one setting."""

    def __init__(self, family: _Family, values: dict[str, Any], pool: Sequence[_Input]) -> None:
        self.family, self.values, self.pool = family, values, pool
        self.name = f"{family.package.name} {values}"
        solved = family.call((family.script, "solve"), values, pool, 10**9)
        for one, outcome in zip(pool, solved, strict=True):
            if outcome.status != "ok":
                raise SkillError(f"{self.name}: solve on {one.test[:80]}: {outcome.error}")
        self.expected = [outcome.value for outcome in solved]
        self.large = [n for n, one in enumerate(pool) if one.tag == "large"]
        self.used = [outcome.ticks for outcome in solved]
        self.several = False
        """True if some program returned a right value that is not the reference's."""
        self.checked = self._checked()
        self.program_ticks, self.printed = self._whole_program()
        self.ticks = TIMES * max(self.program_ticks)
        self.kills = self._kills()
        self._explained()

    def _checked(self) -> int:
        """Compare the brute force with the reference wherever it comes to an end."""
        small = [n for n in range(len(self.pool)) if n not in self.large]
        found = self.family.call((self.family.script, "check"), self.values, [self.pool[n] for n in small], BRUTE_TICKS)
        checked = 0
        for number, outcome, right in zip(small, found, self._right(small, found), strict=True):
            if outcome.exception == "OutOfTicks":
                continue
            if not right:
                told = f"check gives {outcome.error or outcome.value}, solve {self.expected[number]}"
                raise SkillError(f"{self.name}: on {self.pool[number].test[:200]} {told}")
            checked += 1
        if checked < LEAST_CHECKED:
            raise SkillError(f"{self.name}: only {checked} inputs are checked by brute force, not {LEAST_CHECKED}")
        return checked

    def _right(self, numbers: Sequence[int], outcomes: Sequence[CallOutcome]) -> list[bool]:
        """Whether each call, on the input of that number, returned a right value."""
        inputs, wanted = [self.pool[n] for n in numbers], [self.expected[n] for n in numbers]
        right = self.family.right(self.values, inputs[: len(outcomes)], outcomes, wanted)
        self.several |= any(
            yes and one.value != value for yes, one, value in zip(right, outcomes, wanted, strict=False)
        )
        return right

    def _whole_program(self) -> tuple[list[int], list[Any]]:
        """Ticks of the reference as a program, and its output, on every large input and on the others of its form."""
        judged = self.family._judged
        source = program(self.family.package, self.values)
        if judged.form == "function":
            return [self.used[n] for n in self.large], self.expected
        ticks = []
        for number in self.large:
            [text] = TestCase(arguments=self.pool[number].test, expected="null").values()[0]
            result = self.family.sandbox.run_job(Job(source, stdin=text, ticks=10**9, timeout_s=SECONDS))
            if result.status != "ok" or result.stdout != _output(self.expected[number]):
                raise SkillError(f"{self.name}: the program on a large input: {result.error or result.stdout[:80]}")
            ticks.append(result.ticks)
        return ticks, [_output(value) for value in self.expected]

    def _kills(self) -> dict[str, set[int]]:
        """The inputs that each wrong program fails; it is tried on the large ones only if it fails no other."""
        rest = [n for n in range(len(self.pool)) if n not in self.large]
        limit = max(MUTANT_LEAST, MUTANT_TIMES * max(self.used[n] for n in rest))
        found: dict[str, set[int]] = {}
        for name, source in (self.family.hand | self.family.changed).items():
            found[name] = self._fails(source, rest, limit) or self._fails(source, self.large, self.ticks)
        return found

    def _fails(self, source: tuple[str, str], numbers: Sequence[int], limit: int) -> set[int]:
        outcomes = self.family.call(source, self.values, [self.pool[n] for n in numbers], limit)
        failed: set[int] = set()
        for number, one, right in zip(numbers, outcomes, self._right(numbers, outcomes), strict=True):
            if not right:
                failed.add(number)
            if one.status not in ("ok", "error"):  # its process has ended, and the rest was never tried
                break
        return failed

    def _explained(self) -> None:
        """Refuse a suite that a wrong idea, an unexplained change or a slow program passes, or a right one does not."""
        alive = [name for name, tests in self.kills.items() if not tests]
        faults = [f"{name} passes every test" for name in alive if name in self.family.hand]
        faults += [
            f"the change {name!r} passes every test and is not in EQUIVALENT"
            for name in alive
            if name in self.family.changed and name not in self.family.equivalent
        ]
        self.alive = tuple(name for name in alive if name in self.family.equivalent)
        self.kills = {name: tests for name, tests in self.kills.items() if tests}
        self.slow = {name: self._over(name) for name in ["check", *self.family.named("slow_")]}
        faults += [f"{name} keeps the budget on every large test" for name, count in self.slow.items() if not count]
        self.other = {name: self._share(name) for name in self.family.named("other_")}
        faults += [f"{name} is wrong, or exceeds the budget" for name, share in self.other.items() if share > 1]
        if len(self.other) < 2:
            faults.append("fewer than two other_… programs")
        faults += self._checker_faults()
        if faults:
            raise SkillError(f"{self.name}: {'; '.join(faults)}")

    def _over(self, name: str) -> int:
        """Large tests on which a slow program exceeds the budget."""
        inputs = [self.pool[n] for n in self.large]
        found = self.family.call((self.family.script, name), self.values, inputs, self.ticks)
        return sum(one.exception == "OutOfTicks" for one in found)

    def _share(self, name: str) -> float:
        """The largest share of the budget that a program uses on any input; infinite if it is wrong on one."""
        found = self.family.call((self.family.script, name), self.values, self.pool, self.ticks)
        if not all(self._right(range(len(self.pool)), found)):
            return float("inf")
        return max(one.ticks for one in found) / self.ticks

    def _checker_faults(self) -> list[str]:
        """What is wrong with the checker that problems of this setting carry, if they carry one."""
        source = checker(self.family.package, self.values)
        if source is None:
            return []
        given = [json.loads(one.test) if self._prints else one.arguments for one in self.pool]
        own = list(zip(given, self.printed, self.printed, strict=True))
        odd = [(given[0], output, self.printed[0]) for output in NONSENSE[self.family._judged.form]]
        said = accepted(source, [*own, *odd], self.family.sandbox, SECONDS)
        faults = ["accepts refuses an output of the reference"] if not all(said[: len(own)]) else []
        silent = [output for (_, output, _), one in zip(odd, said[len(own) :], strict=True) if one is None]
        faults += [f"accepts fails on the output {silent[0]!r}"] if silent else []
        return faults + ([] if self.several else ["no two right outputs were seen: leave `accepts` out"])

    @property
    def _prints(self) -> bool:
        return bool(self.family._judged.form == "stdio")

    def stored(self, order: Sequence[int], hidden: Sequence[int]) -> dict[str, Any]:
        """The part of the suite that is this setting's."""
        return {
            "parameters": self.values,
            "ticks": self.ticks,
            "expected": [json.dumps(self.printed[n]) for n in order],
            "equivalent": list(self.alive),
            "failed": {name: len(tests.intersection(hidden)) for name, tests in self.kills.items()},
        }

    def report(self) -> SettingReport:
        """What was found."""
        hand, changed = self.family.hand, self.family.changed
        return SettingReport(
            self.values,
            self.checked,
            sum(name in self.kills for name in hand),
            len(hand),
            sum(name in self.kills for name in changed),
            len(changed),
            self.alive,
            self.ticks,
            self.slow,
            {name: round(share, 2) for name, share in self.other.items()},
        )


def _output(value: Any) -> str:
    """What the reference prints for a value."""
    return (" ".join(map(str, value)) if isinstance(value, tuple) else str(value)) + "\n"


def _literal(tree: ast.Module, name: str) -> dict[str, Any]:
    """A dictionary that a script assigns; empty if it does not."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [n.id for n in node.targets if isinstance(n, ast.Name)] == [name]:
            found = ast.literal_eval(node.value)
            return found if isinstance(found, dict) else {}
    return {}
