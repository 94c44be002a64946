"""Time for a share of the product in a reversible reaction of first order."""

import math

BALANCE = {
    "glucose (64% of the beta form in equilibrium)": 64,
    "xylose (63% of the beta form in equilibrium)": 63,
    "galactose (68% of the beta form in equilibrium)": 68,
    "mannose (34% of the beta form in equilibrium)": 34,
}


def steps(sugar: str, k: float, p: float) -> dict:
    """Per cent in equilibrium, constants of the way back and of the approach per minute, share of the distance left."""
    balance = BALANCE[sugar]
    if p >= balance:
        raise ValueError("the equilibrium is reached before")
    backward = k * (100 - balance) / balance
    return {"balance": balance, "backward": backward, "approach": k + backward, "rest": 1 - p / balance}


def solve(sugar: str, k: float, p: float) -> float:
    """Exponential approach to the equilibrium."""
    found = steps(sugar, k, p)
    return -math.log(found["rest"]) / found["approach"]


def check(sugar: str, k: float, p: float) -> float:
    """Both directions in small steps (Runge-Kutta), and bisection for the time."""
    share = BALANCE[sugar] / 100
    if p / 100 >= share:
        raise ValueError("the equilibrium is reached before")

    def gain(beta: float) -> float:
        return k * (1 - beta) - k * (1 / share - 1) * beta

    def beta_after(minutes: float) -> float:
        beta, pieces = 0.0, 60
        step = minutes / pieces
        for _ in range(pieces):
            one = gain(beta)
            two = gain(beta + step / 2 * one)
            three = gain(beta + step / 2 * two)
            beta += step / 6 * (one + 2 * two + 2 * three + gain(beta + step * three))
        return beta

    low, high = 0.0, 3.0 / k
    for _ in range(40):
        minutes = (low + high) / 2
        low, high = (minutes, high) if beta_after(minutes) * 100 < p else (low, minutes)
    return minutes
