"""Final temperature of heated water into which ice was dropped, all of it melting."""

WATER, ICE, FUSION = 4.19, 2.10, 334.0


def solve(m: float, t: float, i: float, z: float, q: float) -> float:
    """Heat balance counted from water at 0 degrees."""
    spare = m * WATER * t + q - i * (FUSION - ICE * z)
    final = spare / ((m + i) * WATER)
    if not 0 < final < 100 or not 0 <= t <= 100 or z > 0:
        raise ValueError("the ice does not all melt, or the water boils")
    return final


def steps(m: float, t: float, i: float, z: float, q: float) -> dict[str, float]:
    """Heat that the water brings, heat that the ice needs, and what is left of both and the supply."""
    brought, needed = m * WATER * t, i * (FUSION - ICE * z)
    return {"brought": brought, "needed": needed, "spare": brought + q - needed}


def _enthalpy(mass: float, temperature: float) -> float:
    """Joules above ice at 0 degrees."""
    return mass * (ICE * temperature if temperature < 0 else FUSION + WATER * temperature)


def check(m: float, t: float, i: float, z: float, q: float) -> float:
    """Bisection for the temperature at which the enthalpy of everything has grown by q."""
    if not 0 <= t <= 100 or z > 0:
        raise ValueError("the ice does not all melt, or the water boils")
    wanted = _enthalpy(m, t) + _enthalpy(i, z - 1e-300 if z == 0 else z) + q
    low, high = 0.0, 100.0
    if not _enthalpy(m + i, low) < wanted < _enthalpy(m + i, high):
        raise ValueError("the ice does not all melt, or the water boils")
    for _ in range(70):
        middle = (low + high) / 2
        low, high = (middle, high) if _enthalpy(m + i, middle) < wanted else (low, middle)
    return (low + high) / 2
