"""Physical constants that skills name → how a statement gives them. Each stands once, in a sentence at its end."""

from __future__ import annotations

CONSTANTS = {
    "g": "$g = 9.8$ m/s²",
    "R": "$R = 8.314$ J/(mol·K)",
    "N_A": r"$N_A = 6.022\times10^{23}$ per mole",
    "MeV": r"$1\ \mathrm{MeV} = 1.602\times10^{-13}$ J",
    "light": r"$2.998\times10^{8}$ m/s for the speed of light",
    "photon": r"$1239.8$ eV·nm for the product of Planck's constant and the speed of light",
    "charge": r"$1.602\times10^{-19}$ C for the elementary charge",
    "electron": r"$9.109\times10^{-31}$ kg for the mass of the electron",
    "unit mass": r"$1.661\times10^{-27}$ kg for the atomic mass unit",
    "Faraday": r"$96485$ C/mol for the Faraday constant",
    "vacuum": r"$1.257\times10^{-6}$ T·m/A for the magnetic constant",
    "Boltzmann": r"$1.381\times10^{-23}$ J/K for Boltzmann's constant",
    "Planck": r"$6.626\times10^{-34}$ J·s for Planck's constant",
    "neutron": r"$1.675\times10^{-27}$ kg for the neutron mass",
    "rubidium": r"$1.397\times10^{-11}$ per year for the decay constant of rubidium-87",
    "uranium-238": r"$1.5513\times10^{-10}$ per year for the decay constant of uranium-238",
    "uranium-235": r"$9.8485\times10^{-10}$ per year for that of uranium-235",
    "Wien": r"$2.898\times10^{-3}$ m·K for the constant in Wien's displacement law",
    "solar luminosity": r"$3.828\times10^{26}$ W for the solar luminosity",
    "solar radius": r"$6.957\times10^{8}$ m for the solar radius",
    "solar mass": r"$1.989\times10^{30}$ kg for the solar mass",
    "solar GM": r"$1.327\times10^{20}$ m³/s² for the solar mass times the gravitational constant",
    "Stefan": r"$5.670\times10^{-8}$ W/(m²·K⁴) for the Stefan–Boltzmann constant",
}
"""Text of a constant by its name in `constants` of SKILL.md."""
