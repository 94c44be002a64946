"""Beats between the direct sound and the echo of a source that moves towards a wall."""


def steps(f: float, v: float, t: float) -> dict:
    """Speed of sound in m/s, frequency of the direct sound and of the echo in hertz."""
    sound = 331.3 + 0.606 * t
    return {"sound_speed": sound, "direct": f * sound / (sound + v), "echo": f * sound / (sound - v)}


def solve(f: float, v: float, t: float) -> float:
    """Difference of the two Doppler frequencies."""
    found = steps(f, v, t)
    return found["echo"] - found["direct"]


def check(f: float, v: float, t: float) -> float:
    """Two successive crests followed from the source to the listener, directly and by way of the wall."""
    sound, wall, period = (3313 + 6.06 * t) / 10, 30.0, 1 / f
    straight, around = [], []
    for crest in range(2):
        sent = crest * period
        place = v * sent  # the listener is at zero
        straight.append(sent + place / sound)
        around.append(sent + (wall - place) / sound + wall / sound)
    return 1 / (around[1] - around[0]) - 1 / (straight[1] - straight[0])
