"""The sum of a number and its reciprocal to the sum of their n-th powers."""


def solve(k: int, n: int) -> int:
    """Climb with v(j+1) = k v(j) - v(j-1)."""
    before, value = 2, k
    for _ in range(n - 1):
        before, value = value, k * value - before
    return value


def steps(k: int, n: int) -> dict[str, int | str]:
    """The sums of powers below n as a chain of formulas, and the two from which the last one comes."""
    sums = [2, k]
    while len(sums) < n:
        sums.append(k * sums[-1] - sums[-2])
    climb = [rf"v_{j} = {k} \cdot {sums[j - 1]} - {sums[j - 2]} = {sums[j]}" for j in range(2, n)]
    return {"climb": ", ".join(climb), "before": sums[n - 1], "earlier": sums[n - 2]}


def check(k: int, n: int) -> int:
    """Raise x = (k + sqrt(D)) / 2 with D = k^2 - 4 to the power n exactly and add the conjugate."""
    radicand = k * k - 4
    rational, irrational = 1, 0
    for _ in range(n):
        rational, irrational = rational * k + irrational * radicand, rational + irrational * k
    return 2 * rational >> n
