"""Typed values ↔ the text they have in a statement: every kind can be drawn, written, recognised and read back.

Reading is the exact inverse of writing (`parse(p, render(p, v)) == v`), so that a verifier can recover every
number from a statement. Inside `$…$` some kinds are written in LaTeX (`math=True`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any, Literal, NamedTuple

from pydantic import Field, FiniteFloat

from agentprop.records import Part

Kind = Literal[
    "integer", "rational", "decimal", "choice", "string", "list", "words", "point", "points", "matrix", "polynomial",
    "graph",
]  # fmt: skip
Bounds = tuple[int, int]
MAX_BOUND = 10_000
"""Longest list, largest graph, heaviest edge that may be declared."""
TRIALS = 6
"""Values drawn to see whether a declaration can be used."""


class Parameter(Part):
    """What a parameter of a skill may be. Attributes that a kind does not use are refused by `faults`."""

    kind: Kind
    """Kind of the value."""
    min: FiniteFloat | None = None
    """Smallest number (of each element, for lists and matrices)."""
    max: FiniteFloat | None = None
    """Largest number."""
    log: bool = False
    """Draw integers log-uniformly."""
    values: tuple[int | str, ...] = ()
    """The allowed values (integer, choice)."""
    digits: int = 0
    """Digits after the point (decimal)."""
    max_denominator: int = 12
    """Largest denominator (rational)."""
    unit: str | None = None
    """Unit written after the number (decimal)."""
    alphabet: str | None = None
    """Letters (string, words)."""
    length: Bounds | None = None
    """Fewest and most elements."""
    word_length: Bounds | None = None
    """Fewest and most letters of a word (words)."""
    distinct: bool = False
    """All elements differ (list)."""
    sorted: bool = False
    """Elements ascend (list)."""
    style: Literal["list", "set"] = "list"
    """How a list is written."""
    rows: Bounds | None = None
    """Fewest and most rows (matrix)."""
    cols: Bounds | None = None
    """Fewest and most columns (matrix)."""
    square: bool = False
    """As many columns as rows (matrix)."""
    degree: Bounds | None = None
    """Lowest and highest degree (polynomial)."""
    monic: bool = False
    """Leading coefficient 1 (polynomial)."""
    variable: str = "x"
    """Variable (polynomial)."""
    nodes: Bounds | None = None
    """Fewest and most nodes (graph); nodes are 1..n."""
    weights: Bounds | None = None
    """Smallest and largest edge weight (graph)."""
    density: float = 0.4
    """Probability of an edge (graph)."""
    connected: bool = False
    """Every node can be reached from node 1, ignoring directions (graph)."""
    directed: bool = False
    """Edges have a direction (graph)."""
    acyclic: bool = False
    """Edges go from smaller to larger nodes (graph)."""
    symbol: str | None = None
    """Letter used when a sub-problem names the value."""
    role: str | tuple[str, ...] | None = None
    """What the value is in a story."""
    input: bool = Field(default=False)
    """The data a program is given (coding)."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles this parameter can take in a story."""
        if self.role is None:
            return ()
        return (self.role,) if isinstance(self.role, str) else self.role

    @property
    def low(self) -> int:
        """Smallest integer."""
        return math.ceil(self.min if self.min is not None else -(10**9))

    @property
    def high(self) -> int:
        """Largest integer."""
        return math.floor(self.max if self.max is not None else 10**9)


class KindRules(NamedTuple):
    """The behaviour of one kind."""

    required: tuple[str, ...]
    allowed: tuple[str, ...]
    draw: Callable[[Parameter, Random], Any]
    write: Callable[[Parameter, Any, bool], str]
    pattern: Callable[[Parameter, bool], str]
    read: Callable[[Parameter, str, bool], Any]
    misfit: Callable[[Parameter, Any], str | None]


INT = r"-?\d+"


# --- drawing ---


def _draw_integer(p: Parameter, rng: Random) -> int:
    if p.values:
        return int(rng.choice(p.values))
    if p.log and p.low > 0:
        return min(p.high, max(p.low, round(math.exp(rng.uniform(math.log(p.low), math.log(p.high))))))
    return rng.randint(p.low, p.high)


def _draw_rational(p: Parameter, rng: Random) -> Fraction:
    denominator = rng.randint(2, p.max_denominator)
    low, high = math.ceil((p.min or 0) * denominator), math.floor((p.max or 0) * denominator)
    return Fraction(rng.randint(low, high), denominator)


def _draw_decimal(p: Parameter, rng: Random) -> float:
    scale = 10**p.digits
    steps = rng.randint(math.ceil((p.min or 0) * scale), math.floor((p.max or 0) * scale))
    return steps / float(scale)


def _draw_letters(alphabet: str, bounds: Bounds, rng: Random) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(*bounds)))


def _draw_list(p: Parameter, rng: Random) -> list[int]:
    size = rng.randint(*(p.length or (3, 6)))
    if p.distinct:
        values = rng.sample(range(p.low, p.high + 1), min(size, p.high - p.low + 1))
    else:
        values = [rng.randint(p.low, p.high) for _ in range(size)]
    return sorted(values) if p.sorted else values


def _draw_words(p: Parameter, rng: Random) -> list[str]:
    size = rng.randint(*(p.length or (2, 5)))
    return [_draw_letters(p.alphabet or "abc", p.word_length or (1, 4), rng) for _ in range(size)]


def _draw_point(p: Parameter, rng: Random) -> tuple[int, int]:
    return rng.randint(p.low, p.high), rng.randint(p.low, p.high)


def _draw_points(p: Parameter, rng: Random) -> list[tuple[int, int]]:
    size, seen = rng.randint(*(p.length or (3, 5))), dict[tuple[int, int], None]()
    for _ in range(50 * size):
        seen[_draw_point(p, rng)] = None
        if len(seen) == size:
            break
    return list(seen)


def _draw_matrix(p: Parameter, rng: Random) -> list[list[int]]:
    rows = rng.randint(*(p.rows or (2, 3)))
    cols = rows if p.square or p.cols is None else rng.randint(*p.cols)
    return [[rng.randint(p.low, p.high) for _ in range(cols)] for _ in range(rows)]


def _draw_polynomial(p: Parameter, rng: Random) -> list[int]:
    degree = rng.randint(*(p.degree or (2, 3)))
    leading = 1 if p.monic else rng.choice([v for v in range(p.low, p.high + 1) if v])
    return [leading, *(rng.randint(p.low, p.high) for _ in range(degree))]


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


# --- writing ---


def _write_rational(p: Parameter, value: Any, math: bool) -> str:
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator)
    sign, top = ("-" if value < 0 else ""), abs(value.numerator)
    return f"{sign}\\frac{{{top}}}{{{value.denominator}}}" if math else f"{sign}{top}/{value.denominator}"


def _write_decimal(p: Parameter, value: Any, math: bool) -> str:
    text = f"{value:.{p.digits}f}"
    return f"{text} {p.unit}" if p.unit else text


def _write_list(p: Parameter, value: Any, math: bool) -> str:
    inner = ", ".join(map(str, value))
    return f"\\{{{inner}\\}}" if p.style == "set" else f"[{inner}]"


def _write_words(p: Parameter, value: Any, math: bool) -> str:
    return "[" + ", ".join(f'"{word}"' for word in value) + "]"


def _write_points(p: Parameter, value: Any, math: bool) -> str:
    return ", ".join(f"({x}, {y})" for x, y in value)


def _write_matrix(p: Parameter, value: Any, math: bool) -> str:
    rows = r" \\ ".join(" & ".join(map(str, row)) for row in value)
    return f"\\begin{{pmatrix}} {rows} \\end{{pmatrix}}"


def write_polynomial(coefficients: list[int], variable: str = "x") -> str:
    """[1, 0, -4] → `x^2 - 4`; highest degree first."""
    text, top = "", len(coefficients) - 1
    for position, c in enumerate(coefficients):
        power = top - position
        if c == 0 and top > 0:
            continue
        size = "" if abs(c) == 1 and power else str(abs(c))
        term = size + ("" if power == 0 else variable if power == 1 else f"{variable}^{_exponent(power)}")
        text += (" - " if c < 0 else " + ") + term if text else ("-" if c < 0 else "") + term
    return text or "0"


def _exponent(power: int) -> str:
    return str(power) if power < 10 else f"{{{power}}}"


def _write_graph(p: Parameter, value: Any, math: bool) -> str:
    arrow = "->" if p.directed else "-"
    return ", ".join(f"{e[0]}{arrow}{e[1]}" + (f" ({e[2]})" if len(e) > 2 else "") for e in value)


# --- reading ---


def _read_list(p: Parameter, text: str, math: bool) -> list[int]:
    return [int(item) for item in re.findall(INT, text)]


def _read_points(p: Parameter, text: str, math: bool) -> list[tuple[int, int]]:
    return [(int(x), int(y)) for x, y in re.findall(rf"\(({INT}), ({INT})\)", text)]


def _read_rational(p: Parameter, text: str, math: bool) -> Fraction:
    found = re.fullmatch(r"(-?)\\frac\{(\d+)\}\{(\d+)\}", text)
    return Fraction(int(found[1] + found[2]), int(found[3])) if found else Fraction(text)


def _read_decimal(p: Parameter, text: str, math: bool) -> float:
    return float(text.removesuffix(f" {p.unit}") if p.unit else text)


def _read_matrix(p: Parameter, text: str, math: bool) -> list[list[int]]:
    inner = text.removeprefix(r"\begin{pmatrix}").removesuffix(r"\end{pmatrix}")
    return [[int(cell) for cell in row.split("&")] for row in inner.split(r"\\")]


def _read_polynomial(p: Parameter, text: str, math: bool) -> list[int]:
    variable = re.escape(p.variable)
    coefficients: dict[int, int] = {}
    for sign, size, var, power in re.findall(rf"([+-]?) ?(\d*)({variable}(?:\^\{{?(\d+)\}}?)?)?(?: |$)", text + " "):
        if not size and not var:
            continue
        degree = 0 if not var else int(power or 1)
        coefficients[degree] = int(size or 1) * (-1 if sign == "-" else 1)
    return [coefficients.get(d, 0) for d in range(max(coefficients, default=0), -1, -1)]


def _read_graph(p: Parameter, text: str, math: bool) -> list[tuple[int, ...]]:
    found = re.findall(r"(\d+)->?(\d+)(?: \((\d+)\))?", text)
    return [(int(a), int(b), int(w)) if w else (int(a), int(b)) for a, b, w in found]


def _choices(p: Parameter, math: bool) -> str:
    return "|".join(re.escape(str(v)) for v in sorted(p.values, key=lambda v: -len(str(v))))


def _list_pattern(p: Parameter, math: bool) -> str:
    inner = rf"(?:{INT}(?:, {INT})*)?"
    return rf"\\\{{{inner}\\\}}" if p.style == "set" else rf"\[{inner}\]"


def _decimal_pattern(p: Parameter, math: bool) -> str:
    number = r"-?\d+" + (rf"\.\d{{{p.digits}}}" if p.digits else "")
    return number + (f" {re.escape(p.unit)}" if p.unit else "")


def _graph_pattern(p: Parameter, math: bool) -> str:
    edge = r"\d+" + ("->" if p.directed else "-") + r"\d+" + (r" \(\d+\)" if p.weights else "")
    return rf"{edge}(?:, {edge})*"


def _polynomial_pattern(p: Parameter, math: bool) -> str:
    term = rf"(?:\d*{re.escape(p.variable)}(?:\^(?:\d|\{{\d+\}}))?|\d+)"
    return rf"-?{term}(?: [+-] {term})*"


# --- fitting: can a value that another skill supplies stand here? ---


def _misfit_number(p: Parameter, value: Any) -> str | None:
    if p.values and value not in p.values:
        return f"{value} is not one of {', '.join(map(str, p.values))}"
    if p.min is not None and value < p.min:
        return f"{_short(value)} is below {_short(p.min)}"
    if p.max is not None and value > p.max:
        return f"{_short(value)} is above {_short(p.max)}"
    return None


def _short(value: Any) -> str:
    if isinstance(value, int):
        text = str(value) if value.bit_length() < 200 else f"a number of {value.bit_length()} bits"
        return text
    return f"{float(value):.6g}"


def _misfit_integer(p: Parameter, value: Any) -> str | None:
    if type(value) is not int:
        return f"{_short(value)} is not an integer" if isinstance(value, float | Fraction) else "not an integer"
    return _misfit_number(p, value)


def _misfit_rational(p: Parameter, value: Any) -> str | None:
    return _misfit_number(p, value) if isinstance(value, int | Fraction) else "not a rational number"


def _misfit_decimal(p: Parameter, value: Any) -> str | None:
    if not isinstance(value, int | float | Fraction) or not math.isfinite(value):
        return "not a finite number"
    return _misfit_number(p, value)


def _misfit_list(p: Parameter, value: Any) -> str | None:
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        return "not a list of integers"
    if p.distinct and len(set(value)) < len(value):
        return "an element occurs twice"
    if p.sorted and value != sorted(value):
        return "the elements do not ascend"
    return f"{len(value)} elements" if len(value) > 4 * (p.length or (3, 6))[1] else None


def _misfit_points(p: Parameter, value: Any) -> str | None:
    return "a point occurs twice" if len(set(value)) < len(value) else None


def _misfit_matrix(p: Parameter, value: Any) -> str | None:
    if len({len(row) for row in value}) != 1:
        return "the rows differ in length"
    if p.square and len(value) != len(value[0]):
        return "not a square matrix"
    low, high = p.rows or (2, 3)
    return None if low <= len(value) <= high else f"{len(value)} rows"


def _misfit_graph(p: Parameter, value: Any) -> str | None:
    pairs = [edge[:2] if p.directed else tuple(sorted(edge[:2])) for edge in value]
    if any(a == b for a, b in pairs) or len(set(pairs)) < len(pairs):
        return "an edge occurs twice, or leads back to its own node"
    if p.acyclic and any(a > b for a, b in pairs):
        return "an edge leads back to a smaller node"
    return "not connected" if p.connected and not _connected(pairs) else None


def _connected(pairs: list[tuple[int, ...]]) -> bool:
    """Whether the edges reach every node from 1 to the largest."""
    reached, last = {1}, 0
    while last < len(reached):
        last = len(reached)
        reached |= {node for a, b in pairs if reached & {a, b} for node in (a, b)}
    return reached >= set(range(1, max(map(max, pairs), default=1) + 1))


def _misfit_string(p: Parameter, value: Any) -> str | None:
    return None if isinstance(value, str) else "not a string"


def _misfit_any(p: Parameter, value: Any) -> str | None:
    return None


_SCALAR = ("min", "max", "values")
RULES: dict[str, KindRules] = {
    "integer": KindRules(
        (), (*_SCALAR, "log"), _draw_integer, lambda p, v, m: str(v), lambda p, m: INT, lambda p, t, m: int(t),
        _misfit_integer,
    ),
    "rational": KindRules(
        ("min", "max"), ("min", "max", "max_denominator"), _draw_rational, _write_rational,
        lambda p, m: r"-?\\frac\{\d+\}\{\d+\}|-?\d+" if m else r"-?\d+(?:/\d+)?", _read_rational, _misfit_rational,
    ),
    "decimal": KindRules(
        ("min", "max"), ("min", "max", "digits", "unit"), _draw_decimal, _write_decimal, _decimal_pattern,
        _read_decimal, _misfit_decimal,
    ),
    "choice": KindRules(
        ("values",), ("values",), lambda p, rng: str(rng.choice(p.values)), lambda p, v, m: str(v), _choices,
        lambda p, t, m: t, lambda p, v: None if v in p.values else "not one of the choices",
    ),
    "string": KindRules(
        ("alphabet", "length"), ("alphabet", "length"),
        lambda p, rng: _draw_letters(p.alphabet or "a", p.length or (1, 1), rng), lambda p, v, m: f'"{v}"',
        lambda p, m: r'"[^"]*"', lambda p, t, m: t[1:-1], _misfit_string,
    ),
    "list": KindRules(
        ("length", "min", "max"), ("length", "min", "max", "distinct", "sorted", "style"), _draw_list, _write_list,
        _list_pattern, _read_list, _misfit_list,
    ),
    "words": KindRules(
        ("alphabet", "length", "word_length"), ("alphabet", "length", "word_length"), _draw_words, _write_words,
        lambda p, m: r'\[(?:"[^"]*"(?:, "[^"]*")*)?\]', lambda p, t, m: re.findall(r'"([^"]*)"', t), _misfit_any,
    ),
    "point": KindRules(
        ("min", "max"), ("min", "max"), _draw_point, lambda p, v, m: f"({v[0]}, {v[1]})",
        lambda p, m: rf"\({INT}, {INT}\)", lambda p, t, m: _read_points(p, t, m)[0], _misfit_any,
    ),
    "points": KindRules(
        ("length", "min", "max"), ("length", "min", "max"), _draw_points, _write_points,
        lambda p, m: rf"\({INT}, {INT}\)(?:, \({INT}, {INT}\))*", _read_points, _misfit_points,
    ),
    "matrix": KindRules(
        ("rows", "min", "max"), ("rows", "cols", "square", "min", "max"), _draw_matrix, _write_matrix,
        lambda p, m: r"\\begin\{pmatrix\}[-0-9&\\ ]+\\end\{pmatrix\}", _read_matrix, _misfit_matrix,
    ),
    "polynomial": KindRules(
        ("degree", "min", "max"), ("degree", "min", "max", "monic", "variable"), _draw_polynomial,
        lambda p, v, m: write_polynomial(v, p.variable), _polynomial_pattern, _read_polynomial, _misfit_any,
    ),
    "graph": KindRules(
        ("nodes",), ("nodes", "weights", "density", "connected", "directed", "acyclic"), _draw_graph, _write_graph,
        _graph_pattern, _read_graph, _misfit_graph,
    ),
}  # fmt: skip

_COMMON = {"kind", "symbol", "role", "input"}


def draw(p: Parameter, rng: Random) -> Any:
    """A random value of the kind; constraints between parameters are the caller's."""
    return RULES[p.kind].draw(p, rng)


def render(p: Parameter, value: Any, *, math: bool = False) -> str:
    """The text of a value."""
    return RULES[p.kind].write(p, value, math)


def pattern(p: Parameter, *, math: bool = False) -> str:
    """A regular expression (without groups that capture) that every text of the kind matches."""
    return f"(?:{RULES[p.kind].pattern(p, math)})"


def parse(p: Parameter, text: str, *, math: bool = False) -> Any:
    """The value of a text that matches `pattern`. Raises ValueError where it is not the canonical text of its value."""
    value = RULES[p.kind].read(p, text, math)
    if render(p, value, math=math) != text:
        raise ValueError(f"{text!r} is not how {p.kind} values are written")
    return value


def misfit(p: Parameter, value: Any) -> str | None:
    """Why a supplied value cannot stand for the parameter, or None when it can."""
    return RULES[p.kind].misfit(p, value)


def faults(p: Parameter) -> list[str]:
    """What is wrong with a declaration."""
    rules, given = RULES[p.kind], p.model_fields_set - _COMMON
    found = [f"{p.kind} needs `{name}`" for name in rules.required if name not in given]
    found += [f"{p.kind} does not take `{name}`" for name in sorted(given - set(rules.allowed))]
    if p.kind == "integer" and not p.values and not {"min", "max"} <= given:
        found.append("integer needs `min` and `max`, or `values`")
    if p.min is not None and p.max is not None and p.min > p.max:
        found.append(f"min {p.min} is above max {p.max}")
    for name in ("length", "word_length", "rows", "cols", "degree", "nodes", "weights"):
        bounds = getattr(p, name)
        if bounds is not None and not 0 <= bounds[0] <= bounds[1] <= MAX_BOUND:
            found.append(f"`{name}` must be [low, high] with 0 ≤ low ≤ high ≤ {MAX_BOUND}")
    if p.distinct and p.length and p.high - p.low + 1 < p.length[1]:
        found.append("too few numbers between min and max for `distinct`")
    if not 0 <= p.digits <= 12:
        found.append("`digits` must be between 0 and 12")
    return found or _trial_faults(p)


def _trial_faults(p: Parameter) -> list[str]:
    """What goes wrong when values are drawn, written and read back."""
    rng = Random(0)
    try:
        for value in [draw(p, rng) for _ in range(TRIALS)]:
            for math_ in (False, True):
                text = render(p, value, math=math_)
                if not re.fullmatch(pattern(p, math=math_), text) or parse(p, text, math=math_) != value:
                    return [f"{value!r} cannot be read back from {text!r}"]
            if reason := misfit(p, value):
                return [f"draws {value!r}, which does not fit: {reason}"]
    except (ValueError, TypeError, ArithmeticError, LookupError, re.error) as error:
        return [f"no value can be drawn: {error}"]
    return []
