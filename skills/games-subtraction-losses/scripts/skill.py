"""Count the losing heap sizes of a subtraction game up to a bound."""


def solve(a: int, b: int, c: int, n: int) -> int:
    """Count through the irregular start, whole periods and the rest."""
    lost, start = _until_periodic([a, b, c])
    period = len(lost) - start
    head, rest = divmod(max(n + 1 - start, 0), period)
    if n < start:
        return sum(lost[: n + 1]) - 1
    return sum(lost[:start]) + head * sum(lost[start:]) + sum(lost[start : start + rest]) - 1


def steps(a: int, b: int, c: int, n: int) -> dict[str, object]:
    """The first losing heaps, the length of the irregular start, the period and the losing heaps in one period."""
    lost, start = _until_periodic([a, b, c])
    losing = [size for size, is_lost in enumerate(lost + 4 * lost[start:]) if is_lost and size > 0]
    return {
        "first_losing": losing[:4],
        "irregular_start": start,
        "period": len(lost) - start,
        "losing_per_period": sum(lost[start:]),
    }


def check(a: int, b: int, c: int, n: int) -> int:
    """Decide heap by heap: one is won if a move leads to a lost heap."""
    won = [False] * (n + 1)
    for size in range(n + 1):
        if not won[size]:
            for move in (a, b, c):
                if size + move <= n:
                    won[size + move] = True
    return won.count(False) - 1


def _until_periodic(moves: list[int]) -> tuple[list[bool], int]:
    """Lost heaps from 0 on until the window that decides the next one returns, and where the period began."""
    reach = max(moves)
    everything = (1 << reach) - 1
    window, size = 0, 0  # bit i: the heap that is i + 1 smaller is lost
    seen: dict[int, int] = {}
    lost: list[bool] = []
    while window not in seen:
        seen[window] = size
        is_lost = not any(window >> (move - 1) & 1 for move in moves)
        lost.append(is_lost)
        window = (window << 1 | is_lost) & everything
        size += 1
    return lost, seen[window]
