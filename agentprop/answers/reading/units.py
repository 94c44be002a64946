"""Unit words to a factor, an offset and dimensions, so that 100 cm meets 1 m and 10 °C does not meet 10 K.

Every unit is exact: factors are fractions of SI base units. Angles and currencies are dimensions of their own; the mole
counts as a base unit, so that mol/L and kJ/mol compare. A percent is a number, not a unit, and never arrives here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

Dimensions = tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """value_SI = value · factor + offset."""

    name: str
    factor: Fraction
    dimensions: Dimensions
    offset: Fraction = Fraction(0)
    """Only for temperatures on a shifted scale; ignored once the unit is part of a product."""

    def __mul__(self, other: Unit) -> Unit:
        return Unit(f"{self.name}·{other.name}", self.factor * other.factor, _merge(self.dimensions, other.dimensions))

    def power(self, exponent: Fraction) -> Unit:
        if exponent == 1:
            return self
        factor = self.factor**exponent if exponent.denominator == 1 else Fraction(self.factor**exponent)
        dimensions = tuple((base, power * exponent) for base, power in self.dimensions)
        return Unit(f"{self.name}^{exponent}", Fraction(factor), dimensions)


def _merge(left: Dimensions, right: Dimensions) -> Dimensions:
    powers = dict(left)
    for base, power in right:
        powers[base] = powers.get(base, Fraction(0)) + power
    return tuple(sorted((base, power) for base, power in powers.items() if power))


_PREFIXES = {
    "Q": 30, "R": 27, "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "µ": -6, "n": -9, "p": -12, "f": -15, "a": -18,
}  # fmt: skip
_LONG_PREFIXES = {
    "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "hecto": 2, "deca": 1, "deci": -1, "centi": -2, "milli": -3,
    "micro": -6, "nano": -9, "pico": -12, "femto": -15,
}  # fmt: skip

# symbol | long names | SI factor | dimensions; only these take SI prefixes
_PREFIXED = """
m | metre meter | 1 | L
g gm | gram gramme | 1/1000 | M
s | second sec | 1 | T
A | ampere amp | 1 | I
K | kelvin | 1 | K
mol | mole | 1 | N
cd | candela | 1 | J
N | newton | 1 | M L T-2
J | joule | 1 | M L2 T-2
W | watt | 1 | M L2 T-3
Pa | pascal | 1 | M L-1 T-2
Hz | hertz | 1 | T-1
C | coulomb | 1 | T I
V | volt | 1 | M L2 T-3 I-1
F | farad | 1 | M-1 L-2 T4 I2
Ω ohm | ohm | 1 | M L2 T-3 I-2
S | siemens | 1 | M-1 L-2 T3 I2
Wb | weber | 1 | M L2 T-2 I-1
T | tesla | 1 | M T-2 I-1
H | henry henrie | 1 | M L2 T-2 I-2
lm | lumen | 1 | J
lx | lux | 1 | J L-2
Bq | becquerel | 1 | T-1
Gy | gray | 1 | L2 T-2
Sv | sievert | 1 | L2 T-2
L l | litre liter | 1/1000 | L3
M | molar | 1000 | N L-3
eV | electronvolt | 1602176634/10000000000000000000000000000 | M L2 T-2
cal | calorie | 4184/1000 | M L2 T-2
Wh | - | 3600 | M L2 T-2
bar | bar | 100000 | M L-1 T-2
B | byte | 8 | bit
bit | bit | 1 | bit
Ci | curie | 37000000000 | T-1
pc | parsec | 30856775814913673 | L
"""

_PLAIN = """
min mins | minute | 60 | T
h hr hrs | hour | 3600 | T
d | day | 86400 | T
wk | week | 604800 | T
yr y yrs | year | 31557600 | T
- | month | 2629800 | T
- | decade | 315576000 | T
- | century centurie | 3155760000 | T
in | inch inche | 254/10000 | L
ft | foot feet | 3048/10000 | L
yd | yard | 9144/10000 | L
mi | mile | 1609344/1000 | L
nmi | - | 1852 | L
Å | angstrom | 1/10000000000 | L
au AU | - | 149597870700 | L
ly | lightyear | 9460730472580800 | L
ha | hectare | 10000 | L2
acre | acre | 316160658/78125 | L2
lb lbs | pound | 45359237/100000000 | M
oz | ounce | 45359237/1600000000 | M
t | tonne | 1000 | M
u amu Da | dalton | 166053906660/100000000000000000000000000000000000000 | M
atm | atmosphere | 101325 | M L-1 T-2
torr Torr mmHg | torr | 101325/760 | M L-1 T-2
psi | - | 8896443230521/1290320000 | M L-1 T-2
kWh | - | 3600000 | M L2 T-2
Btu BTU | - | 105505585262/100000000 | M L2 T-2
hp | horsepower | 7456998715822702/10000000000000 | M L2 T-3
mph | - | 44704/100000 | L T-1
kph kmh kmph | - | 10/36 | L T-1
kn | knot | 1852/3600 | L T-1
dyn | dyne | 1/100000 | M L T-2
erg | erg | 1/10000000 | M L2 T-2
G | gauss | 1/10000 | M T-2 I-1
gal | gallon | 3785411784/1000000000000 | L3
qt | quart | 946352946/1000000000000 | L3
pt | pint | 473176473/1000000000000 | L3
- | cup | 2365882365/10000000000000 | L3
cc | - | 1/1000000 | L3
rpm | - | 1/60 | T-1
rad | radian | 1 | angle
degree deg | degree | 1 | degree
rev | revolution cycle | 1 | rev
USD dollar | dollar buck | 1 | USD
cent ¢ | cent | 1/100 | USD
EUR | euro | 1 | EUR
- | eurocent | 1/100 | EUR
GBP | sterling | 1 | GBP
- | penny pence penn | 1/100 | GBP
JPY | yen | 1 | JPY
INR Rs | rupee | 1 | INR
- | paise paisa | 1/100 | INR
KRW | won | 1 | KRW
CNY RMB | yuan | 1 | CNY
RUB | ruble rouble | 1 | RUB
CHF | franc | 1 | CHF
MXN | peso | 1 | MXN
PHP | - | 1 | PHP
VND | dong | 1 | VND
THB | baht | 1 | THB
TRY | lira | 1 | TRY
ILS | shekel | 1 | ILS
NGN | naira | 1 | NGN
BRL | - | 1 | BRL
SEK | krona | 1 | SEK
AUD | - | 1 | AUD
CAD | - | 1 | CAD
BTC | bitcoin | 1 | BTC
dB | decibel | 1 | dB
ppm | - | 1/1000000 |
"""


def _dimensions(spec: str) -> Dimensions:
    powers: list[tuple[str, Fraction]] = []
    for word in spec.split():
        base = word.rstrip("-0123456789")
        powers.append((base, Fraction(word[len(base) :] or 1)))
    return tuple(sorted(powers))


def _rows(table: str) -> list[tuple[list[str], list[str], Fraction, Dimensions]]:
    rows = []
    for line in table.strip().splitlines():
        symbols, names, factor, dimensions = (part.strip() for part in line.split("|"))
        pair = [[word for word in part.split() if word != "-"] for part in (symbols, names)]
        rows.append((pair[0], pair[1], Fraction(factor), _dimensions(dimensions)))
    return rows


@cache
def _catalogue() -> dict[str, Unit]:
    units: dict[str, Unit] = {}

    def add(word: str, factor: Fraction, dimensions: Dimensions) -> None:
        units.setdefault(word, Unit(word, factor, dimensions))

    for plain_first in (True, False):
        for symbols, names, factor, dimensions in _rows(_PLAIN if plain_first else _PREFIXED):
            for word in symbols:
                add(word, factor, dimensions)
            for name in names:
                for word in (name, name + "s", name.capitalize(), name.capitalize() + "s"):
                    add(word, factor, dimensions)
    for symbols, names, factor, dimensions in _rows(_PREFIXED):
        for prefix, power in _PREFIXES.items():
            for word in symbols:
                add(prefix + word, factor * Fraction(10) ** power, dimensions)
        for prefix, power in _LONG_PREFIXES.items():
            for name in names:
                add(prefix + name, factor * Fraction(10) ** power, dimensions)
                add(prefix + name + "s", factor * Fraction(10) ** power, dimensions)
    temperature: Dimensions = (("K", Fraction(1)),)
    for word in ("°C", "celsius", "Celsius", "degC"):
        units[word] = Unit("°C", Fraction(1), temperature, Fraction(27315, 100))
    for word in ("°F", "fahrenheit", "Fahrenheit", "degF"):
        units[word] = Unit("°F", Fraction(5, 9), temperature, Fraction(45967, 180))
    units["bpm"] = Unit("bpm", Fraction(1, 60), (("T", Fraction(-1)), ("count of beat", Fraction(1))))
    return units


def unit_named(word: str) -> Unit | None:
    """The unit a word stands for; words that are ordinary variables or words otherwise are left out of the table."""
    return _catalogue().get(word)


DEGREE = Unit("°", Fraction(1), (("degree", Fraction(1)),))
RADIAN_DIMENSIONS: Dimensions = (("angle", Fraction(1)),)
_ROUNDS = ("angle", "rev")
_OF_CYCLES = ("Hz", "rpm", "hertz")


def same_turns(left: Unit, right: Unit) -> bool:
    """Units that differ in radians, or in revolutions, alone: rad/s and 1/s, rev/s and Hz; not rad/s and Hz."""
    for base in _ROUNDS:
        powers = [dict(unit.dimensions) for unit in (left, right)]
        turning = [bool(found.pop(base, None)) for found in powers]
        if powers[0] == powers[1] and turning[0] != turning[1]:
            other = right if turning[0] else left
            return base == "rev" or not any(word in other.name for word in _OF_CYCLES)
    return False


DEGREE_DIMENSIONS: Dimensions = (("degree", Fraction(1)),)


def same_currency(left: Unit, right: Unit) -> bool:
    """A word for both a weight and a currency, beside the sign of that currency: £3 and 3 pounds."""
    words = {left.name.casefold(), right.name.casefold()}
    return "GBP" in {left.name, right.name} and bool(words & {"pound", "pounds"})
