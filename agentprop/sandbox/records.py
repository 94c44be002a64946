"""Input and output of the sandbox: `Job` and `Result`, the outcome of a call, and the isolation in force."""

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
    """Piece of untrusted code, and the limits that it runs under."""

    code: str
    """Python source, run as `__main__` in a fresh namespace."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """Sources of modules that the code can import, by name (with dots, if any)."""
    returns: str | None = None
    """Name of the global variable whose value is returned."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """Wall-clock seconds; processor seconds are limited to the same, rounded up."""
    memory_mb: int = DEFAULT_MEMORY_MB
    """Mebibytes on top of the interpreter and the preloaded modules."""
    stdin: str = ""
    """Standard input of the code."""
    profile: Profile = "pure"
    """`pure` changes no file; `scratch` has a small directory of its own; `program` may also start processes."""
    ticks: int | None = None
    """Ticks that the code may use, not counting modules that it imports; None counts none."""
    origin: str | None = None
    """Whose code this is. Jobs of one origin may share a process; None is an author of its own, who shares none."""


@dataclass(frozen=True, slots=True)
class Result:
    """Result of one job; its status is decided outside the sandbox whenever possible."""

    status: Status
    """Status; `sandbox-unavailable` says nothing about the code."""
    detail: str | None = None
    """The limit, the signal, or the reason why the sandbox failed; after `raised: `, the attribute `detail` of an
    exception that the code raised."""
    stdout: str = ""
    """Standard output, at most 64 KiB of head and tail; control characters are kept, undecodable bytes are escaped."""
    stderr: str = ""
    """Standard error, treated like stdout."""
    error: str | None = None
    """Exception in one line."""
    traceback: str | None = None
    """Traceback of the exception, with its last five frames."""
    value: object = None
    """Value of the variable named by `returns`, of a plain type."""
    has_value: bool = False
    """A value was returned; None is a value too."""
    duration_s: float = 0.0
    """Wall-clock seconds."""
    cpu_s: float = 0.0
    """Processor seconds."""
    truncated: bool = False
    """The middle of stdout or stderr was dropped."""
    ticks: int = 0
    """Ticks used, if they were counted."""
    isolation: str = "R0"
    """Level in force: L3, L2, L1 or R0."""
    calls_per_fork: int = 1
    """Number of jobs that shared the process."""


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """Outcome of one call of a function."""

    status: Status
    """Status as in `Result`; `error` if the function raised an exception."""
    value: object = None
    """Returned value, of a plain type."""
    has_value: bool = False
    """The function returned a value."""
    error: str | None = None
    """Exception in one line, or the reason why there is no result."""
    exception: str | None = None
    """Name of the exception's type."""
    ticks: int = 0
    """Ticks used, if they were counted."""


@dataclass(frozen=True, slots=True)
class Preload:
    """What every process of a sandbox finds ready."""

    modules: tuple[str, ...] = ()
    """Modules that are imported before the first process, if they are installed."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Sources of our own, by module name, that are compiled then. All code in the sandbox can find them in memory."""
    offered: tuple[str, ...] = ()
    """Modules that code can import by itself. Where it can open no file (L1), they are imported before it as well."""

    @property
    def light(self) -> Preload:
        """The same without its modules, which are only offered: a process of it costs half as much."""
        return Preload((), self.sources, (*self.modules, *self.offered))

    def suits(self, text: str) -> bool:
        """True if code, or the JSON that it stands in, names one of the modules."""
        return any(name in text for name in self.modules)


@dataclass(frozen=True, slots=True)
class Isolation:
    """Isolation of untrusted code, as measured on this machine."""

    level: Level
    """L3: namespaces, Landlock and seccomp; L2: the last two; L1: seccomp only; R0: none."""
    layers: tuple[str, ...]
    """Layers in force."""
    landlock_abi: int
    """Version of Landlock in this kernel; 0 if there is none."""
    kernel: str
    """Kernel release and machine."""
    self_test: Mapping[str, bool | str] = field(default_factory=dict)
    """Result of each escape attempt of the self-test: True if it was blocked, or a text on what went wrong."""
    self_test_sha: str = ""
    """SHA-256 of the self-test's source."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Reason why each higher level does not work."""
