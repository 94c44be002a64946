"""A library → sample values of its skills.

The planner prefers links whose sampled values fit. The same library and seed give the same samples on every machine, so
those of bundled skills are stored beside this file, by the content of the skill; those of others are computed in the
sandbox, once per run. `python -m agentprop.composition.survey` stores them anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from functools import cache
from pathlib import Path
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
STORED = Path(__file__).with_name("survey.json")
"""Samples of the bundled skills with seed 0: id of the skill → values; a fraction is written as `p/q`."""


def library_values(
    library: Mapping[str, Package], sandbox: Callable[[], AbstractContextManager[Sandbox]]
) -> dict[str, list[Any]]:
    """Return what `survey` finds with seed 0; a sandbox is opened only if samples of a skill are not stored."""
    stored = _stored()
    missing = {name: package for name, package in library.items() if package.id not in stored}
    found = {name: stored[package.id] for name, package in library.items() if stored.get(package.id)}
    if missing:
        with sandbox() as opened:
            found |= survey(missing, opened)
    return {name: found[name] for name in library if name in found}


@cache
def _stored() -> Mapping[str, list[Any]]:
    """Values by the id of the skill; none if it supplies neither numbers nor lists."""
    rows = json.loads(STORED.read_text(encoding="utf-8"))
    return {skill: [Fraction(v) if isinstance(v, str) else v for v in values] for skill, values in rows.items()}


def store(library: Mapping[str, Package], sandbox: Sandbox) -> None:
    """Write the samples of a library where `library_values` reads them."""
    values = survey(library, sandbox)
    rows = {
        package.id: [str(v) if isinstance(v, Fraction) else v for v in values.get(name, ())]
        for name, package in sorted(library.items())
    }
    lines = ",\n".join(f"{json.dumps(skill)}: {json.dumps(found)}" for skill, found in rows.items())
    STORED.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def survey(library: Mapping[str, Package], sandbox: Sandbox, seed: int = 0) -> dict[str, list[Any]]:
    """Sample every skill that supplies numbers or lists: name → up to SAMPLES values. Those that fail are left out."""
    planner = Planner(library, links=False)
    names = [
        name
        for name, p in planner.library.items()
        if p.spec.output and p.spec.output.kind in _KINDS and not p.spec.is_object
    ]
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


_KINDS = ("integer", "rational", "quantity", "list")


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
    return Job(code, package.sources, returns="values", origin=origin_of([package]))


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


if __name__ == "__main__":
    from agentprop.skills import load

    with Sandbox(preload=(), slots=1) as sandbox:
        store(load([], bundled=True), sandbox)
