"""Highest level of a drug after one tablet."""

import math


def steps(h: float, a: float, d: int, f: float, v: float) -> dict:
    """Constants of absorption and elimination per hour, time of the peak in hours, level of an injection in mg/L."""
    if h <= a:
        raise ValueError("elimination is not slower than absorption")
    into, out = math.log(2) / a, math.log(2) / h
    time = math.log(into / out) / (into - out)
    return {"absorption": into, "elimination": out, "time": time, "full": d * f / 100 / v}


def solve(h: float, a: float, d: int, f: float, v: float) -> float:
    """At the peak the level is that of an injection at the beginning."""
    found = steps(h, a, d, f, v)
    return found["full"] * math.exp(-found["elimination"] * found["time"])


def check(h: float, a: float, d: int, f: float, v: float) -> float:
    """Amounts in gut and blood in steps (Runge-Kutta), halved whenever one would lead beyond the peak of the blood."""
    if h <= a:
        raise ValueError("elimination is not slower than absorption")
    into, out = 0.6931471805599453 / a, 0.6931471805599453 / h

    def change(gut: float, blood: float) -> tuple[float, float]:
        return -into * gut, into * gut - out * blood

    def after(gut: float, blood: float, step: float) -> tuple[float, float]:
        one = change(gut, blood)
        two = change(gut + step / 2 * one[0], blood + step / 2 * one[1])
        three = change(gut + step / 2 * two[0], blood + step / 2 * two[1])
        four = change(gut + step * three[0], blood + step * three[1])
        gut += step / 6 * (one[0] + 2 * two[0] + 2 * three[0] + four[0])
        return gut, blood + step / 6 * (one[1] + 2 * two[1] + 2 * three[1] + four[1])

    amounts, step = (d * f * 0.01, 0.0), a / 20
    while step > a * 1e-5:  # near its maximum the level hardly depends on the time
        new = after(*amounts, step)
        if change(*new)[1] > 0:
            amounts = new
        else:
            step /= 2
    return amounts[1] / v
