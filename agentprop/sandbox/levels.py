"""The strongest isolation this machine can prove becomes a started slot; anything weaker than asked for is refused.

    L3  namespaces, Landlock and seccomp   nothing outside is visible, writable or reachable; quotas; full clean-up
    L2  Landlock and seccomp               the same, but the existence of files can be probed, and there is no scratch
    L1  seccomp                            no path can be opened at all, so only preloaded modules can be imported
    R0  none                               limits and a clean environment only: not a sandbox

A level is measured, not assumed: each rung is tried by starting it, and a self-test strikes off what does not hold.
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
from agentprop.sandbox.conversation import ChildRecord
from agentprop.sandbox.limits import shortage, tight_limits
from agentprop.sandbox.paths import readable_paths
from agentprop.sandbox.records import Isolation, Level
from agentprop.sandbox.selftest import SELF_TEST_SHA, SetupFailed, run_self_test, struck_layers
from agentprop.sandbox.weak import WeakSlot
from agentprop.sandbox.zygote_process import LAYERS, ZygoteFailed, ZygoteProcess

_log = logging.getLogger(__name__)

LADDER: tuple[Level, ...] = ("L3", "L2", "L1")
SUPPORTED = ("Linux", "x86_64")
WEAK_VARIABLE = "AGENTPROP_ALLOW_WEAK_SANDBOX"
HINT = f"see `agentprop doctor`; for code you trust, --allow-weak-sandbox or {WEAK_VARIABLE}=1 does without isolation"
MEND = "raise that limit, or wait until the machine has more to spare, and run the same command again"
"""The hint where nothing is wrong with isolation: doing without it would not help."""


class LayersFailed(Exception):
    """A level that cannot be had, and the layers that no lower level may rest on either."""

    def __init__(self, reason: str, layers: Sequence[str]) -> None:
        super().__init__(reason)
        self.layers = layers


class Running(Protocol):
    """A body on its way through a process."""

    def finish(self) -> ChildRecord: ...

    def cancel(self, reason: str) -> None: ...


class SandboxSlot(Protocol):
    """What runs one body at a time."""

    calls: int

    def start(self, body: Body, peer: socket.socket | None = None) -> Running: ...

    def close(self) -> None: ...


def weak_allowed(flag: bool) -> bool:
    """Whether running without isolation was asked for, by argument or environment."""
    return flag or os.environ.get(WEAK_VARIABLE) == "1"


def climb(
    preload: Sequence[str], min_level: Level, max_level: Level, allow_weak: bool
) -> tuple[SandboxSlot, Isolation]:
    """Start a slot at the best level up to `max_level`; raises SandboxUnavailable below `min_level`."""
    reasons: dict[str, str] = {}
    level: Level | None = max_level if max_level in LADDER else None
    if (platform.system(), platform.machine()) != SUPPORTED:
        reasons["L1"] = f"isolation needs Linux on x86_64; this is {platform.system()} on {platform.machine()}"
        level = None
    while level is not None and level >= min_level:
        try:
            return _prove(level, preload, reasons)
        except ZygoteFailed as problem:
            raise SandboxUnavailable(f"the sandbox cannot start: {problem}", hint=MEND) from problem
        except LayersFailed as problem:
            reasons[level] = str(problem)
            level = _best_without(problem.layers, below=level)
    if weak_allowed(allow_weak):
        _log.warning("untrusted code runs WITHOUT isolation (level R0), as was allowed; results are marked R0")
        return WeakSlot(), _isolation("R0", None, {}, reasons)
    raise SandboxUnavailable(_refusal(reasons, min_level), hint=HINT)


def _prove(level: Level, preload: Sequence[str], reasons: Mapping[str, str]) -> tuple[SandboxSlot, Isolation]:
    """A zygote of this level that passed the self-test. Raises LayersFailed with what to do without, and ZygoteFailed
    where something ran out, of which a lower level would not have more."""
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
    struck = struck_layers(level, table)
    if struck:
        zygote.close()
        raise LayersFailed(f"the self-test found no effect of {', '.join(struck)}", struck)
    return zygote, _isolation(level, zygote, table, reasons)


def start_slot(level: Level, preload: Sequence[str]) -> SandboxSlot:
    """Another slot at a level already found; raises ZygoteFailed rather than settle for less."""
    return WeakSlot() if level == "R0" else start_zygote(level, preload)


def start_zygote(level: Level, preload: Sequence[str]) -> ZygoteProcess:
    """A zygote with the layers of its level; raises ZygoteFailed."""
    readable, paths = readable_paths(preload)
    try:
        return ZygoteProcess(level, preload, readable, paths)
    except OSError as problem:
        short = shortage(problem) or "; ".join(tight_limits()) or None
        raise ZygoteFailed(f"a zygote cannot be started: {problem}", short) from problem


def _best_without(struck: Sequence[str], below: Level) -> Level | None:
    """The best level under this one that rests on none of the layers struck off."""
    candidates = LADDER[LADDER.index(below) + 1 :]
    return next((level for level in candidates if not set(struck) & set(LAYERS[level])), None)


def _isolation(
    level: Level, zygote: ZygoteProcess | None, table: Mapping[str, bool | str], reasons: Mapping[str, str]
) -> Isolation:
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    abi = int(str(zygote.report["landlock_abi"])) if zygote else 0
    return Isolation(level, LAYERS.get(level, ()), abi, kernel, table, SELF_TEST_SHA, reasons)


def _refusal(reasons: Mapping[str, str], min_level: Level) -> str:
    told = "; ".join(f"{level}: {reason}" for level, reason in reasons.items())
    return f"untrusted code needs isolation of level {min_level}, which cannot be had here ({told})"


def isolation_report() -> dict[str, object]:
    """What `agentprop doctor` prints: the level in force, each layer with why not, the self-test's table."""
    try:
        slot, isolation = climb((), "L1", "L3", allow_weak=True)
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
    """The reason of the lowest failed level that would have used the layer."""
    told = [reason for level, reason in reasons.items() if layer in LAYERS.get(level, LAYERS["L3"])]  # type: ignore[call-overload]
    return told[-1] if told else "not tried"
