"""Heat of burning a mixture of methanol and propan-1-ol that gives a known mass of carbon dioxide."""

DIOXIDE = 44.01
MASS = {"methanol": 32.04, "propanol": 60.10}


def solve(m: float, g: float) -> float:
    """Two linear equations for the amounts, then Hess's law for each alcohol."""
    carbon = g / DIOXIDE
    propanol = (m - MASS["methanol"] * carbon) / (MASS["propanol"] - 3 * MASS["methanol"])
    methanol = carbon - 3 * propanol
    if methanol <= 0 or propanol <= 0:
        raise ValueError("not a mixture of the two alcohols")
    return 1000 * (methanol * (393.5 + 2 * 285.8 - 239.1) + propanol * (3 * 393.5 + 4 * 285.8 - 302.6))


def steps(m: float, g: float) -> dict[str, float]:
    """Moles of carbon, of propan-1-ol and of methanol."""
    carbon = g / DIOXIDE
    propanol = (m - MASS["methanol"] * carbon) / (MASS["propanol"] - 3 * MASS["methanol"])
    return {"carbon": carbon, "propanol": propanol, "methanol": carbon - 3 * propanol}


def check(m: float, g: float) -> float:
    """Bisection on the mass share of propanol for the right mass of gas; then atoms and enthalpies counted up."""

    def atoms(share: float) -> tuple[float, float, float, float]:
        first, second = m * (1 - share) / 32.04, m * share / 60.10
        return first, second, first + 3 * second, 4 * first + 8 * second

    if not atoms(0.0)[2] * 44.01 < g < atoms(1.0)[2] * 44.01:
        raise ValueError("not a mixture of the two alcohols")
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if atoms(middle)[2] * 44.01 < g else (low, middle)
    first, second, carbon, hydrogen = atoms(low)
    products = carbon * -393.5 + hydrogen / 2 * -285.8
    reactants = first * -239.1 + second * -302.6
    return (reactants - products) * 1000
