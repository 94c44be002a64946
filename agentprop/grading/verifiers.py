"""The verifiers that need no language model, by name; every other name of `--verifier` is a MODEL."""

from agentprop.grading.judgement import LocalVerifier
from agentprop.plugins import Registry

BUILTIN = "builtin"

VERIFIERS: Registry[LocalVerifier] = Registry(
    "agentprop.verifiers", "verifier", {BUILTIN: "agentprop.grading.builtin_verifier:judge"}
)


def is_local(name: str) -> bool:
    """True if a verifier needs no language model."""
    return name in VERIFIERS.names()
