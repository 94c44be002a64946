"""A string and a block length -> the string left when no block of equal letters that long can be deleted."""


def solve(s: str, k: int) -> str:
    runs: list[tuple[str, int]] = []
    for letter in s:
        length = 1
        if runs and runs[-1][0] == letter:
            length += runs.pop()[1]
        if length < k:
            runs.append((letter, length))
    return "".join(letter * length for letter, length in runs)


def steps(s: str, k: int) -> dict[str, list[str]]:
    """What is left after each deletion of the leftmost block."""
    left, stages = s, []
    while found := [i for i in range(len(left) - k + 1) if len(set(left[i : i + k])) == 1]:
        left = left[: found[0]] + left[found[0] + k :]
        stages.append(f'"{left}"')
    return {"stages": stages}


def check(s: str, k: int) -> str:
    """Rewrite from the right end, one block at a time; the order of deletions does not matter."""
    while True:
        starts = [i for i in range(len(s) - k + 1) if s[i : i + k] == s[i] * k]
        if not starts:
            return s
        s = s[: starts[-1]] + s[starts[-1] + k :]
