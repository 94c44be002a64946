"""Physical constants that skills name → how a statement gives them. Each stands once, in a sentence at its end."""

from __future__ import annotations

CONSTANTS = {
    "g": "$g = 9.8$ m/s²",
    "R": "$R = 8.314$ J/(mol·K)",
    "N_A": r"$N_A = 6.022\times10^{23}$ per mole",
    "MeV": r"$1\ \mathrm{MeV} = 1.602\times10^{-13}$ J",
}
"""Text of a constant by its name in `constants` of SKILL.md."""
