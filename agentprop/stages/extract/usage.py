"""The packages of an extract run → how many the built-in proposer can pose alone, and how many it can compose."""

from __future__ import annotations

from pathlib import Path
from random import Random

from agentprop.composition.planner import Planner
from agentprop.composition.survey import survey
from agentprop.sandbox import Sandbox
from agentprop.skills import load

USABLE = "usable by propose"
ONCE = "with one problem each"
"""Key of the skills with nothing to vary, such as lifted programs: `propose` rejects further ones as duplicates."""


def usable(skills: Path, sandbox: Sandbox) -> dict[str, int]:
    """Count the skills by what `propose --skills RUN`, with the bundled library beside them, can do with them.

    A skill counts as composable if a composition was planned with it; the sandbox samples the values by which.
    """
    if not skills.is_dir():
        return {"alone": 0, "in compositions": 0}
    own = load([skills], bundled=False)
    library = {**load([]), **own}
    planner = Planner(library, survey(library, sandbox, seed=0))
    names = [name for name in own if name in planner.library]
    told = {
        "alone": sum("alone" in planner.shapes(name) for name in names),
        "in compositions": sum(planner.composes(name, Random(name)) for name in names),
    }
    once = planner.once(names)
    return {**told, ONCE: once} if once else told
