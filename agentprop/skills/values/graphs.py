"""Graphs as lists of edges ↔ 1-2, 2-3 (5): drawn, written, read back, and checked against their declaration."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from agentprop.skills.values.parameter import KindRules, Parameter


def _draw_graph(p: Parameter, rng: Random) -> list[tuple[int, ...]]:
    n = rng.randint(*(p.nodes or (4, 6)))
    pairs: dict[tuple[int, int], None] = {}
    if p.connected:
        for node in range(2, n + 1):
            pairs[_oriented(rng.randint(1, node - 1), node, p, rng)] = None
    for a in range(1, n + 1):
        for b in range(a + 1, n + 1):
            if (a, b) not in pairs and (b, a) not in pairs and rng.random() < p.density:
                pairs[_oriented(a, b, p, rng)] = None
    if not pairs:
        pairs[(1, 2)] = None
    edges = sorted(pairs)
    if p.weights:
        return [(a, b, rng.randint(*p.weights)) for a, b in edges]
    return list(edges)


def _oriented(a: int, b: int, p: Parameter, rng: Random) -> tuple[int, int]:
    return (b, a) if p.directed and not p.acyclic and rng.random() < 0.5 else (a, b)


def _write_graph(p: Parameter, value: Any, math: bool) -> str:
    arrow = "->" if p.directed else "-"
    return ", ".join(f"{e[0]}{arrow}{e[1]}" + (f" ({e[2]})" if len(e) > 2 else "") for e in value)


def _read_graph(p: Parameter, text: str, math: bool) -> list[tuple[int, ...]]:
    found = re.findall(r"(\d+)->?(\d+)(?: \((\d+)\))?", text)
    return [(int(a), int(b), int(w)) if w else (int(a), int(b)) for a, b, w in found]


def _graph_pattern(p: Parameter, math: bool) -> str:
    edge = r"\d+" + ("->" if p.directed else "-") + r"\d+" + (r" \(\d+\)" if p.weights else "")
    return rf"{edge}(?:, {edge})*"


def _misfit_graph(p: Parameter, value: Any) -> str | None:
    pairs = [edge[:2] if p.directed else tuple(sorted(edge[:2])) for edge in value]
    if any(a == b for a, b in pairs) or len(set(pairs)) < len(pairs):
        return "an edge occurs twice, or leads back to its own node"
    if any(node < 1 for pair in pairs for node in pair):
        return "nodes are numbered from 1"
    if p.acyclic and any(a > b for a, b in pairs):
        return "an edge leads back to a smaller node"
    return "not connected" if p.connected and not _connected(pairs) else None


def _connected(pairs: list[tuple[int, ...]]) -> bool:
    """True if the edges connect every node from 1 to the largest."""
    reached, last = {1}, 0
    while last < len(reached):
        last = len(reached)
        reached |= {node for a, b in pairs if reached & {a, b} for node in (a, b)}
    return reached >= set(range(1, max(map(max, pairs), default=1) + 1))


RULES = {
    "graph": KindRules(
        ("nodes",),
        ("nodes", "weights", "density", "connected", "directed", "acyclic"),
        _draw_graph,
        _write_graph,
        _graph_pattern,
        _read_graph,
        _misfit_graph,
    ),
}
