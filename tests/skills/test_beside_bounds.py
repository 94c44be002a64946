"""Values just outside a skill's bounds, on which guards try whether an answer depends on a value: `solve` must end."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from agentprop.composition.sandbox_tools import varied
from agentprop.composition.skill_runs import draw_parameters
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, load
from agentprop.skills.shared import shared

DRAWS, TICKS = 4, 1_000_000
PROBE = "\n\ndef agentprop_probe(parameters):\n    return solve(**parameters)\n"


def test_no_bundled_skill_runs_without_end_on_values_beside_its_bounds() -> None:
    endless = set()
    with Sandbox(preload=(), slots=1) as sandbox:
        for name, package in load([], bundled=True).items():
            cases = [[case] for case in beside(package)] if package.script else []
            source = (package.script or "") + PROBE
            outcomes = sandbox.call(
                source, "agentprop_probe", cases, modules=shared(package.script or ""), timeout_s=60, ticks=TICKS
            )
            assert len(outcomes) == len(cases)
            endless |= {name for found in outcomes if found.status == "timeout" or "ticks" in (found.error or "")}
    assert not endless


def beside(package: Package) -> Iterator[dict[str, Any]]:
    """Parameters of which one integer lies beside its ends, beside what was drawn, or on another one of them."""
    rng = Random(package.spec.name)
    for _ in range(DRAWS):
        drawn = draw_parameters(package.spec, rng)
        assert drawn is not None
        for name, parameter in package.spec.parameters.items():
            if parameter.kind != "integer" or parameter.min is None or parameter.max is None:
                continue
            low, high = int(parameter.min), int(parameter.max)
            others = [value for other, value in drawn.items() if other != name and type(value) is int]
            near = {int(value) for end in (low, high, drawn[name]) for value in varied(end)}
            yield from ({**drawn, name: value} for value in near | {o for o in others if low - 3 <= o <= high + 3})
