"""Lists of integers, points and matrices: drawn, written, read back, and checked for their shape."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from agentprop.skills.values.parameter import INT, KindRules, Parameter


def _draw_list(p: Parameter, rng: Random) -> list[int]:
    size = rng.randint(*(p.length or (3, 6)))
    if p.distinct:
        values = rng.sample(range(p.low, p.high + 1), min(size, p.high - p.low + 1))
    else:
        values = [rng.randint(p.low, p.high) for _ in range(size)]
    return sorted(values) if p.sorted else values


def _write_list(p: Parameter, value: Any, math: bool) -> str:
    inner = ", ".join(map(str, value))
    return f"\\{{{inner}\\}}" if p.style == "set" else f"[{inner}]"


def _read_list(p: Parameter, text: str, math: bool) -> list[int]:
    return [int(item) for item in re.findall(INT, text)]


def _list_pattern(p: Parameter, math: bool) -> str:
    inner = rf"(?:{INT}(?:, {INT})*)?"
    return rf"\\\{{{inner}\\\}}" if p.style == "set" else rf"\[{inner}\]"


def _misfit_list(p: Parameter, value: Any) -> str | None:
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        return "not a list of integers"
    if p.distinct and len(set(value)) < len(value):
        return "an element occurs twice"
    if p.sorted and value != sorted(value):
        return "the elements do not ascend"
    return f"{len(value)} elements" if len(value) > 4 * (p.length or (3, 6))[1] else None


def _draw_point(p: Parameter, rng: Random) -> tuple[int, int]:
    return rng.randint(p.low, p.high), rng.randint(p.low, p.high)


def _draw_points(p: Parameter, rng: Random) -> list[tuple[int, int]]:
    size, seen = rng.randint(*(p.length or (3, 5))), dict[tuple[int, int], None]()
    for _ in range(50 * size):
        seen[_draw_point(p, rng)] = None
        if len(seen) == size:
            break
    return list(seen)


def _write_points(p: Parameter, value: Any, math: bool) -> str:
    return ", ".join(f"({x}, {y})" for x, y in value)


def _read_points(p: Parameter, text: str, math: bool) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(rf"\(({INT}), ({INT})\)", text)]


def _misfit_points(p: Parameter, value: Any) -> str | None:
    return "a point occurs twice" if len(set(value)) < len(value) else None


def _draw_matrix(p: Parameter, rng: Random) -> list[list[int]]:
    rows = rng.randint(*(p.rows or (2, 3)))
    cols = rows if p.square or p.cols is None else rng.randint(*p.cols)
    return [[rng.randint(p.low, p.high) for _ in range(cols)] for _ in range(rows)]


def _write_matrix(p: Parameter, value: Any, math: bool) -> str:
    rows = r" \\ ".join(" & ".join(map(str, row)) for row in value)
    return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}"


def _read_matrix(p: Parameter, text: str, math: bool) -> list[list[int]]:
    inner = text.removeprefix(r"\begin{pmatrix}").removesuffix(r"\end{pmatrix}")
    return [[int(cell) for cell in row.split("&")] for row in inner.split(r"\\")]


def _misfit_matrix(p: Parameter, value: Any) -> str | None:
    if len({len(row) for row in value}) != 1:
        return "the rows differ in length"
    if p.square and len(value) != len(value[0]):
        return "not a square matrix"
    low, high = p.rows or (2, 3)
    return None if low <= len(value) <= high else f"{len(value)} rows"


RULES = {
    "list": KindRules(
        ("length", "min", "max"),
        ("length", "min", "max", "distinct", "sorted", "style"),
        _draw_list,
        _write_list,
        _list_pattern,
        _read_list,
        _misfit_list,
    ),
    "point": KindRules(
        ("min", "max"),
        ("min", "max"),
        _draw_point,
        lambda p, v, m: f"({v[0]}, {v[1]})",
        lambda p, m: rf"\({INT}, {INT}\)",
        lambda p, t, m: _read_points(p, t, m)[0],
        lambda p, v: None,
    ),
    "points": KindRules(
        ("length", "min", "max"),
        ("length", "min", "max"),
        _draw_points,
        _write_points,
        lambda p, m: rf"\({INT}, {INT}\)(?:, \({INT}, {INT}\))*",
        _read_points,
        _misfit_points,
    ),
    "matrix": KindRules(
        ("rows", "min", "max"),
        ("rows", "cols", "square", "min", "max"),
        _draw_matrix,
        _write_matrix,
        lambda p, m: r"\\begin\{pmatrix\}[-0-9&\\ ]+\\end\{pmatrix\}",
        _read_matrix,
        _misfit_matrix,
    ),
}
