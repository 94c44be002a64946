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
