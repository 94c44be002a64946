"""A string and a limit -> for every letter, the length of the longest run of different letters that ends there."""


def solve(s: str, c: int) -> list[int]:
    last: dict[str, int] = {}
    start = 0
    lengths = []
    for i, letter in enumerate(s):
        start = max(start, last.get(letter, -1) + 1, i - c + 1)
        last[letter] = i
        lengths.append(i - start + 1)
    return lengths


def steps(s: str, c: int) -> dict[str, list[int]]:
    """The places at which the runs begin, counted from 1."""
    starts: list[int] = []
    for i in range(len(s)):
        starts.append(next(j + 1 for j in range(i + 1) if i - j < c and len(set(s[j : i + 1])) == i - j + 1))
    return {"starts": starts}


def check(s: str, c: int) -> list[int]:
    """Go to the left from every letter until one repeats or the limit is reached."""
    lengths = []
    for i in range(len(s)):
        j = i
        while j > 0 and i - j + 1 < c and s[j - 1] not in s[j : i + 1]:
            j -= 1
        lengths.append(i - j + 1)
    return lengths
