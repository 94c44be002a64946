"""Lengths and a number of runs -> the smallest possible largest sum of a run."""


def solve(xs: list[int], k: int) -> int:
    low, high = max(map(abs, xs), default=0), sum(map(abs, xs))
    while low < high:
        bound = (low + high) // 2
        runs, total = 1, 0
        for x in xs:
            total += abs(x)
            if total > bound:
                runs += 1
                total = abs(x)
        if runs <= k:
            high = bound
        else:
            low = bound + 1
    return low


def steps(xs: list[int], k: int) -> dict[str, list[object]]:
    """The lengths, and the runs of the smallest bound with their totals."""
    lengths = [abs(x) for x in xs]
    bound = max(lengths)
    while True:
        runs: list[list[int]] = [[]]
        for x in lengths:
            if sum(runs[-1]) + x > bound:
                runs.append([])
            runs[-1].append(x)
        if len(runs) <= k:
            return {"lengths": [*lengths], "runs": [*runs], "totals": [sum(run) for run in runs]}
        bound += 1


def check(xs: list[int], k: int) -> int:
    """Try every way to cut."""

    def least(start: int, left: int) -> int:
        total = sum(x if x > 0 else -x for x in xs[start:])
        if left > 1:
            first = 0
            for end in range(start, len(xs)):
                first += xs[end] if xs[end] > 0 else -xs[end]
                total = min(total, max(first, least(end + 1, left - 1)))
        return total

    return least(0, k)
