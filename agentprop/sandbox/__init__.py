"""Untrusted code → a typed result.

>>> with Sandbox() as sandbox:
...     result = sandbox.run("print(1 + 1)", timeout_s=2.0)
>>> result.status, result.stdout
('ok', '2\\n')

Every call runs in its own process, forked from a preloaded zygote, confined by namespaces, Landlock and seccomp as far
as the machine supports them, and killed from outside when its time is over.
"""

from agentprop.sandbox.levels import isolation_report
from agentprop.sandbox.pool import DEFAULT_PRELOAD, Sandbox
from agentprop.sandbox.records import OUTSIDE, UNDECIDED, CallOutcome, Isolation, Job, Result

__all__ = [
    "DEFAULT_PRELOAD",
    "OUTSIDE",
    "UNDECIDED",
    "CallOutcome",
    "Isolation",
    "Job",
    "Result",
    "Sandbox",
    "isolation_report",
]
