"""Points, lines and circles by their coordinates and equations, and formulas of solids and triangles."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from agentprop.extraction.mining.question.kernel.exact import PI, absolute, div, sqrt
from agentprop.extraction.mining.question.kernel.limits import Undefined
from agentprop.extraction.mining.question.kernel.plain import plain_div, plain_root
from agentprop.extraction.mining.question.kernel.polynomials import polynomial_of

Point = Sequence[Any]


def same_length(p: Point, q: Point) -> None:
    """Points of one space."""
    if len(p) != len(q):
        raise Undefined("points of different spaces")


def distance(p: Point, q: Point) -> Any:
    """The distance of two points."""
    same_length(p, q)
    return sqrt(sum((a - b) * (a - b) for a, b in zip(p, q, strict=True)))


def plain_distance(p: Point, q: Point) -> Any:
    """The same by the library's function."""
    same_length(p, q)
    return math.dist([float(one) for one in p], [float(one) for one in q])


def midpoint(p: Point, q: Point) -> tuple[Any, ...]:
    """The point halfway."""
    same_length(p, q)
    return tuple(div(a + b, 2) for a, b in zip(p, q, strict=True))


def plain_midpoint(p: Point, q: Point) -> tuple[Any, ...]:
    """The same as half the way from the first point."""
    same_length(p, q)
    return tuple(a + plain_div(b - a, 2) for a, b in zip(p, q, strict=True))


def other_end(p: Point, middle: Point) -> tuple[Any, ...]:
    """The end of a segment from the other end and the midpoint."""
    same_length(p, middle)
    return tuple(2 * m - a for a, m in zip(p, middle, strict=True))


def plain_other_end(p: Point, middle: Point) -> tuple[Any, ...]:
    """The same: as far beyond the midpoint."""
    return tuple(m + (m - a) for a, m in zip(p, middle, strict=True))


def slope(p: Point, q: Point) -> Any:
    """The slope of the line through two points."""
    return div(q[1] - p[1], q[0] - p[0])


def plain_slope(p: Point, q: Point) -> Any:
    """The same by the angle's tangent."""
    if q[0] == p[0]:
        raise Undefined("a vertical line")
    return math.tan(math.atan2(float(q[1] - p[1]), float(q[0] - p[0])))


def part(values: Sequence[Any], place: int) -> Any:
    """A coordinate, counted from one."""
    if not 1 <= place <= len(values):
        raise Undefined("no such coordinate")
    return values[place - 1]


def shoelace(points: Sequence[Point]) -> Any:
    """The area of a polygon from its corners in order."""
    if len(points) < 3:
        raise Undefined("no polygon")
    total: Any = 0
    for (a, b), (c, d) in zip(points, [*points[1:], points[0]], strict=True):
        total = total + a * d - b * c
    return div(absolute(total), 2)


def plain_shoelace(points: Sequence[Point]) -> float:
    """The same as a fan of triangles by Heron's formula; for convex polygons."""
    total = 0.0
    for p, q in itertools.pairwise(points):
        total += heron_float(plain_distance(points[0], p), plain_distance(p, q), plain_distance(points[0], q))
    return total


def heron_float(a: Any, b: Any, c: Any) -> float:
    """A triangle's area from its sides, 0 for flat ones."""
    s = (a + b + c) / 2
    return math.sqrt(max(0.0, s * (s - a) * (s - b) * (s - c)))


def heron(a: Any, b: Any, c: Any) -> Any:
    """A triangle's area from its sides."""
    if not (a + b > c and a + c > b and b + c > a):
        raise Undefined("no triangle")
    s = div(a + b + c, 2)
    return sqrt(s * (s - a) * (s - b) * (s - c))


def plain_heron(a: Any, b: Any, c: Any) -> float:
    """The same by the law of cosines."""
    if not (a + b > c and a + c > b and b + c > a):
        raise Undefined("no triangle")
    cosine = plain_div(a * a + b * b - c * c, 2 * a * b)
    return float(a * b) * math.sqrt(1 - float(cosine) ** 2) / 2


# --- conics given by an equation: function(x, y) = 0 ---


def quadratic_parts(function: Callable[..., Any]) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Coefficients of x², xy, y², x, y, 1. Raises Undefined for curves of another sort."""
    found = polynomial_of(2, function)
    keys = [((0, 2),), ((0, 1), (1, 1)), ((1, 2),), ((0, 1),), ((1, 1),), ()]
    if set(found) - set(keys):
        raise Undefined("no conic")
    a, b, c, d, e, f = (found.get(key, 0) for key in keys)
    return a, b, c, d, e, f


def circle(function: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """(x of the centre, y of it, square of the radius)."""
    a, b, c, d, e, f = quadratic_parts(function)
    if a != c or b != 0 or a == 0:
        raise Undefined("no circle")
    x, y = div(-d, 2 * a), div(-e, 2 * a)
    square = x * x + y * y - div(f, a)
    if square <= 0:
        raise Undefined("no circle")
    return x, y, square


def plain_circle(function: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """The same from values: the centre is where both slopes vanish."""
    scale = plain_div(function(1, 0) + function(-1, 0), 2) - function(0, 0)
    if scale == 0:
        raise Undefined("no circle")
    x = plain_div(function(-1, 0) - function(1, 0), 4 * scale)
    y = plain_div(function(0, -1) - function(0, 1), 4 * scale)
    return x, y, plain_div(-function(x, y), scale)


def circle_centre(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The centre of a circle."""
    return circle(function)[:2]


def plain_circle_centre(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The centre of a circle."""
    return plain_circle(function)[:2]


def circle_radius(function: Callable[..., Any]) -> Any:
    """The radius of a circle."""
    return sqrt(circle(function)[2])


def plain_circle_radius(function: Callable[..., Any]) -> Any:
    """The radius of a circle."""
    return plain_root(plain_circle(function)[2], 2)


def circle_area(function: Callable[..., Any]) -> Any:
    """The area of a circle."""
    return PI * circle(function)[2]


def plain_circle_area(function: Callable[..., Any]) -> float:
    """The area of a circle."""
    return math.pi * float(plain_circle(function)[2])


def conic_centre(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The centre of an ellipse or hyperbola along the axes."""
    a, b, c, d, e, _ = quadratic_parts(function)
    if b != 0 or a == 0 or c == 0:
        raise Undefined("no such conic")
    return div(-d, 2 * a), div(-e, 2 * c)


def plain_conic_centre(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The same from values."""
    middle = function(0, 0)
    a = plain_div(function(1, 0) + function(-1, 0), 2) - middle
    c = plain_div(function(0, 1) + function(0, -1), 2) - middle
    x = plain_div(function(-1, 0) - function(1, 0), 4 * a)
    return x, plain_div(function(0, -1) - function(0, 1), 4 * c)


def conic_squares(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The squares of both half axes, negative for the one that a hyperbola does not meet."""
    a, b, c, d, e, f = quadratic_parts(function)
    if b != 0 or a == 0 or c == 0:
        raise Undefined("no such conic")
    level = div(d * d, 4 * a) + div(e * e, 4 * c) - f
    return div(level, a), div(level, c)


def plain_conic_squares(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The same from values."""
    x, y = plain_conic_centre(function)
    low, middle = function(x, y), function(0, 0)
    a = plain_div(function(1, 0) + function(-1, 0), 2) - middle
    c = plain_div(function(0, 1) + function(0, -1), 2) - middle
    return plain_div(-low, a), plain_div(-low, c)


def focal_distance(function: Callable[..., Any]) -> Any:
    """The distance of the foci of an ellipse or a hyperbola."""
    first, second = conic_squares(function)
    return 2 * sqrt(absolute(first - second))


def plain_focal_distance(function: Callable[..., Any]) -> Any:
    """The same."""
    first, second = plain_conic_squares(function)
    return 2 * math.sqrt(abs(float(first) - float(second)))


def long_axis(function: Callable[..., Any]) -> Any:
    """The length of the major axis of an ellipse."""
    return 2 * sqrt(max(ellipse_squares(conic_squares(function))))


def plain_long_axis(function: Callable[..., Any]) -> Any:
    """The same."""
    return 2 * math.sqrt(float(max(ellipse_squares(plain_conic_squares(function)))))


def short_axis(function: Callable[..., Any]) -> Any:
    """The length of the minor axis of an ellipse."""
    return 2 * sqrt(min(ellipse_squares(conic_squares(function))))


def plain_short_axis(function: Callable[..., Any]) -> Any:
    """The same."""
    return 2 * math.sqrt(float(min(ellipse_squares(plain_conic_squares(function)))))


def ellipse_squares(squares: tuple[Any, Any]) -> tuple[Any, Any]:
    """The squares of the half axes of an ellipse."""
    if squares[0] <= 0 or squares[1] <= 0:
        raise Undefined("no ellipse")
    return squares


def ellipse_area(function: Callable[..., Any]) -> Any:
    """The area of an ellipse."""
    first, second = ellipse_squares(conic_squares(function))
    return PI * sqrt(first * second)


def plain_ellipse_area(function: Callable[..., Any]) -> Any:
    """The same."""
    first, second = ellipse_squares(plain_conic_squares(function))
    return math.pi * math.sqrt(float(first)) * math.sqrt(float(second))


def line_slope(function: Callable[..., Any]) -> Any:
    """The slope of the line function(x, y) = 0."""
    found = polynomial_of(2, function)
    if set(found) - {((0, 1),), ((1, 1),), ()}:
        raise Undefined("no line")
    return div(-found.get(((0, 1),), 0), found.get(((1, 1),), 0))


def plain_line_slope(function: Callable[..., Any]) -> Any:
    """The same from values."""
    across, up = function(1, 0) - function(0, 0), function(0, 1) - function(0, 0)
    return plain_div(-across, up)


def vertex(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The vertex of the parabola function(x, y) = 0 that opens up or down."""
    a, b, c, d, e, f = quadratic_parts(function)
    if b != 0 or c != 0 or a == 0 or e == 0:
        raise Undefined("no such parabola")
    x = div(-d, 2 * a)
    return x, div(-(a * x * x + d * x + f), e)


def plain_vertex(function: Callable[..., Any]) -> tuple[Any, Any]:
    """The same from values at three places."""
    up = function(0, 1) - function(0, 0)
    low, middle, high = (plain_div(-function(x, 0), up) for x in (-1, 0, 1))
    bend = low + high - 2 * middle
    x = plain_div(low - high, 2 * bend)
    return x, middle + plain_div((high - low) * x, 2) + plain_div(bend * x * x, 2)
