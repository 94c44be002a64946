"""pH of a weak acid partly neutralised by a strong base, the dissociation taken into account exactly."""

import math


def solve(v: float, c: float, k: float, b: float, s: float) -> float:
    """Quadratic for the hydrogen-ion concentration, self-ionisation of water neglected."""
    salt = b * s / 1000
    acid = c * v / 1000 - salt
    if acid <= 0:
        raise ValueError("no acid is left")
    constant = 10**-k
    linear = salt + constant
    hydrogen = 2 * constant * acid / (linear + math.sqrt(linear * linear + 4 * constant * acid))
    return -math.log10(hydrogen)


def steps(v: float, c: float, k: float, b: float, s: float) -> dict[str, float]:
    """Concentrations after the neutralisation in mol/L, the constant of the acid, and the hydrogen ions."""
    salt, acid, constant = b * s / 1000, (v * c - b * s) / 1000, 10**-k
    linear = salt + constant
    hydrogen = 10 ** -solve(v, c, k, b, s)
    return {"salt": salt, "acid": acid, "constant": constant, "linear": linear, "hydrogen": hydrogen}


def check(v: float, c: float, k: float, b: float, s: float) -> float:
    """Bisection on the pH for electrical neutrality: sodium and hydrogen ions against the anions of the acid."""
    total, sodium = v * c / 1000, s * b / 1000
    if sodium >= total:
        raise ValueError("no acid is left")
    low, high = -2.0, 16.0
    for _ in range(60):
        guess = (low + high) / 2
        anions = total / (1 + 10 ** (k - guess))
        low, high = (guess, high) if sodium + 10**-guess > anions else (low, guess)
    return (low + high) / 2
