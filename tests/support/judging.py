"""Problems → verdicts of the built-in verifier, many at once; and changed problems."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from agentprop.composition.answer_text import answer_text
from agentprop.composition.listing import listing
from agentprop.composition.reader import read
from agentprop.composition.terms import (
    Apply,
    Printed,
    Program,
    Route,
    Term,
    body_data,
    expression,
    from_json,
    imports,
    modules,
)
from agentprop.grading import builtin_verifier as builtin
from agentprop.grading.judgement import Judgement
from agentprop.records import Certificate, Problem
from agentprop.sandbox import Job, Result
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.skills.values import draw


def changed(problem: Problem, **fields: Any) -> Problem:
    """The problem with some fields exchanged and a fresh id."""
    return Problem.model_validate({**problem.model_dump(), **fields, "id": ""})


def unclaimed(problem: Problem, **fields: Any) -> Problem:
    """The same without any certificate, so that the statement decides alone."""
    return changed(problem, certificate=Certificate(form="none"), **fields)


@dataclass(frozen=True)
class Judge:
    """The verifier, and ways to compute an answer that are not the verifier's."""

    library: Mapping[str, Package]
    tools: Mapping[str, str]
    executor: Executor

    def __call__(self, problems: Sequence[Problem]) -> list[Judgement]:
        """Verdicts, in order."""

        async def together() -> list[Judgement]:
            return await asyncio.gather(*(builtin.judge(p, self.library, self.tools, self.executor) for p in problems))

        return asyncio.run(together())

    def one(self, problem: Problem) -> Judgement:
        """The verdict of one problem."""
        return self([problem])[0]

    def survivors(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems that are judged valid."""
        return [p for p, judgement in zip(problems, self(problems), strict=True) if judgement.value == "valid"]

    def read(self, problem: Problem) -> list[Term]:
        """Read the statement over the whole library."""
        return read(problem.statement, self.library)

    def value(self, term: Term, route: Route, names: str = "") -> Result:
        """Compute a term by one route, without any guard."""
        body = term.body if isinstance(term, Printed) else term
        code = f"{imports(body, self.library)}\nfrom fractions import Fraction\nfrom tools import *\n{names}\n"
        code += f"answer = {expression(body, self.library, route)}"
        available = {**self.tools, **modules(body, self.library)}
        return self.executor.sandbox.run_job(Job(code, available, returns="answer"))

    def answer(self, problem: Problem, term: Term) -> str:
        """The answer's text by the route that the verifier does not take."""
        result = self.value(term, "solve")
        assert result.status == "ok", result.error
        return answer_text(result.value, unit=problem.unit, figures=problem.figures)

    def outputs(self, program: str, inputs: Sequence[Any]) -> list[str]:
        """Results of a program's `solve` on many inputs, failures included."""
        code = (
            f"{program}\n\ndef result(item):\n    try:\n        return repr(solve(item))\n"
            f"    except Exception as error:\n        return repr(error)\n\nout = [result(item) for item in {inputs!r}]"
        )
        result = self.executor.sandbox.run_job(Job(code, returns="out", timeout_s=20))
        assert isinstance(result.value, list), result.error
        return result.value

    def data(self, term: Program, count: int) -> list[Any]:
        """Random data for a program."""
        assert isinstance(term.body, Apply)
        node, name = body_data(term.body, self.library)
        parameter = self.library[node.skill].spec.parameters[name]
        drawn: list[Any] = json.loads(json.dumps([draw(parameter, Random(seed)) for seed in range(count)]))
        return drawn

    def solution(self, term: Program) -> str:
        """The program of a term."""
        return listing(term.body, self.library, entry=("solve", term.variable))


def is_composed(problem: Problem) -> bool:
    """True if a problem asks for a program that is composed of skills."""
    composition = problem.certificate.composition
    return problem.answer_type == "program" and composition is not None and isinstance(from_json(composition), Program)
