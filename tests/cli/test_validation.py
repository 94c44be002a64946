"""Faults that show when a package runs, beyond the table of planted faults."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from agentprop.composition import skill_runs as probe
from agentprop.composition import validation
from agentprop.composition.skill_runs import Unsatisfiable, draw_cases, run
from agentprop.composition.validation import validate
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, parse

FRONT = """---
name: toy
description: A toy. Use in tests.
metadata:
  domain: mathematics
  category: toys
  intent: i
  method: m
  effect: e
  tool: t
  parameters: {parameters}
  constraints: {constraints}
  output: {output}
  phrasings:
    - ask: 'What is the toy of {holes}?'
    - ask: 'Find the toy that {holes} gives.'
---
Body.
"""
LIST = {"parameters": "{xs: {kind: list, length: [3, 6], min: 0, max: 99}}", "holes": "<xs>"}
DECIMAL = {"parameters": "{v: {kind: decimal, min: 1, max: 9, digits: 2}}", "holes": "<v>"}
NUMBER = {"parameters": "{n: {kind: integer, min: 3, max: 90}}", "holes": "<n>"}


def toy(script: str, output: str = "{kind: integer}", constraints: str = "[]", **front: str) -> Package:
    """A package of a few lines."""
    return parse(FRONT.format(output=output, constraints=constraints, **{**NUMBER, **front}), script)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=(), slots=1) as sandbox:
        yield sandbox


SORTS = "def solve(xs):\n    xs.sort()\n    return xs[0]\n\n\ndef check(xs):\n    return min(xs)\n"
NEAR = "def solve(v):\n    return v * 1.5\n\n\ndef check(v):\n    return v * 1.5 * (1 + {error})\n"
PLAIN = "def solve(n):\n    return n * n\n\n\ndef check(n):\n    return sum([n] * n)\n"


def test_changing_the_arguments_is_a_fault(sandbox: Sandbox) -> None:
    faults = validate(toy(SORTS, **LIST), sandbox).faults
    assert faults and all("solve: changes its arguments" in fault or "more like these" in fault for fault in faults)


@pytest.mark.parametrize(("error", "sound"), [("1e-9", True), ("1e-5", False)])
def test_quantities_may_differ_by_a_millionth_of_themselves(error: str, sound: bool, sandbox: Sandbox) -> None:
    package = toy(NEAR.format(error=error), output="{kind: quantity, unit: m}", **DECIMAL)
    assert (validate(package, sandbox).faults == ()) is sound


def test_a_fraction_and_an_integer_of_one_value_agree_where_rationals_are_wanted(sandbox: Sandbox) -> None:
    imports = "from fractions import Fraction\n\n\n"
    script = f"{imports}def solve(n):\n    return n\n\n\ndef check(n):\n    return Fraction(n * n, n)\n"
    assert validate(toy(script, output="{kind: rational}"), sandbox).faults == ()
    assert "not an int" in validate(toy(script), sandbox).faults[0]


def test_an_endless_loop_is_told_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIME_LIMIT_S", 0.5)
    report = validate(toy(PLAIN.replace("return n * n", "while n: pass")), sandbox)
    assert report.faults == ("solve: takes too long; all draws together may take 0.5 s",)


def test_an_endless_loop_for_some_parameters_names_them(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIME_LIMIT_S", 0.5)
    calls = run("def check(n): pass\ndef solve(n):\n    while n == 5: pass\n", "solve", [{"n": 4}, {"n": 5}], sandbox)
    assert [call.error is None for call in calls] == [True, False]


def test_a_slow_function_is_a_warning_and_no_fault(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "LIMITS_MS", {"solve": (1e9, 1e9), "check": (0.0, 0.0)})
    report = validate(toy(PLAIN), sandbox)
    assert report.faults == ()
    assert [warning.partition(":")[0] for warning in report.warnings] == ["check"]


def test_trivial_answers_are_a_warning(sandbox: Sandbox) -> None:
    script = "def solve(n):\n    return n % 2\n\n\ndef check(n):\n    return 1 - (n + 1) % 2\n"
    assert "answers are 0, 1 or one of the givens" in validate(toy(script), sandbox).warnings[0]


def test_refusing_most_parameters_together_is_a_warning(sandbox: Sandbox) -> None:
    lines = "    if n % 7:\n        raise ValueError('no')\n    return n * {}\n"
    script = "def solve(n):\n" + lines.format("n") + "\n\ndef check(n):\n" + lines.format("sum([1] * n)")
    report = validate(toy(script), sandbox)
    assert report.faults == ()
    assert any("draws have no answer" in warning for warning in report.warnings)
    assert report.refused > report.draws / 2


def test_constraints_that_are_rarely_met_are_a_warning(sandbox: Sandbox) -> None:
    front = {"parameters": "{n: {kind: integer, min: 3, max: 9000}}"}
    report = validate(toy(PLAIN, constraints="['n % 97 == 0']", **front), sandbox, draws=5)
    assert report.faults == ()
    assert "of random draws satisfy them" in report.warnings[0]


def test_constraints_that_are_never_met_are_refused() -> None:
    package = toy(PLAIN, constraints="['n > 90']")
    with pytest.raises(Unsatisfiable, match="none of 2000 random draws"):
        draw_cases(package.spec, 5, Random(0))


def test_the_ends_of_every_range_are_tried() -> None:
    cases, share = draw_cases(toy(PLAIN).spec, 10, Random(0))
    assert [case["n"] for case in cases[:2]] == [3, 90]
    assert (len(cases), share) == (12, 1.0)


def test_a_seed_determines_the_draws(sandbox: Sandbox) -> None:
    package = toy(PLAIN.replace("sum([n] * n)", "sum([n] * n) + (n > 80)"))
    one, again, other = (validate(package, sandbox, seed=seed).faults for seed in (1, 1, 2))
    assert one == again != other


def test_a_value_that_cannot_leave_the_sandbox_is_a_fault(sandbox: Sandbox) -> None:
    faults = validate(toy(PLAIN.replace("return n * n", "return object()")), sandbox).faults
    assert "cannot leave the sandbox" in faults[0]


def test_a_package_without_a_script_has_nothing_to_run(sandbox: Sandbox) -> None:
    package = toy(PLAIN)
    prose = Package(package.spec.model_copy(update={"output": None}), package.skill_md, None)
    assert validate(prose, sandbox) == validation.ValidationReport()


def lifted(expected: str, source: str = "return n + 1") -> Package:
    """A program lifted from a corpus, with one test."""
    script = f"def succ(n):\n    {source}\n\n\ndef solve(arguments):\n    return succ(*arguments)\n\n\ncheck = solve\n"
    package = toy(PLAIN)
    tests = f'[{{"arguments": "[1]", "expected": "2"}}, {{"arguments": "[4]", "expected": "{expected}"}}]'
    output = package.spec.output
    assert output is not None
    program = {"evidence": "self-consistent", "entry_point": "succ", "tests": tests, "parameters": {}}
    spec = package.spec.model_copy(update={**program, "output": output.model_copy(update={"kind": "program"})})
    return Package(spec, package.skill_md, script)


def test_a_lifted_program_must_pass_its_tests(sandbox: Sandbox) -> None:
    assert validate(lifted("5"), sandbox).faults == ()
    assert validate(lifted("6"), sandbox).faults == ("tests.1: succ gives 5, not 6",)
    assert "RuntimeError" in validate(lifted("5", "raise RuntimeError('no')"), sandbox).faults[0]


EXPLAINED = """---
name: toy
description: A toy. Use in tests.
metadata:
  domain: mathematics
  category: toys
  intent: i
  method: m
  effect: e
  tool: t
  parameters: {n: {kind: integer, min: 3, max: 90}}
  output: {kind: integer}
  phrasings:
    - ask: 'What is the toy of <n>?'
    - ask: 'Find the toy that <n> gives.'
  explain:
    - 'Twice the number is $2 \\cdot <n> = <twice>$.'
    - 'The square follows: $<n> \\cdot <twice> / 2 = <value>$.'
---
Body.
"""
STEPS = "\n\ndef steps(n):\n    return {'twice': 2 * n}\n"


def test_an_explanation_is_tried_with_numbers(sandbox: Sandbox) -> None:
    assert validate(parse(EXPLAINED, PLAIN + STEPS), sandbox, draws=6).faults == ()


@pytest.mark.parametrize(
    ("text", "steps", "fault"),
    [
        (EXPLAINED, STEPS.replace("2 * n", "3 * n"), "explain.0: 2 \\cdot"),
        (EXPLAINED.replace("/ 2", "/ 4"), STEPS, "explain.1:"),
        (EXPLAINED, STEPS.replace("2 * n", "None"), "which no sentence can show"),
        (EXPLAINED, STEPS.replace("return", "return 1 or"), "must return a dict"),
        (EXPLAINED, STEPS.replace("{'twice': 2 * n}", "dict(thrice=3 * n)"), "unknown <twice>"),
        (EXPLAINED, STEPS.replace("return", "return {'a' * n: n} or"), "unknown <twice>"),
        (
            EXPLAINED,
            STEPS.replace("    return", "    if n > 40:\n        raise ValueError('too large')\n    return"),
            "steps:",
        ),
    ],
)
def test_an_explanation_that_does_not_hold_is_a_fault(sandbox: Sandbox, text: str, steps: str, fault: str) -> None:
    found = validate(parse(text, PLAIN + steps), sandbox, draws=6).faults
    assert any(fault in line for line in found), found
