"""A converging lens and an object before it: what facts about the image leave open.

Lengths are in centimetres.
"""

from fractions import Fraction

from object_kinds import answer, bounded, quotient, told_apart

DIRECT = ("focal", "object", "height")
SAME = {"size": "magnified", "real": "virtual", "larger": "smaller"}
CORE = ("size", "together")
TALLEST = 4


def members(box):
    """(focal length, object distance, object height) of all benches: lengths to the box, different, heights to 4."""
    lengths = range(1, box + 1)
    return [(f, g, h) for f in lengths for g in lengths if f != g for h in range(1, TALLEST + 1)]


PORTS = {
    "focal": lambda o: o[0],
    "object": lambda o: o[1],
    "height": lambda o: o[2],
    "image": lambda o: quotient(o[0] * o[1], abs(o[1] - o[0])),
    "size": lambda o: quotient(o[2] * o[0], abs(o[1] - o[0])),
    "together": lambda o: quotient(o[2] * (o[0] + abs(o[1] - o[0])), abs(o[1] - o[0])),
    "magnified": lambda o: quotient(o[0], abs(o[1] - o[0])),
    "apart": lambda o: quotient(o[1] * o[1], abs(o[1] - o[0])),
    "beyond": lambda o: abs(o[1] - o[0]),
    "newton": lambda o: quotient(o[0] * o[0], abs(o[1] - o[0])),
    "real": lambda o: o[1] > o[0],
    "virtual": lambda o: o[1] < o[0],
    "larger": lambda o: o[1] < 2 * o[0],
    "smaller": lambda o: o[1] > 2 * o[0],
}

LETTERS = {"f": PORTS["focal"], "g": PORTS["object"], "h": PORTS["height"]}


def _by_image(told):
    """1/f = 1/g + 1/b, f and g changing places for a virtual image: f < b = P/Q, and b - f is a multiple of 1/Q."""
    told = Fraction(told)
    return told.numerator**2 // told.denominator


BOUNDS = {"image": _by_image}


def solve(box, facts, question):
    """The lens equation: the image is at f g / (g - f), and f / (g - f) times as high."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


# --- the other route: two rays from the tip of the object, in coordinates about the centre of the lens ---


def _image(f, g, h):
    """(focus, tip of the object, abscissa of the image): where the central ray meets the one through the focus.

    The central ray falls by h on g; the parallel ray leaves the lens at the height h and falls by h on f. So the
    image has the abscissa x with h - h x / f = -h x / g.
    """
    return f, (-g, h), Fraction(h * f * g, h * g - h * f)


def _ordinate(o):
    """Height of the central ray at the image."""
    return o[2] * o[1][1] / o[1][0]


RAYS = {
    "focal": lambda o: o[0],
    "object": lambda o: -o[1][0],
    "height": lambda o: o[1][1],
    "image": lambda o: abs(o[2]),
    "size": lambda o: abs(_ordinate(o)),
    "together": lambda o: o[1][1] + abs(_ordinate(o)),
    "magnified": lambda o: abs(_ordinate(o)) / o[1][1],
    "apart": lambda o: abs(o[2] - o[1][0]),
    "beyond": lambda o: abs(o[1][0] + o[0]),
    "newton": lambda o: abs(o[2] - o[0]),
    "real": lambda o: o[2] > 0,
    "virtual": lambda o: _ordinate(o) > 0,
    "larger": lambda o: abs(_ordinate(o)) > o[1][1],
    "smaller": lambda o: abs(_ordinate(o)) < o[1][1],
}


def check(box, facts, question):
    """Rays: for every bench of the family the image is constructed and measured."""
    lengths = range(1, box + 1)
    found = [_image(f, g, h) for h in range(1, TALLEST + 1) for g in lengths for f in lengths if g != f]
    return answer(found, facts, question, RAYS)
