"""Frequency of an overtone of a pipe with one closed end."""

import math

OVERTONES = ("fundamental", "first", "second", "third")


def steps(x: float, d: float, t: float, o: str) -> dict:
    """Speed of sound in m/s, length of the air column in metres, quarter wavelengths in it."""
    return {
        "sound_speed": 331.3 + 0.606 * t,
        "column": (x + 0.30 * d) / 100,
        "quarters": 2 * OVERTONES.index(o) + 1,
    }


def solve(x: float, d: float, t: float, o: str) -> float:
    """Quarter wavelengths times speed over four columns."""
    found = steps(x, d, t, o)
    return found["quarters"] * found["sound_speed"] / (4 * found["column"])


def check(x: float, d: float, t: float, o: str) -> float:
    """A wave returns from lid and mouth with the phase that it had; the mouth reverses it. Resonances are counted."""
    seconds = (2 * x + 0.6 * d) / (33130 + 60.6 * t)  # there and back

    def phase(hertz: float) -> float:
        return 2 * math.pi * hertz * seconds + math.pi

    passed, hertz, step = 0, 1.0, 0.04 / seconds
    while True:
        if math.floor(phase(hertz + step) / (2 * math.pi)) > math.floor(phase(hertz) / (2 * math.pi)):
            if OVERTONES[passed] == o:
                break
            passed += 1
        hertz += step
    low, high = hertz, hertz + step
    whole = math.floor(phase(high) / (2 * math.pi))
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if phase(middle) / (2 * math.pi) >= whole else (middle, high)
    return (low + high) / 2
