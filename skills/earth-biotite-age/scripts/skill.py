"""Age of a rock from argon and potassium of its biotite."""

import math


def steps(m: float, k: float, n: float, r: float) -> dict:
    """Argon-40 of air and potassium, potassium-40 left and decayed, all in nmol, and first over present atoms."""
    air = 298.6 * r / 1000
    if not air < n:
        raise ValueError("all argon is air")
    argon = n - air
    potassium = m * k / 100 / 39.10 * 1e6 * 1.167e-4
    decayed = argon / 0.107
    return {
        "air": air,
        "argon": argon,
        "potassium": potassium,
        "decayed": decayed,
        "ratio": 1 + decayed / potassium,
    }


def solve(m: float, k: float, n: float, r: float) -> float:
    """Half-lives in which the atoms have fallen to those left."""
    return 1250 * math.log2(steps(m, k, n, r)["ratio"])


def check(m: float, k: float, n: float, r: float) -> float:
    """Bisection on the age: the potassium is wound back in small steps, and the argon of its decays is added up."""
    if n * 1e3 <= 298.6 * r:
        raise ValueError("all argon is air")
    grams = m * 1e-3 * k * 1e-2

    def argon(age: float, pieces: int = 100) -> float:
        atoms, made = grams / 39.10 * 0.01167e-2, 0.0
        step = math.log(2) / 1.25e9 * age * 1e6 / pieces
        for _ in range(pieces):
            more = atoms * (step + step**2 / 2 + step**3 / 6 + step**4 / 24)
            made += 0.107 * more
            atoms += more
        return made * 1e12 + 298.6 * r

    low, high = 0.0, 10000.0
    for _ in range(44):
        age = (low + high) / 2
        low, high = (low, age) if argon(age) > n * 1e3 else (age, high)
    return age
