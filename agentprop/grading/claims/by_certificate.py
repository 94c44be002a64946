"""The claim that a row's program makes, by running the program in the sandbox and comparing what it gives.

A program is Python that defines `solution()` or `solve()` without arguments, assigns `answer` (or `result`, `ans`) or
prints; prose that stands in such a field is none. It runs as its author's code, in a process of its own. That it gives
the answer shows that the row agrees with itself, and not that the program is what the question asks.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass

from agentprop.answers.equivalence import equivalent
from agentprop.grading.claims.claim import Claim, Means, RouteFinding, undecided
from agentprop.grading.claims.numbers import same_when_rounded
from agentprop.portable import parse_python
from agentprop.records import Problem
from agentprop.sandbox.records import UNDECIDED, Job, Result
from agentprop.sandbox.verify import says_nothing

FUNCTIONS = ("solution", "solve", "simple_math_problem", "main")
"""Functions that give the answer."""
NAMES = ("answer", "result", "ans")
"""Variables that hold the answer."""
HOLDER = "_agentprop_text"


async def by_certificate(problem: Problem, claim: Claim, means: Means) -> RouteFinding | None:
    """Whether the row's program gives the row's answer; None for a row without one."""
    if not claim.gold or problem.answer_type == "program":
        return None
    last: RouteFinding | None = None
    for text in claim.programs:
        certificate = certificate_of(text)
        if certificate is not None:
            last = _found(await means.executor.run(certificate.job()), certificate, claim, problem)
            if last.value != "undetermined":
                return last
    return last


@dataclass(frozen=True)
class AnswerProgram:
    """A program that computes an answer."""

    source: str
    """Its Python."""
    expression: str
    """What the answer is once it ran; nothing means what it prints."""

    def job(self) -> Job:
        """The program, with its answer as text."""
        if not self.expression:
            return Job(self.source)
        return Job(f"{self.source}\n\n{HOLDER} = str({self.expression})\n", returns=HOLDER)


def certificate_of(text: str) -> AnswerProgram | None:
    """The program that a text is; None for prose, and for code that leaves no answer.

    >>> certificate_of("def solution():\\n    return 6 * 7").expression
    'solution()'
    >>> certificate_of("x = 6\\nanswer = x * 7").expression
    'answer'
    >>> certificate_of("Multiply 6 by 7.") is None
    True
    """
    source = _unfenced(text)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = parse_python(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    functions = {one.name: one.args for one in tree.body if isinstance(one, ast.FunctionDef)}
    for name in FUNCTIONS:
        if name in functions and not _needed(functions[name]):
            return AnswerProgram(source, f"{name}()")
    assigned = {target.id for one in tree.body for target in _targets(one) if isinstance(target, ast.Name)}
    for name in NAMES:
        if name in assigned:
            return AnswerProgram(source, name)
    prints = any(isinstance(one, ast.Call) and _is_print(one.func) for one in ast.walk(tree))
    return AnswerProgram(source, "") if prints else None


def _unfenced(text: str) -> str:
    """The code between fences, if there are any."""
    parts = text.split("```")
    return parts[1].removeprefix("python").removeprefix("py").strip() if len(parts) == 3 else text.strip()


def _needed(arguments: ast.arguments) -> int:
    return len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign | ast.AugAssign) else []


def _is_print(function: ast.expr) -> bool:
    return isinstance(function, ast.Name) and function.id == "print"


def _found(result: Result, certificate: AnswerProgram, claim: Claim, problem: Problem) -> RouteFinding:
    """What a run of a program says of the answer."""
    if result.status in UNDECIDED:
        why = f"the row's program ended without an answer: {result.detail or result.status}"
        return undecided(f"certificate_{result.status.replace('-', '_')}", why, result.isolation)
    if result.status != "ok":
        told = result.error or result.detail or result.status
        why = says_nothing(result.status, result.error or result.detail) or told
        return undecided("certificate_fails", f"the row's program fails: {why}", result.isolation)
    value = _value(result, certificate)
    if not value:
        return undecided("certificate_fails", "the row's program gives nothing", result.isolation)
    if same_when_rounded(value, claim.gold):
        return _agrees(value, result)
    compared = equivalent(gold=claim.gold, pred=value, unit=problem.unit, question=claim.question)
    if compared.status == "same":
        return _agrees(value, result)
    if compared.status == "undetermined" or not claim.named:
        why = f"the row's program gives {value:.80}, which is not shown to be its answer: {compared.why}"
        return undecided("certificate_unclear", why, result.isolation)
    why = f"the row's own program gives {value:.80}, and its answer is {claim.gold:.80}"
    return RouteFinding("invalid", "certificate_differs", why, value, isolation=result.isolation)


def _value(result: Result, certificate: AnswerProgram) -> str:
    if certificate.expression:
        return str(result.value).strip() if result.has_value and result.value != "None" else ""
    return next((line.strip() for line in reversed(result.stdout.splitlines()) if line.strip()), "")


def _agrees(value: str, result: Result) -> RouteFinding:
    why = "the row's own program gives its answer"
    return RouteFinding("valid", "certificate_agrees", why, value, "certificate", result.isolation)
