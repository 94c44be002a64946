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


def steps(s: str) -> dict[str, object]:
    """The fewest pieces for the first 1, 2, 3, ... letters, and pieces of the whole."""
    fewest, last = [0], [0]
    for end in range(1, len(s) + 1):
        starts = [i for i in range(end) if s[i:end] == s[i:end][::-1]]
        last.append(min(starts, key=lambda i: fewest[i]))
        fewest.append(fewest[last[-1]] + 1)
    pieces, end = [], len(s)
    while end:
        pieces.append(f'"{s[last[end] : end]}"')
        end = last[end]
    return {"fewest": fewest[1:], "pieces": ", ".join(reversed(pieces)) or "none"}


def check(s: str) -> int:
    """Breadth-first over the ends that some number of palindromes can reach."""
    ends, pieces = {0}, 0
    while len(s) not in ends:
        pieces += 1
        ends = {j for i in ends for j in range(i + 1, len(s) + 1) if s[i:j] == s[i:j][::-1]}
    return pieces
