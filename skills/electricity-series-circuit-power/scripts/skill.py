"""Mean power in the resistance of a series circuit with coil and capacitor."""

import math


def steps(r: float, u: float, f: float, a: float, c: float) -> dict:
    """Reactance of the coil and of the capacitor, and impedance of the circuit, in ohms."""
    inductive = 2 * math.pi * f * a / 1000
    capacitive = 1e6 / (2 * math.pi * f * c)
    return {
        "inductive": inductive,
        "capacitive": capacitive,
        "impedance": math.sqrt(r * r + (inductive - capacitive) ** 2),
    }


def solve(r: float, u: float, f: float, a: float, c: float) -> float:
    """Square of the effective current times the resistance."""
    return (u / steps(r, u, f, a, c)["impedance"]) ** 2 * r


def check(r: float, u: float, f: float, a: float, c: float) -> float:
    """Current p sin + q cos that satisfies the sum of voltages at two instants; its heat averaged over a period."""
    turn = 2 * math.pi * f
    henry, farad = a * 1e-3, c * 1e-6

    def voltage(p: float, q: float, phase: float) -> float:
        """Voltages on resistance, coil and capacitor for the current p sin + q cos."""
        current = p * math.sin(phase) + q * math.cos(phase)
        growth = turn * (p * math.cos(phase) - q * math.sin(phase))
        charge = (q * math.sin(phase) - p * math.cos(phase)) / turn
        return r * current + henry * growth + charge / farad

    rows = [(voltage(1, 0, x), voltage(0, 1, x), u * 2**0.5 * math.sin(x)) for x in (0.4, 1.7)]
    (a1, b1, s1), (a2, b2, s2) = rows
    whole = a1 * b2 - a2 * b1
    p, q = (s1 * b2 - s2 * b1) / whole, (a1 * s2 - a2 * s1) / whole
    pieces = 24
    phases = [2 * math.pi * i / pieces for i in range(pieces)]
    heat = [(p * math.sin(x) + q * math.cos(x)) * u * 2**0.5 * math.sin(x) for x in phases]
    return sum(heat) / pieces
