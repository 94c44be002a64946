"""Requests and the size of a cache -> the misses if the least recently used value goes."""


def solve(xs: list[int], k: int) -> int:
    cache: dict[int, None] = {}
    misses = 0
    for x in xs:
        if x in cache:
            del cache[x]
        else:
            misses += 1
            if len(cache) == k:
                del cache[next(iter(cache))]
        cache[x] = None
    return misses


def steps(xs: list[int], k: int) -> dict[str, list[object]]:
    """What the cache holds after each request, and the numbers of the misses."""
    caches: list[object] = []
    misses: list[object] = []
    order: list[int] = []
    for number, x in enumerate(xs, 1):
        if x not in order:
            misses.append(number)
        order = [*(y for y in order if y != x), x][-k:]
        caches.append(order)
    return {"caches": caches, "misses": misses}


def check(xs: list[int], k: int) -> int:
    """A request is a hit if fewer than k other values came since the last one for the same value."""
    misses = 0
    for i, x in enumerate(xs):
        since: set[int] = set()
        j = i - 1
        while j >= 0 and xs[j] != x:
            since.add(xs[j])
            j -= 1
        misses += j < 0 or len(since) >= k
    return misses
