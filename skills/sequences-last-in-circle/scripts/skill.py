"""A circle's size and a step to the number of its last member."""


def solve(n: int, k: int) -> int:
    """Let the circle grow by one member at a time and move the survivor along."""
    place = 0
    for size in range(2, n + 1):
        place = (place + k) % size
    return place + 1


def steps(n: int, k: int) -> dict[str, int | str]:
    """The survivors' places in small circles, in the circle of one less, and in the circle itself."""
    return {
        "early": ", ".join(str(solve(size, k) - 1) for size in range(2, 9)),
        "smaller": n - 1,
        "before": solve(n - 1, k) - 1,
        "place": solve(n, k) - 1,
    }


def check(n: int, k: int) -> int:
    """Remove every k-th member of a real circle until one is left."""
    circle = list(range(1, n + 1))
    position = 0
    while len(circle) > 1:
        position = (position + k - 1) % len(circle)
        del circle[position]
    return circle[0]
