"""What goes into the sandbox and what comes out: `Job` and `Result`, and their siblings for single calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["L3", "L2", "L1", "R0"]
Profile = Literal["pure", "scratch", "program"]
Status = Literal[
    "ok",
    "error",
    "killed",
    "timeout",
    "memory",
    "output-limit",
    "interrupted",
    "out-of-memory",
    "sandbox-unavailable",
]
OUTSIDE: frozenset[str] = frozenset({"interrupted", "out-of-memory", "sandbox-unavailable"})
"""Ends that are the machine's doing, twice in a row: they say nothing at all about the code."""
UNDECIDED: frozenset[str] = OUTSIDE | {"timeout", "memory", "output-limit"}
"""Ends after which nobody knows whether the code is right: no ground to reject it."""

DEFAULT_TIMEOUT_S = 5.0
DEFAULT_MEMORY_MB = 1024


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of untrusted code and the limits it runs under."""

    code: str
    """Python source, run as `__main__` in a fresh namespace."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """Module name (dots allowed) to source; importable by the code."""
    returns: str | None = None
    """Name of the global whose value comes back."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """Wall-clock seconds; processor seconds are limited to the same, rounded up."""
    memory_mb: int = DEFAULT_MEMORY_MB
    """Mebibytes on top of the interpreter and what is preloaded."""
    stdin: str = ""
    """What the code reads from standard input."""
    profile: Profile = "pure"
    """`pure` changes no file; `scratch` has a small directory of its own; `program` may also start processes."""
    origin: str | None = None
    """Whose code this is. Jobs of one origin may share a process; None is an author of its own, who shares none."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one job ended; a status is decided outside the sandbox wherever it can be."""

    status: Status
    """Those of `OUTSIDE` say nothing about the code: it was killed below its own limits (`interrupted`), the machine's
    memory ran out (`out-of-memory`, where the kernel's counters tell), or it never ran (`sandbox-unavailable`)."""
    detail: str | None = None
    """Which limit, which signal, or why the sandbox could not serve; after `raised: `, what an exception of the code
    itself says in its attribute `detail`."""
    stdout: str = ""
    """At most 64 KiB, head and tail; control characters are kept, undecodable bytes are escaped."""
    stderr: str = ""
    """As stdout."""
    error: str | None = None
    """The exception in one line."""
    traceback: str | None = None
    """Its last five frames."""
    value: object = None
    """The value asked for with `returns`, of a plain type."""
    has_value: bool = False
    """Whether a value came back; None is a value too."""
    duration_s: float = 0.0
    """Wall-clock seconds."""
    cpu_s: float = 0.0
    """Processor seconds."""
    truncated: bool = False
    """Whether stdout or stderr lost its middle."""
    isolation: str = "R0"
    """The level in force: L3, L2, L1 or R0."""
    calls_per_fork: int = 1
    """How many jobs the process that ran this one was given."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How one call of a function ended."""

    status: Status
    """As in `Result`; `error` where the function raised."""
    value: object = None
    """What it returned, of a plain type."""
    has_value: bool = False
    """Whether it returned at all."""
    error: str | None = None
    """The exception in one line, or why there is none."""
    exception: str | None = None
    """The name of the exception's type."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What fences the untrusted code in, as measured on this machine."""

    level: Level
    """L3 namespaces, Landlock and seccomp; L2 the last two; L1 seccomp alone; R0 none."""
    layers: tuple[str, ...]
    """The layers in force."""
    landlock_abi: int
    """Version of Landlock in this kernel; 0 for none."""
    kernel: str
    """Kernel release and machine."""
    self_test: Mapping[str, bool | str] = field(default_factory=dict)
    """Attempt to whether it was held; a text says what went wrong."""
    self_test_sha: str = ""
    """SHA-256 of the self-test's source."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Higher level to why it cannot be had."""
