"""A string and a number of letters to delete -> the alphabetically first string that can remain."""

from functools import cache


def solve(s: str, k: int) -> str:
    kept: list[str] = []
    deletions = min(k, len(s))
    length = len(s) - deletions
    for letter in s:
        while deletions and kept and kept[-1] > letter:
            kept.pop()
            deletions -= 1
        kept.append(letter)
    return "".join(kept[:length])


def steps(s: str, k: int) -> dict[str, object]:
    """The letters that a smaller one drives out, what is kept, and how many deletions are not used up."""
    kept: list[str] = []
    dropped: list[str] = []
    spare = min(k, len(s))
    for letter in s:
        while spare > len(dropped) and kept and kept[-1] > letter:
            dropped.append(kept.pop())
        kept.append(letter)
    return {"dropped": ", ".join(dropped) or "none", "kept": "".join(kept), "unused": spare - len(dropped)}


def check(s: str, k: int) -> str:
    """Keep or delete the first letter, whichever ends in the earlier string."""

    @cache
    def earliest(start: int, deletions: int) -> str:
        if len(s) - start <= deletions:
            return ""
        keep = s[start] + earliest(start + 1, deletions)
        return min(keep, earliest(start + 1, deletions - 1)) if deletions else keep

    return earliest(0, k)
