"""A circle of integers and a number to skip -> the integers in the order of their removal."""

from collections import deque


def solve(xs: list[int], k: int) -> list[int]:
    circle = list(xs)
    removed = []
    position = 0
    while circle:
        position = (position + k) % len(circle)
        removed.append(circle.pop(position))
    return removed


def steps(xs: list[int], k: int) -> dict[str, list[int]]:
    """Places of the removed elements among those still there, counted from 0, and what the first removal leaves."""
    places, place = [], 0
    for size in range(len(xs), 0, -1):
        place = (place + k) % size
        places.append(place)
    return {"places": places, "left": [x for i, x in enumerate(xs) if i not in places[:1]]}


def check(xs: list[int], k: int) -> list[int]:
    """Walk round a queue: whoever is skipped goes to its back."""
    queue, order, skipped = deque(xs), [], 0
    while queue:
        front = queue.popleft()
        if skipped < k:
            queue.append(front)
            skipped += 1
        else:
            order.append(front)
            skipped = 0
    return order
