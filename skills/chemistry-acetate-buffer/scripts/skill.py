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


def steps(v: float, c: float, b: float, s: float, k: float) -> dict[str, float]:
    """Concentrations after the displacement in mol/L, the constant of the acid, and the hydrogen ions."""
    acid, salt, constant = v * c / 2000, (b * s - v * c) / 2000, 10**-k
    linear = salt + constant
    hydrogen = 10 ** -solve(v, c, b, s, k)
    return {"weak_acid": acid, "salt": salt, "constant": constant, "linear": linear, "hydrogen": hydrogen}


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
