"""A skill package → parameter sets to try, and the results of its functions on them in the sandbox.

`solve` and `check` run in separate processes, and in each the other function does not exist. All run a second time in
the opposite order, to expose values that depend on anything but the parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from agentprop.sandbox import UNDECIDED, CallOutcome, Sandbox
from agentprop.sandbox.records import Status
from agentprop.skills import Spec
from agentprop.skills import constraints as expressions
from agentprop.skills.shared import shared
from agentprop.skills.values import draw

TIME_LIMIT_S = 20.0
"""Time limit in seconds for all calls of one function together."""
TRIES = 2000
"""Random draws after which constraints count as unsatisfiable."""
EDGE_TRIES = 100

Parameters = dict[str, Any]


class Unsatisfiable(ValueError):
    """No random draw met the constraints."""


@dataclass(frozen=True)
class RepeatedCall:
    """Outcome of calling a function twice with the same parameters."""

    value: Any = None
    """The value returned, or the message of a ValueError."""
    refused: bool = False
    """It raised ValueError."""
    changed: bool = False
    """It changed its arguments."""
    seconds: float = 0.0
    """Duration of the quicker of the two calls."""
    error: str | None = None
    """Anything else that happened."""
    status: Status = "ok"
    """How the call ended in the sandbox."""
    otherwise: Any = None
    """Value or error of the second call, if it differs."""


def draw_parameters(
    spec: Spec, rng: Random, tries: int = TRIES, fixed: Mapping[str, Any] | None = None
) -> Parameters | None:
    """Draw parameters that satisfy the constraints, some of them fixed; None if no draw does."""
    for _ in range(tries):
        values = {name: draw(p, rng) for name, p in spec.parameters.items()} | dict(fixed or {})
        if all(expressions.holds(text, values) for text in spec.constraints):
            return values
    return None


def draw_cases(spec: Spec, draws: int, rng: Random) -> tuple[list[Parameters], float]:
    """Draw parameter sets: both ends of every range, then random ones; with the share of draws that were accepted.

    Raises Unsatisfiable if no draw meets them.
    """
    if not spec.parameters:
        return [{}], 1.0
    accepted: list[Parameters] = []
    tried = 0
    while len(accepted) < draws and tried < TRIES * max(1, len(accepted)):
        tried += 1
        values = draw_parameters(spec, rng, 1)
        accepted += [values] if values is not None else []
    if not accepted:
        raise Unsatisfiable(f"none of {tried} random draws satisfies them all")
    ends = [draw_parameters(spec, rng, EDGE_TRIES, {name: end}) for name, end in _ends(spec)]
    return [*(values for values in ends if values is not None), *accepted], len(accepted) / tried


def _ends(spec: Spec) -> Iterator[tuple[str, Any]]:
    """Smallest and largest value of every numeric parameter."""
    for name, p in spec.parameters.items():
        if p.kind == "integer":
            numbers = [value for value in p.values if isinstance(value, int)] or [p.low, p.high]
            yield from ((name, end) for end in (min(numbers), max(numbers)))
        elif p.kind == "decimal":
            yield from ((name, float(end)) for end in (p.min, p.max) if end is not None)


_PROBE = """

def agentprop_probe(parameters, function={function}):
    import copy
    import time
    given = copy.deepcopy(parameters)
    started = time.perf_counter()
    try:
        value, refused = function(**given), False
    except ValueError as problem:
        value, refused = str(problem), True
    return value, refused, given != parameters, time.perf_counter() - started
"""
_OTHER = {"solve": "check", "check": "solve"}


def run(script: str, function: str, cases: Sequence[Parameters], sandbox: Sandbox) -> list[RepeatedCall]:
    """Call `solve`, `check` or `steps` on every case, twice, in two processes."""
    source = script + _PROBE.format(function=function)
    if function in _OTHER:
        source += f"\n\ndel {_OTHER[function]}\n"

    def once(cases: Sequence[Parameters]) -> list[RepeatedCall]:
        arguments = [[case] for case in cases]
        outcomes = sandbox.call(source, "agentprop_probe", arguments, modules=shared(script), timeout_s=TIME_LIMIT_S)
        return [_call(outcome) for outcome in outcomes]

    return [_compared_runs(one, two) for one, two in zip(once(cases), once(cases[::-1])[::-1], strict=True)]


def _call(outcome: CallOutcome) -> RepeatedCall:
    if outcome.status == "ok" and isinstance(outcome.value, tuple) and len(outcome.value) == 4:
        value, refused, changed, seconds = outcome.value
        return RepeatedCall(value, refused is True, changed is True, float(seconds))
    if outcome.status == "timeout":
        return RepeatedCall(error=f"takes too long; all draws together may take {TIME_LIMIT_S:g} s", status="timeout")
    return RepeatedCall(error=outcome.error or outcome.status, status=outcome.status)


def _compared_runs(one: RepeatedCall, two: RepeatedCall) -> RepeatedCall:
    """The first call, with what the second did differently; the second itself, if that ended without a word on it."""
    if one.error is None and two.status in UNDECIDED - {"timeout"}:
        return two
    same = (one.refused, repr(one.value)) == (two.refused, repr(two.value))
    otherwise = None if same or one.error else two.error or two.value
    return RepeatedCall(
        one.value, one.refused, one.changed, min(one.seconds, two.seconds), one.error, one.status, otherwise
    )
