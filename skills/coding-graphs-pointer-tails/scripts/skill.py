"""Integers as pointers round a list -> for every position, how many different positions are visited from it."""


def solve(xs: list[int]) -> list[int]:
    size = len(xs)
    visited = [0] * size
    for start in range(size):
        path: list[int] = []
        place: dict[int, int] = {}
        i = start
        while not visited[i] and i not in place:
            place[i] = len(path)
            path.append(i)
            i = (i + xs[i]) % size
        if i in place:
            for j in path[place[i] :]:
                visited[j] = len(path) - place[i]
        for j in reversed(path):
            if not visited[j]:
                visited[j] = visited[(j + xs[j]) % size] + 1
    return visited


def steps(xs: list[int]) -> dict[str, list[int]]:
    """Where every position leads, and the positions on cycles, counted from 1."""
    following = [(i + x) % len(xs) for i, x in enumerate(xs)]
    cyclic = set(range(len(xs)))
    for _ in xs:
        cyclic = {following[i] for i in cyclic}
    return {"next": [i + 1 for i in following], "cyclic": sorted(i + 1 for i in cyclic)}


def check(xs: list[int]) -> list[int]:
    """Follow the pointers from every position until one is met again."""
    found = []
    for i in range(len(xs)):
        seen: set[int] = set()
        while i not in seen:
            seen.add(i)
            i = (i + xs[i]) % len(xs)
        found.append(len(seen))
    return found
