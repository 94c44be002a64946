"""A submission's certificate → the skills that it really calls, or why it computes nothing.

After the run that must reproduce the answer, in the same child of the sandbox, the certificate is run once more with
skills that note their calls, and then with the statement's numbers and strings changed: that is the examination. A
certificate that is generated from its composition, as the built-in proposer's is, computes by construction, so nothing
more is run for it.

Ours: what a certificate must do to count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agentprop.composition import draft_code
from agentprop.composition.grammar import NUMBER
from agentprop.composition.terms import from_json, skills
from agentprop.records import Submission
from agentprop.records.action_text import COMPOSITION
from agentprop.sandbox import OUTSIDE, Job, Result
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package, sources_of

TOOLS = "certificate_tools"
_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty"""
NUMBER_WORDS = dict(zip(_WORDS.split(), map(float, range(21)), strict=True)) | {
    "dozen": 12.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "hundred": 100.0, "thousand": 1000.0,
}  # fmt: skip
"""Numbers that a statement may write as words."""


@dataclass(frozen=True)
class CertificateRefusal:
    """Why a certificate does not count."""

    code: str
    message: str
    unavailable: bool = False
    """The sandbox failed, not the certificate."""


def generated_skills(submission: Submission, active: Mapping[str, Package]) -> tuple[str, ...] | None:
    """The skills of a certificate that is, to the letter, the one of its composition; None if it is not."""
    if submission.composition is None:
        return None
    try:
        term = from_json(submission.composition)
        used = skills(term)
        written = submission.certificate.removeprefix(f"{COMPOSITION}{submission.composition}\n")
        same = set(used) <= set(active) and draft_code.certificate(term, active) == written
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # a model wrote the composition
        return None
    return used if same else None


def examination(
    submission: Submission,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    origin: str | None,
    *,
    changed: bool = True,
) -> Job:
    """The job that runs a certificate with tracing skills and, if `changed`, with other numbers and strings."""
    sources = {**tools, **_traced(active), **modules()}
    source, statement = submission.certificate, submission.statement
    numbers = numbers_of(statement) if changed else []
    code = f"from {TOOLS} import examine\nfound = examine({source!r}, {numbers!r}, {statement!r})"
    return Job(code, sources, "found", origin=origin)


async def called_skills(
    submission: Submission,
    active: Mapping[str, Package],
    tools: Mapping[str, str],
    executor: Executor,
    origin: str | None,
    examined: Result,
) -> tuple[str, ...] | CertificateRefusal:
    """The skills that a certificate calls, the last one first, or why it does not count, by its examination."""
    if examined.status not in OUTSIDE and not examined.has_value:
        # With other numbers it did not even end, which is a difference; what it calls must be known all the same.
        examined = await executor.run(examination(submission, active, tools, origin, changed=False))
    return _judged(submission, active, examined)


def numbers_of(statement: str) -> list[float]:
    """The numbers in a statement, in digits or words, and the share that a percentage means."""
    plain = re.sub(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}\b)", "", statement)
    found = [float(text) for text in NUMBER.findall(plain) if len(text) < 300]
    found += [float(text) / 100 for text in re.findall(r"(\d{1,9}(?:\.\d+)?)\s*(?:\\?%|per ?cent)", plain)]
    found += [NUMBER_WORDS[word] for word in re.findall(r"[a-z]+", statement.lower()) if word in NUMBER_WORDS]
    return list(dict.fromkeys(found))


def _judged(s: Submission, active: Mapping[str, Package], result: Result) -> tuple[str, ...] | CertificateRefusal:
    if result.status in OUTSIDE:
        code = result.status.replace("-", "_")
        return CertificateRefusal(code, result.detail or "the sandbox did not answer", unavailable=True)
    match result.value:
        case (bool(literal), list(imported), list(called), bool(depends)):
            pass
        case _:
            told = result.error or result.detail or result.status
            return CertificateRefusal("certificate_unstable", f"the certificate does not run a second time: {told}")
    if literal:
        return CertificateRefusal(
            "certificate_literal", "the certificate only states the answer: let it compute the answer"
        )
    names = {package.module: name for name, package in active.items()}
    composed = {name for name in _composed(s) if name in active}
    used = tuple(name for name in reversed(called) if name in active)
    missing = sorted(composed - set(used) if used else composed | {names[m] for m in imported if m in names})
    if missing:
        told = f"the certificate names {', '.join(missing)} and does not call {'it' if len(missing) == 1 else 'them'}"
        return CertificateRefusal("skills_not_called", f"{told}: call what you name, or leave it out")
    if not depends:
        told = "the certificate gives the same answer whatever the numbers in the statement are"
        return CertificateRefusal("certificate_independent", f"{told}: compute the answer from these numbers")
    return used


def _composed(s: Submission) -> tuple[str, ...]:
    """The skills of the composition; none if it cannot be read, which is refused elsewhere."""
    try:
        return skills(from_json(s.composition)) if s.composition is not None else ()
    except ValueError:
        return ()


@cache
def modules() -> Mapping[str, str]:
    """Sources of the module that an examination imports, by name."""
    return {TOOLS: files("agentprop.agent").joinpath(f"{TOOLS}.py").read_text(encoding="utf-8")}


def _traced(active: Mapping[str, Package]) -> dict[str, str]:
    """Sources of the skills, with functions that note their calls."""
    noted = {f"skills.{p.module}": f"{p.script}{_TRACE.format(name=name)}" for name, p in active.items() if p.script}
    return {**sources_of(p for p in active.values() if p.script), **noted}


_TRACE = """

from certificate_tools import traced as _traced
for _function in ("solve", "check"):
    if _function in globals():
        globals()[_function] = _traced({name!r}, globals()[_function])
"""
