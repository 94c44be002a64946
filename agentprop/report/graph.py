"""Pairs of skills → a picture of the skill graph: places on a circle, and lines between what was composed together."""

from __future__ import annotations

import math
from dataclasses import dataclass

from agentprop.report.skills import Grid

MOST = 24
"""Most skills in the picture, those in most good problems."""


@dataclass(frozen=True)
class Picture:
    """Skills on a circle around (0, 0), of radius 1."""

    nodes: tuple[tuple[str, float, float, int], ...]
    """Name, x and y of a skill, and the good problems that compose it with another one."""
    edges: tuple[tuple[int, int, int], ...]
    """Positions of two nodes, and the good problems that compose both."""
    paired: int
    """Number of skills that some good problem composes with another one."""


def picture(grid: Grid) -> Picture:
    """Draw the skills that good problems compose with others, the most used ones, in the order of the grid."""
    pairs = [cell for cell in grid.cells if cell.first != cell.second and cell.covered]
    use: dict[int, int] = {}
    for cell in pairs:
        for skill in (cell.first, cell.second):
            use[skill] = use.get(skill, 0) + cell.covered
    shown = sorted(sorted(use, key=lambda skill: (-use[skill], skill))[:MOST])
    at = {skill: place for place, skill in enumerate(shown)}
    turn = 2 * math.pi / max(len(shown), 1)
    nodes = tuple(
        (grid.skills[skill], round(math.sin(turn * n), 4), round(-math.cos(turn * n), 4), use[skill])
        for n, skill in enumerate(shown)
    )
    edges = tuple((at[c.first], at[c.second], c.covered) for c in pairs if c.first in at and c.second in at)
    return Picture(nodes, edges, len(use))
