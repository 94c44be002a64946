"""pH of the sodium salt of a weak acid after a strong acid has taken part of the salt."""

import math


def solve(v: float, c: float, b: float, s: float, k: float) -> float:
    """Quadratic for the hydrogen ions of the weak acid set free, self-ionisation of water neglected."""
    acid = v * c / 2000
    salt = b * s / 2000 - acid
    if acid <= 0 or salt <= 0:
        raise ValueError("no salt is left")
    constant = 10**-k
    linear = salt + constant
    hydrogen = 2 * constant * acid / (linear + math.sqrt(linear * linear + 4 * constant * acid))
    return -math.log10(hydrogen)


def check(v: float, c: float, b: float, s: float, k: float) -> float:
    """Bisection on the pH for electrical neutrality between sodium, hydrogen and the two kinds of anions."""
    sodium, strong = b / 2000 * s, v / 2000 * c
    if strong <= 0 or strong >= sodium:
        raise ValueError("no salt is left")
    low, high = -1.0, 14.0
    for _ in range(60):
        guess = (low + high) / 2
        weak = sodium / (1 + 10 ** (k - guess))
        low, high = (guess, high) if sodium + 10**-guess > weak + strong else (low, guess)
    return (low + high) / 2
