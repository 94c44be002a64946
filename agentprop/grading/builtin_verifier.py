"""A problem → an attempt and a verdict, from the statement alone and without a language model.

The verifier reads the statement with the wordings of the whole library as its grammar, so it recovers every number and
the question, whatever skills the problem names. Then it computes the answer by `check`, never by the `solve` that
produced it. `invalid` is said of a contradiction only: the computed answer is another one, a number breaks a skill's
constraints, two meanings have different answers, a composition uses what the statement does not show (`visible`), or
the certificate composes another question. A statement that it cannot read, be it garbled or faithfully put in other
words, contradicts nothing: it is undetermined, whatever certificate comes with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentprop.composition import draft_code
from agentprop.composition import solution as worked
from agentprop.composition.answer_text import TYPES, answer_text
from agentprop.composition.families import family, task
from agentprop.composition.lifted import lifted
from agentprop.composition.reader import read
from agentprop.composition.terms import (
    Apply,
    Count,
    Given,
    Least,
    Printed,
    Program,
    Term,
    Total,
    Variable,
    canonical,
    from_json,
    modules,
    skills,
    walk,
)
from agentprop.grading.claimed_answers import compared_claim
from agentprop.grading.composed_programs import UNSOUND, judge_program, origin
from agentprop.grading.family_problems import judge_family
from agentprop.grading.judgement import Judgement, failure
from agentprop.grading.lifted_programs import judge_lifted
from agentprop.grading.reread import reread
from agentprop.grading.visible import unseen
from agentprop.records import Problem, Solution
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.records import Job
from agentprop.skills import Package
from agentprop.skills import constraints as expressions
from agentprop.skills.values import misfit, parse


async def judge(
    problem: Problem, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
) -> Judgement:
    """Judge a problem: V(q) of the built-in verifier."""
    terms = readings(problem, library)
    if isinstance(terms, Judgement):
        return terms
    found = [await _judge_reading(problem, term, library, tools, executor) for term in terms]
    open_one = next((judgement for judgement in found if judgement.value == "undetermined"), None)
    if open_one is not None or len({judgement.value for judgement in found}) == 1:
        return open_one or found[0]
    return Judgement("invalid", "ambiguous", f"the statement can be read in {len(found)} ways, with different answers")


# --- reading ---


def readings(problem: Problem, library: Mapping[str, Package]) -> list[Term] | Judgement:
    """List the terms that a statement expresses, or judge it if there is none or the certificate's is another one.

    Of several readings, those with a number outside its range are none.
    """
    missing = ", ".join(sorted(set(problem.skills) - set(library)))
    if missing:
        return Judgement("undetermined", "unknown_skill", f"skills that this verifier does not have: {missing}")
    terms = read(problem.statement, library)
    if not terms:
        return Judgement("undetermined", "not_in_grammar", "the statement is not written in the built-in grammar")
    mismatch = _mismatch(problem, terms)
    if mismatch is not None:
        return Judgement("invalid", "mismatch", mismatch)
    violations = [first_violation(term, library) for term in terms]
    fitting = [term for term, violation in zip(terms, violations, strict=True) if violation is None]
    return fitting or Judgement("invalid", "out_of_range", violations[0] or "")


def _mismatch(problem: Problem, terms: Sequence[Term]) -> str | None:
    """Say how the certificate's composition contradicts the statement; None if it does not, or if there is none."""
    claimed = problem.certificate.composition
    if claimed is None:
        return None
    try:
        term = from_json(claimed)
    except ValueError:
        return "the certificate's composition cannot be read"
    if term not in terms and canonical(term) not in map(canonical, terms):
        return "the statement and the certificate's composition differ"
    if set(problem.skills) != set(skills(term)):
        return "the statement does not use the skills the problem names"
    return None


def first_violation(term: Term, library: Mapping[str, Package]) -> str | None:
    """Sentence on the first given outside its range, or constraint among givens that does not hold; None if none."""
    for node in walk(term):
        if isinstance(node, Apply):
            violation = _violation_of_givens(node, library[node.skill])
            if violation is not None:
                return violation
        elif isinstance(node, Least | Total | Count) and not _range_fits(node, library):
            return f"the range of {node.variable} is not what the swept skill takes"
    return None


def _violation_of_givens(node: Apply, package: Package) -> str | None:
    values: dict[str, Any] = {}
    for name, value in node.arguments:
        if isinstance(value, Given):
            values[name] = parse(package.spec.parameters[name], value.text)
            reason = misfit(package.spec.parameters[name], values[name])
            if reason is not None:
                return f"{name} of {node.skill}: {reason}"
    for text in package.spec.constraints:
        if expressions.names(text) <= set(values) and not expressions.holds(text, values):
            return f"{node.skill}: {text} does not hold"
    return None


def _range_fits(node: Least | Total | Count, library: Mapping[str, Package]) -> bool:
    low, high = node.low, node.low if isinstance(node, Least) else node.high
    if low > high:
        return False
    for inner in walk(node):
        if isinstance(inner, Apply):
            for name, value in inner.arguments:
                if value == Variable(node.variable):
                    parameter = library[inner.skill].spec.parameters[name]
                    if misfit(parameter, low) or misfit(parameter, high):
                        return False
    return True


# --- computing ---


async def _judge_reading(
    problem: Problem, term: Term, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
) -> Judgement:
    if isinstance(term, Apply) and (asked := family(term, library)) is not None:
        return await judge_family(problem, term, asked, executor)
    told = task(problem.statement) if isinstance(term, Program) else problem.statement
    hidden = unseen(told, term, library)
    if hidden is not None:
        return Judgement("invalid", "not_visible", hidden)
    judgement = await _computed(problem, term, library, tools, executor)
    if judgement.value != "valid":
        return judgement
    shown = f"{judgement.message}; every given, relation and condition stands in the statement"
    return await reread(problem, term, library, replace(judgement, message=shown))


async def _computed(
    problem: Problem, term: Term, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
) -> Judgement:
    """The judgement of the answer, computed from the term that the statement expresses."""
    if isinstance(term, Program):
        return await judge_program(problem, term, library, tools, executor)
    if (program := lifted(term, library)) is not None:
        return await judge_lifted(problem, program, executor)
    return await _judge_answer(problem, term, library, tools, executor)


async def _judge_answer(
    problem: Problem, term: Term, library: Mapping[str, Package], tools: Mapping[str, str], executor: Executor
) -> Judgement:
    body = term.body if isinstance(term, Printed) else term
    spec = draft_code.output_spec(term, library)
    output = spec.output if spec is not None else None
    quantity = output is not None and output.kind == "quantity"
    unit, figures = (output.unit, output.figures) if output is not None and quantity else (None, None)
    expected_type = TYPES[output.kind] if output is not None else "integer"
    if (problem.answer_type, problem.unit, problem.figures) != (expected_type, unit, figures):
        return Judgement("invalid", "answer_type", f"the statement asks for {expected_type}, not {problem.answer_type}")
    told = _told(problem, term, library)
    code = f"{draft_code.verification(body, library)}\nfound = [answer]\n"
    sources = {**tools, **modules(term, library), **(worked.modules() if told else {})}
    job = Job(code + (worked.tracing(term, library) if told else ""), sources, returns="found")
    result = await executor.run(replace(job, origin=origin(term, library)))
    failed = failure(result)
    if failed is not None:
        return failed
    value, *traced = result.value if isinstance(result.value, list) and result.value else [None]
    try:
        answer = answer_text(value, unit=unit, figures=figures)
    except ValueError as error:
        return Judgement("invalid", "check_fails", str(error), isolation=result.isolation)
    compared = compared_claim(answer, problem)
    if compared.status == "same":
        if told is not None and traced:

            def fault(ending: str) -> str | None:
                return worked.recheck(told, term, library, problem.statement, ending, traced[0])

            # Its last words are the answer, as it was told or as it comes out: 7 may be claimed as 7.0.
            if (wrong := fault(problem.answer)) and fault(answer):
                return Judgement("invalid", "solution", f"{UNSOUND}: {wrong}", answer, result.isolation)
        why = f"the independent check gives the same answer ({compared.rule})"
        return Judgement("valid", "agrees", why, answer, result.isolation)
    if compared.status == "undetermined":
        return Judgement("undetermined", "equivalence", compared.why, answer, result.isolation)
    return Judgement("invalid", "answer_differs", f"the independent check gives {answer}", answer, result.isolation)


def _told(problem: Problem, term: Term, library: Mapping[str, Package]) -> Solution | None:
    """The problem's solution, if its skills are still those that it was written with."""
    solution = problem.solution
    if solution is None or not solution.text or not worked.traceable(term, library):
        return None
    return solution if problem.skill_ids == tuple(library[name].id for name in problem.skills) else None
