"""Isolation levels → a started slot at the strongest level that works on this machine; weaker ones are refused.

    L3  namespaces, Landlock and seccomp   nothing outside is visible, writable or reachable; quotas; full clean-up
    L2  Landlock and seccomp               the same, but the existence of files can be probed, and there is no scratch
    L1  seccomp                            no path can be opened at all, so only preloaded modules can be imported
    R0  none                               limits and a clean environment only: not a sandbox

A level is measured, not assumed: each one is started, and a self-test finds the layers that have no effect.
"""

from __future__ import annotations

import logging
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from typing import Protocol

from agentprop.errors import SandboxUnavailable
from agentprop.sandbox.body import Body
from agentprop.sandbox.child_output import ChildOutput
from agentprop.sandbox.limits import shortage, tight_limits
from agentprop.sandbox.paths import readable_paths
from agentprop.sandbox.records import Isolation, Level, Preload
from agentprop.sandbox.selftest import SELF_TEST_SHA, SetupFailed, ineffective_layers, run_self_test
from agentprop.sandbox.weak import WeakSlot
from agentprop.sandbox.zygote_process import LAYERS, ZygoteFailed, ZygoteProcess

_log = logging.getLogger(__name__)

LEVELS: tuple[Level, ...] = ("L3", "L2", "L1")
SUPPORTED = {("Linux", "x86_64"), ("Linux", "aarch64")}
"""Systems that are tried. agentprop has never been run on aarch64: there, its self-test alone decides, as at every
start."""
WEAK_VARIABLE = "AGENTPROP_ALLOW_WEAK_SANDBOX"
HINT = f"see `agentprop doctor`; for code you trust, --allow-weak-sandbox or {WEAK_VARIABLE}=1 does without isolation"
CONTAINER = (
    "run this in a Linux container or virtual machine; what runs no code works here: cat, show, export, report, skills "
    "list"
)
"""The hint on systems that agentprop cannot isolate code on."""
MEND = "raise that limit, or wait until the machine has more to spare, and run the same command again"
"""The hint where nothing is wrong with isolation: doing without it would not help."""


class LayersFailed(Exception):
    """A level that does not work, and the layers that no lower level may rely on either."""

    def __init__(self, reason: str, layers: Sequence[str]) -> None:
        super().__init__(reason)
        self.layers = layers


class RunningBody(Protocol):
    """Body that a process is running."""

    def finish(self) -> ChildOutput:
        """Wait for the end of the process and return its output."""
        ...

    def cancel(self, reason: str) -> None:
        """Have the process killed for a reason."""
        ...


class SandboxSlot(Protocol):
    """Runner of one body at a time."""

    calls: int
    """Number of bodies run so far."""

    def start(self, body: Body, peer: socket.socket | None = None) -> RunningBody:
        """Start a body; `peer` is a socket for the child."""
        ...

    def close(self) -> None:
        """End the slot."""
        ...


def weak_allowed(flag: bool) -> bool:
    """Return True if running without isolation is allowed, by argument or environment."""
    return flag or os.environ.get(WEAK_VARIABLE) == "1"


def strongest_slot(
    preload: Preload, min_level: Level, max_level: Level, allow_weak: bool
) -> tuple[SandboxSlot, Isolation]:
    """Start a slot at the strongest level from `min_level` to `max_level`. Raises SandboxUnavailable if none works."""
    reasons: dict[str, str] = {}
    level: Level | None = max_level if max_level in LEVELS else None
    supported = (platform.system(), platform.machine()) in SUPPORTED
    if not supported:
        reasons["L1"] = (
            f"isolation needs Linux on x86_64 or aarch64; this is {platform.system()} on {platform.machine()}"
        )
        level = None
    while level is not None and level >= min_level:
        try:
            return _self_tested_slot(level, preload, reasons)
        except ZygoteFailed as problem:
            raise SandboxUnavailable(f"the sandbox cannot start: {problem}", hint=MEND) from problem
        except LayersFailed as problem:
            reasons[level] = str(problem)
            level = _best_without(problem.layers, below=level)
    if not hasattr(os, "killpg"):  # Windows: nothing here could even end what was started
        raise SandboxUnavailable(_refusal(reasons, min_level), hint=CONTAINER)
    if weak_allowed(allow_weak):
        _log.warning("untrusted code runs WITHOUT isolation (level R0), as was allowed; results are marked R0")
        return WeakSlot(), _isolation("R0", None, {}, reasons)
    raise SandboxUnavailable(_refusal(reasons, min_level), hint=HINT if supported else f"{CONTAINER}; {HINT}")


def _self_tested_slot(level: Level, preload: Preload, reasons: Mapping[str, str]) -> tuple[SandboxSlot, Isolation]:
    """Start a zygote of this level and self-test it. Raises LayersFailed with the layers to avoid."""
    try:
        zygote = start_zygote(level, preload)
    except ZygoteFailed as problem:
        if problem.short:
            raise
        raise LayersFailed(str(problem), ()) from problem
    try:
        table = run_self_test(zygote)
    except (SetupFailed, ZygoteFailed) as problem:
        zygote.close()
        if isinstance(problem, ZygoteFailed) and problem.short:
            raise
        raise LayersFailed(str(problem), problem.layers if isinstance(problem, SetupFailed) else ()) from problem
    ineffective = ineffective_layers(level, table)
    if ineffective:
        zygote.close()
        raise LayersFailed(f"the self-test found no effect of {', '.join(ineffective)}", ineffective)
    return zygote, _isolation(level, zygote, table, reasons)


def start_slot(level: Level, preload: Preload) -> SandboxSlot:
    """Start another slot at a level that works. Raises ZygoteFailed rather than use a weaker one."""
    return WeakSlot() if level == "R0" else start_zygote(level, preload)


def start_zygote(level: Level, preload: Preload) -> ZygoteProcess:
    """Start a zygote with the layers of a level. Raises ZygoteFailed."""
    readable, paths = readable_paths((*preload.modules, *preload.offered))
    if level == "L1":
        preload = Preload((*preload.modules, *preload.offered), preload.sources)
    try:
        return ZygoteProcess(level, preload, readable, paths)
    except OSError as problem:
        short = shortage(problem) or "; ".join(tight_limits()) or None
        raise ZygoteFailed(f"a zygote cannot be started: {problem}", short) from problem


def _best_without(ineffective: Sequence[str], below: Level) -> Level | None:
    """Return the strongest level below this one that uses none of the ineffective layers."""
    candidates = LEVELS[LEVELS.index(below) + 1 :]
    return next((level for level in candidates if not set(ineffective) & set(LAYERS[level])), None)


def _isolation(
    level: Level, zygote: ZygoteProcess | None, table: Mapping[str, bool | str], reasons: Mapping[str, str]
) -> Isolation:
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    abi = int(str(zygote.report["landlock_abi"])) if zygote else 0
    return Isolation(level, LAYERS.get(level, ()), abi, kernel, table, SELF_TEST_SHA, reasons)


def _refusal(reasons: Mapping[str, str], min_level: Level) -> str:
    reported = "; ".join(f"{level}: {reason}" for level, reason in reasons.items())
    return f"untrusted code needs isolation of level {min_level}, which cannot be had here ({reported})"


def isolation_report() -> dict[str, object]:
    """Report the level in force, the state of each layer and the results of the self-test, for `agentprop doctor`."""
    try:
        slot, isolation = strongest_slot(Preload(), "L1", "L3", allow_weak=True)
    except SandboxUnavailable as problem:
        return {"level": "none", "reason": problem.message, "hint": problem.hint}
    slot.close()
    layers = {
        layer: "in force" if layer in isolation.layers else _why_not(layer, isolation.reasons) for layer in LAYERS["L3"]
    }
    return {
        "level": isolation.level,
        "layers": layers,
        "landlock_abi": isolation.landlock_abi,
        "kernel": isolation.kernel,
        "self_test": dict(isolation.self_test),
        "self_test_sha": isolation.self_test_sha,
        "reasons": dict(isolation.reasons),
        "weak_allowed": weak_allowed(False),
    }


def _why_not(layer: str, reasons: Mapping[str, str]) -> str:
    """Return the failure of the lowest level that would have used the layer."""
    reported = [reason for level, reason in reasons.items() if layer in LAYERS.get(level, LAYERS["L3"])]  # type: ignore[call-overload]
    return reported[-1] if reported else "not tried"
