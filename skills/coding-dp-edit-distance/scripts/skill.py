"""Two strings -> the fewest insertions, deletions and replacements that turn one into the other."""


def solve(s: str, w: str) -> int:
    costs = list(range(len(w) + 1))
    for i, letter in enumerate(s, start=1):
        diagonal, costs[0] = costs[0], i
        for j, target in enumerate(w, start=1):
            replaced = diagonal + (letter != target)
            diagonal = costs[j]
            costs[j] = min(replaced, costs[j] + 1, costs[j - 1] + 1)
    return costs[-1]


def steps(s: str, w: str) -> dict[str, object]:
    """Last row of the table of distances, and an alignment that costs no more; a dash stands for no letter."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(w) + 1)] for i in range(len(s) + 1)]
    for i, letter in enumerate(s, start=1):
        for j, target in enumerate(w, start=1):
            replaced = table[i - 1][j - 1] + (letter != target)
            table[i][j] = min(replaced, table[i - 1][j] + 1, table[i][j - 1] + 1)
    i, j, pairs = len(s), len(w), []
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + (s[i - 1] != w[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((w[j], s[i]))
        elif i and table[i][j] == table[i - 1][j] + 1:
            i -= 1
            pairs.append(("-", s[i]))
        else:
            j -= 1
            pairs.append((w[j], "-"))
    above, below = ("".join(pair[side] for pair in reversed(pairs)) for side in (0, 1))
    return {"row": table[-1], "above": above, "below": below}


def check(s: str, w: str) -> int:
    """Breadth-first over (letters used of s, letters used of w); equal letters cost nothing."""
    states, seen, edits = {(0, 0)}, set(), 0
    while True:
        frontier = list(states)
        for i, j in frontier:
            if i < len(s) and j < len(w) and s[i] == w[j] and (i + 1, j + 1) not in states:
                states.add((i + 1, j + 1))
                frontier.append((i + 1, j + 1))
        if (len(s), len(w)) in states:
            return edits
        seen |= states
        moves = {(i + di, j + dj) for i, j in states for di, dj in ((1, 0), (0, 1), (1, 1))}
        states = {(i, j) for i, j in moves - seen if i <= len(s) and j <= len(w)}
        edits += 1
