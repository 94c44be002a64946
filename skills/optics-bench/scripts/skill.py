"""A converging lens and an object before it: what facts about the image leave open.

Lengths are in centimetres.
"""

from fractions import Fraction

DIRECT = ("focal", "object", "height")
SAME = {"size": "magnified", "real": "virtual", "larger": "smaller"}
TALLEST = 4


def members(box):
    """(focal length, object distance, object height) of all benches: lengths to the box, different, heights to 4."""
    lengths = range(1, box + 1)
    return [(f, g, h) for f in lengths for g in lengths if f != g for h in range(1, TALLEST + 1)]


def _quotient(top, low):
    """An int if the fraction is one."""
    return top // low if top % low == 0 else Fraction(top, low)


PORTS = {
    "focal": lambda o: o[0],
    "object": lambda o: o[1],
    "height": lambda o: o[2],
    "image": lambda o: _quotient(o[0] * o[1], abs(o[1] - o[0])),
    "size": lambda o: _quotient(o[2] * o[0], abs(o[1] - o[0])),
    "magnified": lambda o: _quotient(o[0], abs(o[1] - o[0])),
    "apart": lambda o: _quotient(o[1] * o[1], abs(o[1] - o[0])),
    "beyond": lambda o: abs(o[1] - o[0]),
    "newton": lambda o: _quotient(o[0] * o[0], abs(o[1] - o[0])),
    "real": lambda o: o[1] > o[0],
    "virtual": lambda o: o[1] < o[0],
    "larger": lambda o: o[1] < 2 * o[0],
    "smaller": lambda o: o[1] > 2 * o[0],
}


def asked(question, found, ports):
    """The answer, if every object that fits gives the same one."""
    kind, names = question[0], question[1:]
    if kind == "number":
        return len(found)
    values = set()
    for one in found:
        told = [ports[name](one) for name in names]
        if kind == "branch":
            told = [told[1] if told[0] else told[2]]
        if None in told:
            raise ValueError("what is asked for is not rational")
        values.add(sum(told))
    if not values:
        raise ValueError("nothing fits the facts")
    if kind == "greatest":
        return max(values)
    if kind == "least":
        return min(values)
    if len(values) > 1:
        raise ValueError("the facts leave more than one value")
    return values.pop()


def solve(box, facts, question):
    """The lens equation: the image is at f g / (g - f), and f / (g - f) times as high."""
    found = members(box)
    for port, told in facts:
        of = PORTS[port]
        found = [one for one in found if of(one) == told]
    return asked(question, found, PORTS)


def steps(box, facts, question):
    """How many of the family each fact leaves, and which ones all of them leave."""
    found, counts = members(box), []
    family = len(found)
    for port, told in facts:
        of = PORTS[port]
        found = [one for one in found if of(one) == told]
        counts.append(len(found))
    shown = [_shown(one) for one in found[:MOST_SHOWN]]
    more = [f"{len(found) - MOST_SHOWN} more"] if len(found) > MOST_SHOWN else []
    return {"family": family, "counts": counts, "left": ", ".join(shown + more)}


MOST_SHOWN = 8


def _shown(one):
    return str(one)


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
    for port, told in facts:
        of = RAYS[port]
        found = [o for o in found if of(o) == told]
    answer = asked(question, found, RAYS)
    return answer.numerator if answer == int(answer) else answer
