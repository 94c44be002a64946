"""Squared distance between two lines through corners of a cuboid."""

from fractions import Fraction

Vector = tuple[int, int, int]


def solve(a: int, b: int, c: int, lines: str) -> Fraction:
    """Project a connecting vector on the common normal."""
    connection, normal = _connection_and_normal(a, b, c, lines)
    return Fraction(_dot(connection, normal) ** 2, _dot(normal, normal))


def steps(a: int, b: int, c: int, lines: str) -> dict[str, object]:
    """The directions of the lines, their cross product and the volume that the connecting vector spans with them."""
    connection, normal = _connection_and_normal(a, b, c, lines)
    return {
        "directions": [str(_minus(q, p)) for p, q in _ends(a, b, c, lines)],
        "normal": [*normal],
        "volume": abs(_dot(connection, normal)),
    }


def _connection_and_normal(a: int, b: int, c: int, lines: str) -> tuple[Vector, Vector]:
    (p, q), (r, s) = _ends(a, b, c, lines)
    u, v = _minus(q, p), _minus(s, r)
    normal = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    return _minus(r, p), normal


def _ends(a: int, b: int, c: int, lines: str) -> list[tuple[Vector, Vector]]:
    """The corners that each line joins."""
    corners = {}
    for up, names in enumerate(("ABCD", "EFGH")):
        for name, (x, y) in zip(names, ((0, 0), (a, 0), (a, b), (0, b)), strict=True):
            corners[name] = (x, y, up * c)
    pairs = lines.replace("$", "").split(" and ")
    return [(corners[pair[0]], corners[pair[1]]) for pair in pairs]


def _minus(one: Vector, other: Vector) -> Vector:
    return one[0] - other[0], one[1] - other[1], one[2] - other[2]


def _dot(one: Vector, other: Vector) -> int:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def check(a: int, b: int, c: int, lines: str) -> Fraction:
    """Let a point run on each line and solve the two linear equations of the least squared distance."""
    (p, q), (r, s) = _ends(a, b, c, lines)
    u, v, w = _minus(q, p), _minus(s, r), _minus(r, p)
    uu, uv, vv, uw, vw = _dot(u, u), _dot(u, v), _dot(v, v), _dot(u, w), _dot(v, w)
    # d/dx and d/dy of |w + y v - x u|^2 vanish: uu x - uv y = uw and uv x - vv y = vw.
    y = Fraction(uu * vw - uv * uw, uv * uv - uu * vv)
    x = (uw + uv * y) / uu
    gap = [w[i] + y * v[i] - x * u[i] for i in range(3)]
    return Fraction(sum(g * g for g in gap))
