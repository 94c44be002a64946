"""Positions of Nim with three heaps: what facts about one of them leave open."""

from object_kinds import answer, bounded, told_apart

DIRECT = ("a", "b", "c", "total")
SAME = {}
CORE = ("moves", "taken", "lost", "single")


def members(box):
    """The heaps (a, b, c) of all positions with up to box stones in each."""
    sizes = range(1, box + 1)
    return [(a, b, c) for a in sizes for b in sizes for c in sizes]


def _sum(heaps):
    """The Nim sum."""
    return heaps[0] ^ heaps[1] ^ heaps[2]


def _reductions(heaps):
    """Stones that each winning move takes: a heap h goes to h xor s."""
    s = _sum(heaps)
    return [h - (h ^ s) for h in heaps if h ^ s < h]


def _wins(heaps):
    """The winning moves in words."""
    s = _sum(heaps)
    moves = [f"${name}$ to ${h ^ s}$" for name, h in zip("ABC", heaps, strict=True) if h ^ s < h]
    return ", ".join(moves) or "none"


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

LETTERS = {
    "A": PORTS["a"],
    "B": PORTS["b"],
    "C": PORTS["c"],
    "s": _sum,
    "nim": _sum,
    "wins": _wins,
}

BOUNDS = {
    "total": lambda told: told - 2,
    "product": lambda told: told,
}


def solve(box, facts, question):
    """Nim sums: every port of the play is a formula in the binary digits."""
    return answer(members(bounded(box, facts, BOUNDS)), facts, question, PORTS)


def steps(box, facts, question):
    """How the facts narrow the family, and how what is left answers the question."""
    return told_apart(members(box), facts, question, PORTS, LETTERS, DIRECT)


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
    return answer(found, facts, question, PLAY)
