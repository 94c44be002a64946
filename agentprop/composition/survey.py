"""A library → sample values of its skills, computed once per run in the sandbox.

The planner prefers links whose sampled values fit. The same library and seed give the same samples on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.terms import expression
from agentprop.errors import SandboxUnavailable
from agentprop.sandbox import OUTSIDE, Job, Sandbox
from agentprop.skills import Package, origin_of

SAMPLES = 24
MINED_SAMPLES = 4
"""Samples of a mined skill: mined skills are many and alike, and a few values show their size."""
JOBS_PER_FORK = 128


def survey(library: Mapping[str, Package], sandbox: Sandbox, seed: int = 0) -> dict[str, list[Any]]:
    """Sample every skill that can supply a number: name → up to SAMPLES values. Skills that fail are left out."""
    planner = Planner(library, links=False)
    names = [name for name, p in planner.library.items() if p.spec.output and p.spec.output.kind in _KINDS]
    found: dict[str, list[Any]] = {}
    for chunk in _chunks(names, JOBS_PER_FORK):
        jobs = {name: job for name in chunk if (job := _job(name, planner, seed)) is not None}
        for name, result in zip(jobs, sandbox.run_batch(list(jobs.values())), strict=True):
            if result.status in OUTSIDE:
                why = f"the skill {name} could not be tried: {result.detail or result.status}"
                raise SandboxUnavailable(why, hint="run the same command again, when the machine has more to spare")
            if result.status == "ok" and isinstance(result.value, list) and result.value:
                found[name] = result.value
    return found


_KINDS = ("integer", "rational", "quantity")


def _job(name: str, planner: Planner, seed: int) -> Job | None:
    rng, package = Random(f"{seed}/{name}"), planner.library[name]
    try:
        samples = MINED_SAMPLES if package.spec.evidence == "self-consistent" else SAMPLES
        terms = [planner.givens(name, rng) for _ in range(samples)]
    except Impossible:
        return None
    calls = "\n".join(f"    lambda: {expression(term, planner.library, 'solve')}," for term in terms)
    code = (
        f"from fractions import Fraction\nfrom skills import {package.module}\n\nvalues = []\n"
        f"for call in [\n{calls}\n]:\n    try:\n        values.append(call())\n    except ValueError:\n        pass\n"
    )
    modules = {f"skills.{package.module}": package.script or ""}
    return Job(code, modules, returns="values", origin=origin_of([package]))


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
