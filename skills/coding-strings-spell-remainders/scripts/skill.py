"""Integers and a modulus -> a string with one letter for each remainder."""

from math import gcd
from string import ascii_lowercase


def solve(xs: list[int], m: int) -> str:
    return "".join(chr(ord("a") + x % m) for x in xs)


def steps(xs: list[int], m: int) -> dict[str, list[int]]:
    """The remainders of the elements."""
    return {"remainders": [x % m for x in xs]}


def check(xs: list[int], m: int) -> str:
    """Of the first m letters, the one whose index differs from x by a multiple of m."""
    letters = list(enumerate(ascii_lowercase[:m]))
    return "".join(letter for x in xs for index, letter in letters if gcd(x - index, m) == m)
