"""Integers and a base -> the string of letters for their digits."""


def solve(xs: list[int], b: int) -> str:
    letters: list[str] = []
    for x in xs:
        rest = abs(x)
        digits = [rest % b]
        while rest >= b:
            rest //= b
            digits.append(rest % b)
        letters += [chr(ord("a") + digit) for digit in reversed(digits)]
    return "".join(letters)


def steps(xs: list[int], b: int) -> dict[str, str]:
    """The elements in the base."""

    def written(x: int) -> str:
        return (written(x // b) if x >= b else "") + "0123456789abcdefghijklmnopq"[x % b]

    return {"numbers": ", ".join(written(abs(x)) for x in xs)}


def check(xs: list[int], b: int) -> str:
    """Find the digits from the highest power of the base down."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    spelled = ""
    for x in xs:
        rest, power = (x if x >= 0 else -x), 1
        while power * b <= rest:
            power *= b
        while power:
            count = 0
            while rest >= power:
                rest -= power
                count += 1
            spelled += alphabet[count]
            power //= b
    return spelled
