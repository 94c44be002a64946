"""How far whole numbers are counted, searched and written, and the primes that arithmetic is confirmed by.

They stand in front of what uses them all: a mined script keeps the order of these modules, and a skill is its bytes.
"""

from __future__ import annotations

MOST_INTEGERS = 120_000
WINDOW = 3000
PRIMES = (2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549)
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
