"""A string -> for every letter, how far back the previous equal letter stands."""


def solve(s: str) -> list[int]:
    last_seen: dict[str, int] = {}
    distances = []
    for i, letter in enumerate(s):
        distances.append(i - last_seen.get(letter, i))
        last_seen[letter] = i
    return distances


def steps(s: str) -> dict[str, str]:
    """The places of each letter, counted from 1."""
    places = {letter: [str(i) for i, x in enumerate(s, 1) if x == letter] for letter in dict.fromkeys(s)}
    return {"places": "; ".join(f"{letter} at {', '.join(where)}" for letter, where in places.items())}


def check(s: str) -> list[int]:
    """Step back from every letter until an equal one or the start of the string is met."""
    distances = []
    for i in range(len(s)):
        j = i - 1
        while j >= 0 and s[j] != s[i]:
            j -= 1
        distances.append(i - j if j >= 0 else 0)
    return distances
