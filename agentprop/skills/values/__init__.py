"""Typed values ↔ the text they have in a statement: every kind can be drawn, written, recognised and read back.

Reading is the exact inverse of writing (`parse(p, render(p, v)) == v`), so that a verifier can recover every
number from a statement. Inside `$…$` some kinds are written in LaTeX (`math=True`).
"""

from __future__ import annotations

from agentprop.skills.values.declarations import faults
from agentprop.skills.values.kinds import draw, misfit, parse, pattern, render, reworded
from agentprop.skills.values.parameter import Parameter
from agentprop.skills.values.polynomials import write_polynomial

__all__ = ["Parameter", "draw", "faults", "misfit", "parse", "pattern", "render", "reworded", "write_polynomial"]
