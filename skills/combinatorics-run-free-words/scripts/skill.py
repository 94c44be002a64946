"""Count words in which no letter occurs too many times in a row."""

from math import comb


def solve(n: int, k: int, r: int) -> int:
    """Recurrence on the length of the last run, which is at most r - 1."""
    words = [1]
    for length in range(1, n + 1):
        total = sum((k - 1) * words[length - run] for run in range(1, min(r - 1, length - 1) + 1))
        words.append(total + (k if length < r else 0))
    return words[n]


def steps(n: int, k: int, r: int) -> dict[str, int | str]:
    """The longest run, the letters that differ from a given one, and the last step of the recurrence."""
    shorter = [solve(n - run, k, r) for run in range(1, min(r, n))]
    recurrence = rf"{k - 1} \cdot ({' + '.join(map(str, shorter))})"
    return {"longest": r - 1, "others": k - 1, "last": recurrence if n >= r else f"{k}^{{{n}}}"}


def check(n: int, k: int, r: int) -> int:
    """Sum over the number of runs: colour the runs, then choose run lengths of 1 to r - 1 by inclusion-exclusion."""
    total = 0
    for runs in range(1, n + 1):
        spare = n - runs
        lengths = sum(
            (-1) ** over * comb(runs, over) * comb(spare - over * (r - 1) + runs - 1, runs - 1)
            for over in range(min(runs, spare // (r - 1)) + 1)
        )
        total += k * (k - 1) ** (runs - 1) * lengths
    return total
