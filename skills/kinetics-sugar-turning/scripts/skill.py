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
    """Both directions in small steps (Runge-Kutta), halved whenever one would lead beyond the share in question."""
    share = BALANCE[sugar] / 100
    if p / 100 >= share:
        raise ValueError("the equilibrium is reached before")

    def gain(beta: float) -> float:
        return k * (1 - beta) - k * (1 / share - 1) * beta

    beta, minutes, step = 0.0, 0.0, 0.02 / k
    while step > 1e-11 / k:
        one = gain(beta)
        two = gain(beta + step / 2 * one)
        three = gain(beta + step / 2 * two)
        new = beta + step / 6 * (one + 2 * two + 2 * three + gain(beta + step * three))
        if new * 100 < p:
            beta, minutes = new, minutes + step
        else:
            step /= 2
    return minutes
