"""A string -> the smallest number of palindromes into which it can be cut."""


def solve(s: str) -> int:
    fewest = list(range(len(s) + 1))
    for centre in range(len(s)):
        for right in (centre, centre + 1):
            left = centre
            while left >= 0 and right < len(s) and s[left] == s[right]:
                fewest[right + 1] = min(fewest[right + 1], fewest[left] + 1)
                left, right = left - 1, right + 1
    return fewest[-1]


def check(s: str) -> int:
    """Breadth-first over the ends that some number of palindromes can reach."""
    ends, pieces = {0}, 0
    while len(s) not in ends:
        pieces += 1
        ends = {j for i in ends for j in range(i + 1, len(s) + 1) if s[i:j] == s[i:j][::-1]}
    return pieces
