"""A skill package → every fault that shows when it runs: `solve` compared with `check` on random parameters.

Packages are untrusted, so they run in the sandbox. Their results are compared here, outside of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from statistics import median
from typing import Any

from agentprop.composition import families, objects, suites
from agentprop.composition.ablation import dropped
from agentprop.composition.announced import case_of
from agentprop.composition.answer_text import close
from agentprop.composition.independence import script_faults
from agentprop.composition.reader import read
from agentprop.composition.returned import agrees
from agentprop.composition.skill_runs import TIME_LIMIT_S, Parameters, RepeatedCall, Unsatisfiable, draw_cases, run
from agentprop.composition.solution.trial import trial_faults
from agentprop.composition.suite_building import settings
from agentprop.composition.terms import Apply, Given
from agentprop.composition.writer import Unwritable, write
from agentprop.records.case_text import read_plain
from agentprop.sandbox import UNDECIDED, Job, Sandbox
from agentprop.sandbox.inside.codec import Foreign
from agentprop.skills import OutputKind, Package
from agentprop.skills.values import render

LIMITS_MS = {"solve": (1.0, 5.0), "check": (5.0, 20.0)}
"""Milliseconds of a call before a warning, (median, worst): a slower skill holds up a run of many problems."""
MIN_ACCEPTANCE = 0.05
"""Share of random draws that satisfy the constraints, below which a warning is given."""
ENOUGH = 10
"""Answers needed before one that never changes, or is mostly trivial, counts as a fault and not as chance."""
DROPPED = 5
"""Parameter sets on which the values of `drop` are tried."""
SHOWN = 3
"""Examples shown of one fault."""


@dataclass(frozen=True)
class ValidationReport:
    """Result of validating one package."""

    faults: tuple[str, ...] = ()
    """Reasons why the package cannot be used."""
    warnings: tuple[str, ...] = ()
    """Weaknesses that do not forbid its use."""
    draws: int = 0
    """Parameter sets that solve and check were compared on."""
    refused: int = 0
    """Parameter sets that solve refused with a ValueError."""
    solve_ms: float | None = None
    """Median milliseconds of a call of solve."""
    check_ms: float | None = None
    """Median milliseconds of a call of check."""
    undecided: str | None = None
    """Why nobody knows whether the package holds: the sandbox or its limits ended a run. Also set beside a fault that
    is a time-out, which a busy machine may have caused."""


def validate(package: Package, sandbox: Sandbox, *, draws: int = 40, seed: int = 0) -> ValidationReport:
    """Run a package whose files have no faults. The same seed gives the same draws on every machine."""
    spec, script = package.spec, package.script
    if script is None or spec.output is None:
        return ValidationReport()
    faults = script_faults(script, independent=spec.evidence == "independent")
    if spec.output.kind == "program":
        check = _validate_program if spec.judged is None else _validate_family
        return check(package, faults, sandbox)
    if spec.is_object:
        return _validate_object(package, faults, sandbox, draws, seed)
    try:
        cases, share = draw_cases(spec, draws, Random(f"{seed}/{spec.name}"))
    except Unsatisfiable as problem:
        return ValidationReport(faults=(*faults, f"constraints: {problem}"))
    compared = _compare(package, cases, sandbox)
    few = f"constraints: only {share:.1%} of random draws satisfy them; {MIN_ACCEPTANCE:.0%} is wanted"
    return replace(
        compared,
        faults=(
            *faults,
            *_wording_faults(package, cases[-1], seed),
            *compared.faults,
            *_drop_faults(package, cases[:DROPPED], sandbox),
            *_explanation_faults(package, cases, sandbox),
        ),
        warnings=(*([few] if share < MIN_ACCEPTANCE else []), *compared.warnings),
    )


def _validate_object(
    package: Package, faults: Sequence[str], sandbox: Sandbox, draws: int, seed: int
) -> ValidationReport:
    """Validate an object kind on models that are constructed, for independent draws seldom have an answer."""
    cases = objects.samples(package, draws, seed, sandbox)
    if not cases:
        return ValidationReport(faults=(*faults, f"PORTS: no model was found in {draws} tries"))
    compared = _compare(package, cases, sandbox)
    found = (*faults, *_wording_faults(package, cases[-1], seed), *compared.faults)
    return replace(compared, faults=found)


def _compare(package: Package, cases: Sequence[Parameters], sandbox: Sandbox) -> ValidationReport:
    assert package.script is not None and package.spec.output is not None  # validate() made sure
    kind = package.spec.output.kind
    calls = {name: run(package.script, name, cases, sandbox) for name in ("solve", "check")}
    undecided = _undecided({name: [(call.status, call.error) for call in calls[name]] for name in calls})
    if undecided is not None and undecided[0] != "timeout":
        return ValidationReport(draws=len(cases), undecided=undecided[1])
    faults = [fault for name in calls for fault in _call_faults(name, kind, cases, calls[name])]
    warnings = [warning for name in calls for warning in _time_warnings(name, calls[name])]
    solved, checked = calls["solve"], calls["check"]
    if not any(call.error for call in (*solved, *checked)):
        faults += _disagreements(cases, solved, checked, kind)
        faults += [fault for name in calls for fault in _constant_faults(name, calls[name])]
        warnings += _value_warnings(cases, solved)
    return ValidationReport(
        tuple(faults),
        tuple(warnings),
        len(cases),
        sum(call.refused for call in solved),
        _milliseconds(solved),
        _milliseconds(checked),
        undecided[1] if undecided is not None else None,
    )


def _drop_faults(package: Package, cases: Sequence[Parameters], sandbox: Sandbox) -> Iterator[str]:
    """Faults of `drop`: a value with which `check` fails, so that nobody can tell if the clause does anything."""
    assert package.script is not None  # validate() made sure
    for name, parameter in package.spec.parameters.items():
        if parameter.drop is None:
            continue
        idle = dropped(parameter)
        calls = run(package.script, "check", [{**case, name: idle} for case in cases], sandbox)
        for call in calls:
            if call.error or call.refused:
                yield f"parameters.{name}: check does not accept its `drop`, {idle!r}: {call.error or call.value}"
                break


def _explanation_faults(package: Package, cases: Sequence[Parameters], sandbox: Sandbox) -> list[str]:
    """Faults of `steps` and of the sentences that show them, wherever `solve` answers."""
    script = package.script or ""
    has_steps = re.search(r"^def steps\(", script, re.MULTILINE) is not None
    if not (has_steps or package.spec.explain):
        return []
    solved = run(script, "solve", cases, sandbox)
    answered = [n for n, call in enumerate(solved) if not (call.error or call.refused)]
    kept = [cases[n] for n in answered]
    calls = run(script, "steps", kept, sandbox) if has_steps else [RepeatedCall({}) for _ in kept]
    for case, call in zip(kept, calls, strict=True):
        if call.status in UNDECIDED and call.status != "timeout":
            return []
        if call.error or call.refused or call.otherwise is not None or call.changed:
            told = "changes its arguments" if call.changed else call.error or f"gives {_brief(call.value)}"
            other = f" and another time {_brief(call.otherwise)}" if call.otherwise is not None else ""
            return [f"steps: {told}{other} for {_shown(case)}, which solve answers"]
    values = [solved[n].value for n in answered]
    return _first_few(trial_faults(package, kept, values, [call.value for call in calls]))


def _undecided(ends: Mapping[str, Sequence[tuple[str, str | None]]]) -> tuple[str, str] | None:
    """The first status, and what is told of it, that says nothing about the function it ended; time-outs come last."""
    found = [(status, f"{name}: {error or status}") for name in ends for status, error in ends[name]]
    unclear = sorted((end for end in found if end[0] in UNDECIDED), key=lambda end: end[0] == "timeout")
    return unclear[0] if unclear else None


# --- one function ---


def _call_faults(name: str, kind: OutputKind, cases: Sequence[Parameters], calls: Sequence[RepeatedCall]) -> list[str]:
    pairs = list(zip(cases, calls, strict=True))
    errors = {call.error for call in calls}
    if len(errors) == 1 and None not in errors:
        return [f"{name}: {errors.pop()}"]  # whatever the parameters
    unfit = [(case, call) for case, call in pairs if not (call.error or call.refused or FITS[kind](call.value))]
    wanted = WANTED[kind]
    return [
        *_first_few(f"{name}: {call.error} for {_shown(case)}" for case, call in pairs if call.error),
        *_first_few(f"{name}: gives {_brief(call.value)}, not {wanted}, for {_shown(case)}" for case, call in unfit),
        *_first_few(f"{name}: changes its arguments, as in {_shown(case)}" for case, call in pairs if call.changed),
        *_first_few(
            f"{name}: gives {_brief(call.value)} and another time {_brief(call.otherwise)} for {_shown(case)}"
            for case, call in pairs
            if call.otherwise is not None
        ),
    ]


def _constant_faults(name: str, calls: Sequence[RepeatedCall]) -> Iterator[str]:
    """Fault of a function that never answers, or gives one value for everything, even if both functions agree."""
    answers = [repr(call.value) for call in calls if not call.refused]
    if not answers:
        yield f"{name}: has no answer for any of {len(calls)} draws"
    elif len(answers) >= ENOUGH and len(set(answers)) == 1:
        yield f"{name}: gives {answers[0][:60]} for every one of {len(answers)} draws"


def _time_warnings(name: str, calls: Sequence[RepeatedCall]) -> Iterator[str]:
    usual, worst = LIMITS_MS[name]
    taken = [call.seconds * 1000 for call in calls if not call.error]
    if taken and (median(taken) > usual or max(taken) > worst):
        yield (
            f"{name}: takes {median(taken):.1f} ms and at worst {max(taken):.1f} ms; "
            f"{usual:g} ms and {worst:g} ms keep a large run quick"
        )


def _milliseconds(calls: Sequence[RepeatedCall]) -> float | None:
    taken = [call.seconds * 1000 for call in calls if not call.error]
    return round(median(taken), 3) if taken else None


# --- one against the other ---


def _disagreements(
    cases: Sequence[Parameters], solved: Sequence[RepeatedCall], checked: Sequence[RepeatedCall], kind: OutputKind
) -> list[str]:
    found = []
    for case, solve, check in zip(cases, solved, checked, strict=True):
        if solve.refused != check.refused:
            refusing, other, reason = ("solve", "check", solve) if solve.refused else ("check", "solve", check)
            found.append(f"{refusing} refuses {_shown(case)} ({reason.value}) and {other} does not")
        elif not solve.refused and not _agree(solve.value, check.value, kind):
            found.append(f"solve gives {_brief(solve.value)} and check {_brief(check.value)} for {_shown(case)}")
    return _first_few(found)


def _agree(one: Any, other: Any, kind: OutputKind) -> bool:
    if kind == "rational" and isinstance(one, int | Fraction) and isinstance(other, int | Fraction):
        return one == other
    if kind == "quantity" and isinstance(one, int | float) and isinstance(other, int | float):
        return close(float(one), float(other))
    return close(one, other)


def _value_warnings(cases: Sequence[Parameters], solved: Sequence[RepeatedCall]) -> Iterator[str]:
    answered = [(case, call.value) for case, call in zip(cases, solved, strict=True) if not call.refused]
    plain = sum(type(value) is int and (value in (0, 1) or value in case.values()) for case, value in answered)
    if len(answered) >= ENOUGH and plain > len(answered) / 2:
        yield f"{plain} of {len(answered)} answers are 0, 1 or one of the givens"
    if len(cases) >= ENOUGH and len(answered) < len(cases) / 2:
        missing = len(cases) - len(answered)
        yield f"{missing} of {len(cases)} draws have no answer: narrow the ranges, or add constraints"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_list_of(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and {*map(type, value)} <= set(kinds)


FITS: dict[OutputKind, Callable[[Any], bool]] = {
    "integer": lambda value: type(value) is int,
    "rational": lambda value: type(value) in (int, Fraction),
    "quantity": _is_number,
    "boolean": lambda value: type(value) is bool,
    "list": _is_list_of(int),
    "words": _is_list_of(str),
    "graph": _is_list_of(tuple),
    "string": lambda value: type(value) is str,
    "expression": lambda value: type(value) is str,
}
WANTED: dict[OutputKind, str] = {
    "integer": "an int",
    "rational": "an int or a Fraction",
    "quantity": "a finite float",
    "boolean": "a bool",
    "list": "a list of ints",
    "words": "a list of strings",
    "graph": "a list of edges",
    "string": "a string",
    "expression": "a string",
}


# --- wordings and programs ---


def statement(package: Package, parameters: Parameters, rng: Random) -> str:
    """Write a problem in the package's own wording. Raises Unwritable."""
    return write(_term(package, parameters), {package.name: package}, rng)


def _term(package: Package, parameters: Parameters) -> Apply:
    specs = package.spec.parameters
    return Apply(package.name, tuple((name, Given(render(p, parameters[name]))) for name, p in specs.items()))


def _wording_faults(package: Package, parameters: Parameters, seed: int) -> Iterator[str]:
    """Faults of phrasings: each must be read back to the parameters that it was written with, and to no others."""
    term, phrasings = _term(package, parameters), package.spec.phrasings
    for number, phrasing in enumerate(phrasings):
        if phrasing.text in (other.text for other in phrasings[:number]):
            yield f"phrasings.{number}: repeats an earlier one word for word"
            continue
        alone = replace(package, spec=package.spec.model_copy(update={"phrasings": (phrasing,)}))
        try:
            text = write(term, {package.name: alone}, Random(seed))
        except Unwritable as problem:
            yield f"phrasings.{number}: no statement can be written with it: {problem}"
            continue
        meanings = read(text, {package.name: package})
        if term not in meanings:
            yield f"phrasings.{number}: the parameters cannot be read back from {_brief(text)}"
        elif len(meanings) > 1:
            yield f"phrasings.{number}: {_brief(text)} can be read in {len(meanings)} ways"


def _validate_family(package: Package, faults: Sequence[str], sandbox: Sandbox) -> ValidationReport:
    """Validate a family: every setting has tests, which the reference passes, and every wording is read back.

    How good the tests are is found out when the suite is built.
    """
    found, tests = [*faults], 0
    for values in settings(package):
        stored = suites.setting(package, values)
        if stored is None:
            found.append(f"assets/suite.json: no tests for {_shown(values)}: build the suite")
            continue
        found += _wording_faults(package, values, 0)
        passed = _passed(package, values, stored, sandbox)
        tests += len(passed)
        wrong = [number for number, right in enumerate(passed) if not right]
        found += [f"assets/suite.json: test {number} of {_shown(values)} is not what solve gives" for number in wrong]
    return ValidationReport(tuple(_first_few(found)), draws=tests)


def _passed(package: Package, values: Parameters, stored: suites.Setting, sandbox: Sandbox) -> list[bool]:
    """Whether the reference of a setting gives what each of its tests expects."""
    judged, program = package.spec.judged, families.program(package, values)
    assert judged is not None  # a family
    cases = [case_of(test, families.judging(package, values, stored)) for test in stored.tests]
    if judged.form == "function":
        outcomes = sandbox.call(program, "solve", [given for given, _ in cases], timeout_s=TIME_LIMIT_S)
        pairs = zip(outcomes, cases, strict=True)
        return [outcome.status == "ok" and bool(agrees(outcome.value, expected)) for outcome, (_, expected) in pairs]
    jobs = [Job(program, stdin=str(given[0]), timeout_s=TIME_LIMIT_S) for given, _ in cases]
    printed = [result.stdout.split() for result in sandbox.run_batch(jobs)]
    return [found == str(expected).split() for found, (_, expected) in zip(printed, cases, strict=True)]


def _validate_program(package: Package, faults: Sequence[str], sandbox: Sandbox) -> ValidationReport:
    """Validate a lifted program: it must pass the tests that come with it."""
    spec = package.spec
    try:
        listed = json.loads(spec.tests or "[]")
        tests = [(read_plain(test["arguments"]), read_plain(test["expected"])) for test in listed]
    except (ValueError, TypeError, KeyError) as problem:
        return ValidationReport((*faults, f"tests: cannot be read: {problem}"))
    if not tests or not spec.entry_point:
        return ValidationReport((*faults, "tests: a program needs `entry_point` and `tests`"))
    source, arguments = package.script or "", [case for case, _ in tests]
    outcomes = sandbox.call(source, spec.entry_point, arguments, timeout_s=TIME_LIMIT_S)
    undecided = _undecided({spec.entry_point: [(outcome.status, outcome.error) for outcome in outcomes]})
    if undecided is not None:
        return ValidationReport(tuple(faults), draws=len(tests), undecided=undecided[1])
    failed = (
        f"tests.{number}: {spec.entry_point} gives {_brief(outcome.error or outcome.value)}, not {_brief(expected)}"
        for number, (outcome, (_, expected)) in enumerate(zip(outcomes, tests, strict=True))
        if outcome.status != "ok" or not agrees(outcome.value, expected)
    )
    return ValidationReport((*faults, *_first_few(failed)), draws=len(tests))


# --- telling ---


def _first_few(faults: Iterator[str] | Sequence[str]) -> list[str]:
    found = list(faults)
    rest = len(found) - SHOWN
    return [*found[:SHOWN], f"… and {rest} more like these"] if rest > 0 else found


def _shown(parameters: Parameters) -> str:
    return ", ".join(f"{name}={_brief(value)}" for name, value in parameters.items()) or "no parameters"


def _brief(value: Any) -> str:
    if isinstance(value, Foreign):
        return f"a value of type {value.kind}, which cannot leave the sandbox"
    text = str(value) if isinstance(value, Fraction) else repr(value)
    return text if len(text) <= 120 else f"{text[:117]}…"
