"""Three elementary symmetric sums and an exponent to the sum of that power of the three numbers."""


def solve(a: int, b: int, c: int, n: int) -> int:
    """Run Newton's identities upwards."""
    sums = [3, a, a * a - 2 * b]
    while len(sums) <= n:
        sums.append(a * sums[-1] - b * sums[-2] + c * sums[-3])
    return sums[n]


def steps(a: int, b: int, c: int, n: int) -> dict[str, int | str]:
    """The second power sum, all of them below the n-th, and the three from which the n-th comes."""
    sums = [solve(a, b, c, i) for i in range(n)]
    return {
        "second": a * a - 2 * b,
        "index": n - 1,
        "sums": ", ".join(map(str, sums)),
        "before": sums[n - 1],
        "earlier": sums[n - 2],
        "earliest": sums[n - 3],
    }


def check(a: int, b: int, c: int, n: int) -> int:
    """Take the trace of the n-th power of the companion matrix, whose eigenvalues are the roots."""
    companion = [[0, 0, c], [1, 0, -b], [0, 1, a]]
    power = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    for _ in range(n):
        power = [[sum(row[k] * companion[k][j] for k in range(3)) for j in range(3)] for row in power]
    return power[0][0] + power[1][1] + power[2][2]
