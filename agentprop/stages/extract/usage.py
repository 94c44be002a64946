"""The packages of an extract run → how many the built-in proposer can pose alone, and how many it can compose."""

from __future__ import annotations

from pathlib import Path

from agentprop.composition.planner import Planner
from agentprop.skills import load

USABLE = "usable by propose"


def usable(skills: Path) -> dict[str, int]:
    """Count the skills by what `propose --skills RUN`, with the bundled library beside them, can do with them."""
    if not skills.is_dir():
        return {"alone": 0, "in compositions": 0}
    own = load([skills], bundled=False)
    planner = Planner({**load([]), **own})
    shapes = {name: set(planner.shapes(name)) for name in own if name in planner.library}
    composed = [name for name, found in shapes.items() if found - {"alone"} or planner.index.out_of.get(name)]
    return {"alone": sum("alone" in found for found in shapes.values()), "in compositions": len(composed)}
