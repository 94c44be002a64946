"""Moles of carbon dioxide from impure sodium oxalate and permanganate in acid."""

OXALATE = 134.0


def solve(m: float, w: float, v: float, c: float) -> float:
    """The limiting reagent of 2 permanganate + 5 oxalate -> 10 carbon dioxide."""
    return min(2 * m * w / 100 / OXALATE, 5 * c * v / 1000)


def steps(m: float, w: float, v: float, c: float) -> dict[str, float | str]:
    """Moles of both reagents and of the electrons that they could exchange; the reagent that runs out."""
    oxalate, permanganate = m * w / 100 / OXALATE, c * v / 1000
    return {
        "oxalate": oxalate,
        "given": 2 * oxalate,
        "permanganate": permanganate,
        "taken": 5 * permanganate,
        "limiting": "the oxalate" if 2 * oxalate < 5 * permanganate else "the permanganate",
    }


def check(m: float, w: float, v: float, c: float) -> float:
    """Electrons handed over until carbon (+3 to +4) or manganese (+7 to +2) has no more to exchange; bisection."""
    carbon = 2 * (m * w * 0.01) / OXALATE
    manganese = v * 0.001 * c
    low, high = 0.0, carbon + 5 * manganese
    for _ in range(80):
        electrons = (low + high) / 2
        carbon_state, manganese_state = 3 + electrons / carbon, 7 - electrons / manganese
        low, high = (electrons, high) if carbon_state <= 4 and manganese_state >= 2 else (low, electrons)
    return low  # each electron leaves one carbon atom as dioxide
