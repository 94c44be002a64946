"""Count integer triangles with an angle of 60 or 120 degrees opposite to a bounded side."""

from math import gcd, isqrt


def solve(angle: int, n: int) -> int:
    """Add up the multiples of every primitive triangle."""
    obtuse = sum(n // side for side in _primitive_sides(n))
    return obtuse if angle == 120 else 2 * obtuse + n


def steps(angle: int, n: int) -> dict[str, object]:
    """Primitive triangles with 120 degrees, their least opposite sides, and all triangles with 120 degrees."""
    sides = sorted(_primitive_sides(n))
    obtuse = sum(n // side for side in sides)
    acute = (
        r"Put at one of the two shorter sides, an equilateral triangle makes this angle $60^\circ$: "
        "two triangles each. "
        rf"With ${n}$ equilateral ones there are $2 \cdot {obtuse} + {n} = {2 * obtuse + n}$."
    )
    return {
        "primitive_obtuse": len(sides),
        "first_opposite_sides": sides[:4],
        "all_obtuse": obtuse,
        "asked": acute if angle == 60 else "These are the triangles that count.",
    }


def _primitive_sides(n: int) -> list[int]:
    """Opposite sides u^2 + uv + v^2 up to n of the primitive triangles with an angle of 120 degrees."""
    return [
        u * u + u * v + v * v
        for u in range(2, isqrt(n) + 1)
        for v in range(1, u)
        if gcd(u, v) == 1 and (u - v) % 3 and u * u + u * v + v * v <= n
    ]


def check(angle: int, n: int) -> int:
    """Try every pair of sides b <= c with a side opposite to the angle of at most n."""
    sign = 1 if angle == 120 else -1
    squares = {i * i for i in range(1, n + 1)}
    longest = n if angle == 120 else n * 7 // 6 + 1  # for 60 degrees c is at most 2 n / sqrt(3)
    return sum(b * b + c * c + sign * b * c in squares for c in range(1, longest + 1) for b in range(1, c + 1))
