"""The claim of a problem written as this library's skills write, by the built-in verifier over the whole library.

The verifier is made for problems of its own proposer. Of a foreign one it can confirm the answer or find another; that
it cannot read the statement, or may not use its numbers, says nothing of the claim.
"""

from __future__ import annotations

from agentprop.answers.reading.extract import final_answer
from agentprop.composition import draft_code
from agentprop.composition.answer_text import TYPES
from agentprop.composition.reader import read
from agentprop.composition.terms import Printed, Program, Term, skills
from agentprop.grading.builtin_verifier import judge
from agentprop.grading.claims.claim import Claim, Means, RouteFinding, undecided
from agentprop.records import Certificate, Evidence, Problem
from agentprop.skills import Package

EVIDENCE: tuple[Evidence, ...] = ("none", "certificate", "self-consistent", "independent")
"""From the weakest."""


async def by_grammar(problem: Problem, claim: Claim, means: Means) -> RouteFinding | None:
    """What the independent check of the skills that a statement names says; None if it cannot be read."""
    library = {name: package for name, package in means.library.items() if package.executable}
    program = problem.answer_type == "program"
    if program and not (problem.answer.strip() and problem.tests):
        return None
    terms = read(problem.statement if program else claim.question, library)
    if len(terms) != 1 or isinstance(terms[0], Program) != program:
        return None
    asked = _asked(problem, claim, terms[0], library)
    found = await judge(asked, library, means.tools, means.executor)
    if found.value == "valid":
        evidence = min((library[name].spec.evidence for name in asked.skills), key=EVIDENCE.index)
        return RouteFinding("valid", found.code, found.message, found.answer, evidence, found.isolation)
    if found.value == "invalid" and found.code == "answer_differs":
        why = f"the statement is read in the library's grammar, and {found.message}; the row says {claim.gold:.80}"
        return RouteFinding("invalid", found.code, why, found.answer, isolation=found.isolation)
    return undecided(found.code, found.message, found.isolation)


def _asked(problem: Problem, claim: Claim, term: Term, library: dict[str, Package]) -> Problem:
    """The problem as the verifier takes it: with the skills that it uses, and the kind of answer that they have."""
    names = tuple(skills(term))
    changed: dict[str, object] = {"id": "", "skills": names, "skill_ids": tuple(library[name].id for name in names)}
    if not isinstance(term, Program):
        body = term.body if isinstance(term, Printed) else term
        spec = draft_code.output_spec(body, library)
        output = spec.output if spec is not None else None
        quantity = output is not None and output.kind == "quantity"
        changed |= {
            "statement": claim.question,
            "answer": final_answer(claim.gold),
            "answer_type": TYPES[output.kind] if output is not None else "integer",
            "unit": output.unit if output is not None and quantity else None,
            "figures": output.figures if output is not None and quantity else None,
        }
    kept = {**problem.model_dump(), "certificate": Certificate(form="none"), **changed}
    return Problem.model_validate(kept)
