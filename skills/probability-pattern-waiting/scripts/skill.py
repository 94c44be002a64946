"""Expected waiting time for a word in a stream of uniformly random letters."""

from fractions import Fraction


def solve(word: str, s: int) -> int:
    """Fair-betting martingale: every prefix that is also a suffix contributes s to the power of its length."""
    return sum(s**size for size in range(1, len(word) + 1) if word.startswith(word[-size:]))


def steps(word: str, s: int) -> dict[str, str]:
    """The lengths at which the word begins as it ends, and what gamblers who began there hold."""
    borders = [size for size in range(len(word), 0, -1) if word.startswith(word[-size:])]
    return {
        "borders": ", ".join(map(str, borders)),
        "payments": " + ".join(f"{s}^{{{size}}}" for size in borders),
    }


def check(word: str, s: int) -> int:
    """First-step analysis on the number of letters already matched, solved for the unknown start value.

    The expected time E[i] from i matched letters is kept as u + v * E[0]; E[len(word)] = 0 then fixes E[0].
    """
    expected = [(Fraction(0), Fraction(1))]
    for matched in range(len(word)):
        letters = sorted(set(word))
        u, v = expected[matched]
        u, v = s * (u - 1), s * v - (s - len(letters))
        for letter in letters:
            if letter != word[matched]:
                back = expected[_overlap(word, word[:matched] + letter)]
                u, v = u - back[0], v - back[1]
        expected.append((u, v))
    u, v = expected[-1]
    return int(-u / v)


def _overlap(word: str, text: str) -> int:
    """Length of the longest prefix of the word that ends the text."""
    return max(size for size in range(len(text) + 1) if text.endswith(word[:size]))
