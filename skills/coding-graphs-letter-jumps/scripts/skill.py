"""A string -> the fewest moves, to a neighbour or an equal letter, from its first letter to each of its letters."""


def solve(s: str) -> list[int]:
    places: dict[str, list[int]] = {}
    for i, letter in enumerate(s):
        places.setdefault(letter, []).append(i)
    moves = [-1] * len(s)
    level = [0] if s else []
    count = 0
    while level:
        beyond = []
        for i in level:
            if moves[i] < 0:
                moves[i] = count
                beyond += places.pop(s[i], [])
                beyond += [j for j in (i - 1, i + 1) if 0 <= j < len(s)]
        level = beyond
        count += 1
    return moves


def steps(s: str) -> dict[str, list[list[int]]]:
    """The places met after 0, 1, 2, and so on moves, counted from 1."""
    layers, met = [[0]] if s else [], {0}
    while layers and layers[-1]:
        near = {j for i in layers[-1] for j in range(len(s)) if abs(i - j) == 1 or s[i] == s[j]}
        layers.append(sorted(near - met))
        met |= near
    return {"layers": [[i + 1 for i in layer] for layer in layers if layer]}


def check(s: str) -> list[int]:
    """Relax all pairs of letters that one move joins until nothing changes."""
    length = len(s)
    fewest = [0] * (length > 0) + [length] * (length - 1)
    changed = True
    while changed:
        changed = False
        for i in range(length):
            for j in range(length):
                if (abs(i - j) == 1 or s[i] == s[j]) and fewest[j] > fewest[i] + 1:
                    fewest[j] = fewest[i] + 1
                    changed = True
    return fewest
