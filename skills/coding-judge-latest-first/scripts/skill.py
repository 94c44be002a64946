"""Deposits and withdrawals, and a fee -> what is left of the deposits if the latest are used first."""


def solve(xs: list[int], f: int) -> list[int]:
    left: list[int] = []
    for x in xs:
        if x % 2:
            left.append(abs(x))
        wanted = 0 if x % 2 else abs(x) + f
        while wanted and left:
            taken = min(wanted, left[-1])
            wanted -= taken
            left[-1] -= taken
            if left[-1] == 0:
                left.pop()
    return left


def steps(xs: list[int], f: int) -> dict[str, list[list[int]]]:
    """The deposits that are left after each element."""
    stacks: list[list[int]] = []
    units: list[int] = []
    for number, x in enumerate(xs):
        units = units + [number] * abs(x) if x % 2 else units[: max(0, len(units) - abs(x) - f)]
        stacks.append([units.count(one) for one in dict.fromkeys(units)])
    return {"stacks": stacks}


def check(xs: list[int], f: int) -> list[int]:
    """Read from the end and carry what later withdrawals still want."""
    found: list[int] = []
    wanted = 0
    for x in xs[::-1]:
        amount = -x if x < 0 else x
        if x % 2 == 0:
            wanted += amount + f
        elif amount > wanted:
            found = [amount - wanted, *found]
            wanted = 0
        else:
            wanted -= amount
    return found
