"""Positions of Nim with three heaps: what facts about one of them leave open."""

DIRECT = ("a", "b", "c", "total")
SAME = {}


def members(box):
    """The heaps (a, b, c) of all positions with up to box stones in each."""
    sizes = range(1, box + 1)
    return [(a, b, c) for a in sizes for b in sizes for c in sizes]


def _reductions(heaps):
    """Stones that each winning move takes: a heap h goes to h xor s."""
    s = heaps[0] ^ heaps[1] ^ heaps[2]
    return [h - (h ^ s) for h in heaps if h ^ s < h]


PORTS = {
    "a": lambda h: h[0],
    "b": lambda h: h[1],
    "c": lambda h: h[2],
    "total": sum,
    "product": lambda h: h[0] * h[1] * h[2],
    "squares": lambda h: h[0] * h[0] + h[1] * h[1] + h[2] * h[2],
    "moves": lambda h: len(_reductions(h)) or None,
    "taken": lambda h: min(_reductions(h)) if _reductions(h) else None,
    "lost": lambda h: h[0] ^ h[1] == h[2],
    "single": lambda h: len(_reductions(h)) == 1,
    "different": lambda h: h[0] != h[1] and h[1] != h[2] and h[2] != h[0],
    "largest": lambda h: h[0] > h[1] and h[0] > h[2],
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
    """Nim sums: every port of the play is a formula in the binary digits."""
    found = members(box)
    for port, told in facts:
        of = PORTS[port]
        found = [h for h in found if of(h) == told]
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


# --- the other route: the whole game ---


def _searched(box):
    """(a, b, c, stones that each winning move takes) of all positions without an empty heap."""
    winning, found = {}, []
    for a in range(box + 1):
        for b in range(box + 1):
            for c in range(box + 1):
                moves = [a - x for x in range(a) if not winning[x, b, c]]
                moves += [b - x for x in range(b) if not winning[a, x, c]]
                moves += [c - x for x in range(c) if not winning[a, b, x]]
                winning[a, b, c] = bool(moves)
                if a and b and c:
                    found.append((a, b, c, tuple(moves)))
    return found


PLAY = {
    "a": lambda p: p[0],
    "b": lambda p: p[1],
    "c": lambda p: p[2],
    "total": lambda p: sum(p[:3]),
    "product": lambda p: p[2] * p[1] * p[0],
    "squares": lambda p: sum(x**2 for x in p[:3]),
    "moves": lambda p: len(p[3]),
    "taken": lambda p: min(p[3], default=0),
    "lost": lambda p: not p[3],
    "single": lambda p: len(p[3]) == 1,
    "different": lambda p: len({p[0], p[1], p[2]}) == 3,
    "largest": lambda p: max(p[1:3]) < p[0],
}


def check(box, facts, question):
    """The game is searched to its end from every position."""
    found = _searched(box)
    for port, told in facts:
        of = PLAY[port]
        found = [p for p in found if of(p) == told]
    return asked(question, found, PLAY)
