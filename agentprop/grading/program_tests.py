"""A program and tests written as code → whether it passes them.

For benchmarks whose tests are assertions, or a function `check(candidate)`. Program and tests run in processes of their
own with plain values between them, so that a program can neither see the tests nor end them.
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
    """Function the program defines."""
    sandbox: Sandbox
    """Where both run."""
    timeout_s: float
    """Seconds for all of them."""

    def passes(self, program: str) -> Equivalence:
        """Whether a program passes. It blocks: call it in a thread."""
        called = f"\ncheck({self.function})" if re.search(r"^def check\(", self.code, re.MULTILINE) else ""
        result = self.sandbox.run_tests(unfenced(program), self.code + called, self.function, timeout_s=self.timeout_s)
        if result.status in OUT_OF_LIMITS:
            return undetermined(result.status, result.error or result.status)
        if result.status != "ok":
            return different("tests", result.error or result.status)
        return same("tests", "the tests pass")
