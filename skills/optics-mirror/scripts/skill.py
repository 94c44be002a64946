"""A concave or convex mirror and an object before it: what facts about the image leave open.

Lengths are in centimetres. Distances along the axis are positive before the mirror and negative behind it, and heights
are negative below the axis: the focal length is positive for a concave mirror, the image distance for a real image.
"""

from fractions import Fraction

from object_kinds import answer, bounded, quotient, told_apart

DIRECT = ("focal", "radius", "object", "height")
SAME = {
    "size": "magnified",
    "real": "virtual",
    "larger": "smaller",
    "concave": "convex",
    "radius": "focal",
    "focal": "radius",
}
CORE = ("size", "together")
TALLEST = 4


def members(box):
    """(focal length, object distance, object height): lengths to the box, focal lengths of both signs, heights to 4."""
    lengths = range(1, box + 1)
    mirrors = [*range(-box, 0), *lengths]
    return [(f, g, h) for f in mirrors for g in lengths if f != g for h in range(1, TALLEST + 1)]


PORTS = {
    "focal": lambda o: o[0],
    "radius": lambda o: 2 * abs(o[0]),
    "object": lambda o: o[1],
    "height": lambda o: o[2],
    "image": lambda o: quotient(o[0] * o[1], o[1] - o[0]),
    "size": lambda o: quotient(o[2] * o[0], o[0] - o[1]),
    "together": lambda o: quotient(o[2] * (abs(o[0]) + abs(o[1] - o[0])), abs(o[1] - o[0])),
    "magnified": lambda o: quotient(abs(o[0]), abs(o[1] - o[0])),
    "apart": lambda o: quotient(abs(o[1] * (o[1] - 2 * o[0])), abs(o[1] - o[0])),
    "gap": lambda o: abs(o[1] - o[0]),
    "concave": lambda o: o[0] > 0,
    "convex": lambda o: o[0] < 0,
    "real": lambda o: 0 < o[0] < o[1],
    "virtual": lambda o: o[0] < 0 or o[1] < o[0],
    "larger": lambda o: o[0] > 0 and o[1] < 2 * o[0],
    "smaller": lambda o: o[0] < 0 or o[1] > 2 * o[0],
    "outside": lambda o: o[1] > 2 * abs(o[0]),
}

LETTERS = {"f": PORTS["focal"], "g": PORTS["object"], "h": PORTS["height"]}


def _by_image(told):
    """Signs apart, the inverses of f and g differ by that of b = P/Q, or they add up to it.

    If they differ, the smaller of f and g is less than b, and the greater at most P^2/Q; else (Qf - P)(Qg - P) = P^2.
    """
    told = abs(Fraction(told))
    return told.numerator * (told.numerator + 1) // told.denominator if told else None


BOUNDS = {"image": _by_image}


def solve(box, facts, question):
    """The mirror equation: the image is at f g / (g - f), and f / (f - g) times as high, with signs."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: two rays from the tip of the object, in coordinates about the vertex, light from the right ---


def _image(f, g, h):
    """(focus, tip of the object, tip of the image).

    The ray along the line through the tip and the focus meets the mirror at the abscissa 0 and leaves it parallel to
    the axis; the ray to the vertex leaves it mirrored on the axis, along the points (x, -h x / g).
    """
    level = Fraction(h * (g - f) - h * g, g - f)
    return f, (g, h), (Fraction(-g * level.numerator, h * level.denominator), level)


RAYS = {
    "focal": lambda o: o[0],
    "radius": lambda o: abs(o[0] + o[0]),
    "object": lambda o: o[1][0],
    "height": lambda o: o[1][1],
    "image": lambda o: o[2][0],
    "size": lambda o: o[2][1],
    "together": lambda o: o[1][1] + abs(o[2][1]),
    "magnified": lambda o: abs(o[2][1]) / o[1][1],
    "apart": lambda o: abs(o[2][0] - o[1][0]),
    "gap": lambda o: max(o[0], o[1][0]) - min(o[0], o[1][0]),
    "concave": lambda o: 2 * o[0] > o[0],
    "convex": lambda o: 2 * o[0] < o[0],
    "real": lambda o: o[2][0] > 0,
    "virtual": lambda o: o[2][1] > 0,
    "larger": lambda o: abs(o[2][1]) > o[1][1],
    "smaller": lambda o: abs(o[2][1]) < o[1][1],
    "outside": lambda o: abs(2 * o[0]) < o[1][0],
}


def check(box, facts, question):
    """Rays: for every mirror and object of the family the image is constructed and measured."""
    found = []
    for h in range(1, TALLEST + 1):
        for g in range(1, box + 1):
            found += [_image(f, g, h) for f in range(-box, box + 1) if f not in (0, g)]
    return answer(found, facts, question, RAYS)
