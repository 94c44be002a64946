"""A forked process becomes a confined one: every layer goes on, one byte says so, and only then is the body read.

The first byte on the result pipe is `S` once the last layer is on, or `F` and a reason. No untrusted byte has been
read before it, so nothing a body does later can forge or remove it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import landlock, linux, mounts, pair, policy
from .bodies import run_body
from .protocol import ENTERED, FAILED, PROFILES, ChildLimits
from .runner import RESULT_FD

BODY_FD = 4
RULESET_FD = 5
PEER_FD = 6
FIRST_UNUSED_FD = 7
STACK_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Kit:
    """What the zygote prepares once and every child puts on."""

    layers: frozenset[str]
    """Of namespaces, landlock, seccomp."""
    base_bytes: int
    """Address space of the zygote itself; a body's allowance comes on top."""
    filters: Mapping[str, bytes] = field(default_factory=dict)
    """Profile → BPF program, with the child's pid still to be put in."""
    rulesets: dict[str, int] = field(default_factory=dict)
    """Profile → Landlock ruleset descriptor."""


def live_and_die(limits: ChildLimits, descriptors: list[int], kit: Kit) -> None:
    """Confine this process, run the body, exit. Never returns."""
    try:
        profile = PROFILES[limits.profile]
        try:
            _confine(profile, limits, descriptors, kit)
        except Exception as problem:
            os.write(RESULT_FD, FAILED + str(problem).encode()[:500])
            os._exit(1)
        os.write(RESULT_FD, ENTERED)
        body = json.loads(_read_body())
        if body["mode"] in ("candidate", "tests"):
            os.dup2(PEER_FD, pair.PEER_FD, inheritable=False)
            os.close(PEER_FD)
        run_body(body)
    finally:
        os._exit(0)


def _confine(profile: str, limits: ChildLimits, descriptors: list[int], kit: Kit) -> None:
    _arrange_descriptors(descriptors, kit.rulesets.get(profile))
    os.setsid()
    linux.prctl(linux.PR_SET_PDEATHSIG, 9)
    linux.exit_at(signal.SIGABRT)
    _limit(limits, kit)
    os.umask(0o077)
    os.chdir(mounts.SCRATCH if profile in ("scratch", "program") else "/")
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in kit.layers:
        with _named("landlock"):
            landlock.restrict_self(RULESET_FD)
        os.close(RULESET_FD)
    linux.drop_capabilities()
    with _named("seccomp"):
        linux.install_filter(linux.load_filter(policy.for_pid(kit.filters[profile], os.getpid())))


@contextmanager
def _named(layer: str) -> Iterator[None]:
    """Put the layer's name before the reason it fails for."""
    try:
        yield
    except OSError as problem:
        raise OSError(f"{layer}: {problem}") from problem


def _arrange_descriptors(descriptors: list[int], ruleset: int | None) -> None:
    """0 to 3 are the body's own; everything the zygote has besides is closed."""
    body, stdin, stdout, stderr, result, *peer = descriptors
    places = [(stdin, 0), (stdout, 1), (stderr, 2), (result, RESULT_FD), (body, BODY_FD)]
    places += [] if ruleset is None else [(ruleset, RULESET_FD)]
    places += [(peer[0], PEER_FD)] if peer else []
    for source, place in places:
        os.dup2(source, place, inheritable=False)
    linux.close_from(FIRST_UNUSED_FD)
    for place in {RULESET_FD, PEER_FD} - {place for _, place in places}:
        os.close(place)  # the zygote keeps every low number occupied


def _limit(limits: ChildLimits, kit: Kit) -> None:
    """Soft and hard alike: as pid 1 of its namespace a child would ignore the soft limits' signals.

    None is raised above what was inherited, which nobody may who is not root, and nobody should.
    """
    for kind, value in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, kit.base_bytes + limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _lower(kind, value)
    if "namespaces" in kit.layers:
        # Without a user namespace this would count every process of the user.
        _lower(resource.RLIMIT_NPROC, limits.processes)


def _lower(kind: int, value: int) -> None:
    soft, _ = resource.getrlimit(kind)
    value = value if soft == resource.RLIM_INFINITY else min(value, soft)
    resource.setrlimit(kind, (value, value))


def _read_body() -> bytes:
    parts = []
    while part := os.read(BODY_FD, 1 << 20):
        parts.append(part)
    os.close(BODY_FD)
    return b"".join(parts)
