"""A program and tests written as code → does it pass them?

For benchmarks whose tests are assertions, or a function `check(candidate)`. Program and tests run in separate processes
with plain values between them, so that a program can neither see the tests nor end them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.grading.comparison import OUT_OF_LIMITS, unfenced
from agentprop.sandbox import Sandbox


@dataclass(frozen=True)
class Assertions:
    """Tests of one problem."""

    code: str
    """Assertions that call the function by its name, or `def check(candidate)`."""
    function: str
    """Function that the program defines."""
    sandbox: Sandbox
    """Sandbox that both run in."""
    timeout_s: float
    """Time limit in seconds for all tests together."""

    def passes(self, program: str) -> Equivalence:
        """Same if a program passes. It blocks: call it in a thread."""
        called = f"\ncheck({self.function})" if re.search(r"^def check\(", self.code, re.MULTILINE) else ""
        result = self.sandbox.run_tests(unfenced(program), self.code + called, self.function, timeout_s=self.timeout_s)
        if result.status in OUT_OF_LIMITS:
            return undetermined(result.status, result.error or result.status)
        if result.status != "ok":
            return different("tests", result.error or result.status)
        return same("tests", "the tests pass")
