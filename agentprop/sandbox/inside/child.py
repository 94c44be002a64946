"""A forked process → a confined one: it applies every layer, reports that by one byte, and only then reads the body.

The first byte on the result pipe is `S` once the last layer is in force, or `F` followed by a reason. No untrusted byte
is read before it, so a body can neither forge nor remove it.
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
class Confinement:
    """Confinement that the zygote prepares once and every child applies."""

    layers: frozenset[str]
    """Layers in force, of namespaces, landlock and seccomp."""
    base_bytes: int
    """Address space of the zygote itself in bytes; a body's allowance is added to it."""
    filters: Mapping[str, bytes] = field(default_factory=dict)
    """BPF program by profile, in which the child's pid is still to be filled in."""
    rulesets: dict[str, int] = field(default_factory=dict)
    """Descriptor of the Landlock ruleset by profile."""


def run_child(limits: ChildLimits, descriptors: list[int], confinement: Confinement) -> None:
    """Confine this process, run the body and exit. Never returns."""
    try:
        profile = PROFILES[limits.profile]
        try:
            _confine(profile, limits, descriptors, confinement)
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


def _confine(profile: str, limits: ChildLimits, descriptors: list[int], confinement: Confinement) -> None:
    _arrange_descriptors(descriptors, confinement.rulesets.get(profile))
    os.setsid()
    linux.prctl(linux.PR_SET_PDEATHSIG, 9)
    linux.exit_at(signal.SIGABRT)
    _limit(limits, confinement)
    os.umask(0o077)
    os.chdir(mounts.SCRATCH if profile in ("scratch", "program") else "/")
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    if "landlock" in confinement.layers:
        with _named("landlock"):
            landlock.restrict_self(RULESET_FD)
        os.close(RULESET_FD)
    linux.drop_capabilities()
    with _named("seccomp"):
        linux.install_filter(linux.load_filter(policy.for_pid(confinement.filters[profile], os.getpid())))


@contextmanager
def _named(layer: str) -> Iterator[None]:
    """Prefix errors of the block with the layer's name."""
    try:
        yield
    except OSError as problem:
        raise OSError(f"{layer}: {problem}") from problem


def _arrange_descriptors(descriptors: list[int], ruleset: int | None) -> None:
    """Move descriptors to their places, 0 to 3 for the body; close all others that the zygote has."""
    body, stdin, stdout, stderr, result, *peer = descriptors
    places = [(stdin, 0), (stdout, 1), (stderr, 2), (result, RESULT_FD), (body, BODY_FD)]
    places += [] if ruleset is None else [(ruleset, RULESET_FD)]
    places += [(peer[0], PEER_FD)] if peer else []
    for source, place in places:
        os.dup2(source, place, inheritable=False)
    linux.close_from(FIRST_UNUSED_FD)
    for place in {RULESET_FD, PEER_FD} - {place for _, place in places}:
        os.close(place)  # the zygote keeps all low numbers occupied


def _limit(limits: ChildLimits, confinement: Confinement) -> None:
    """Set soft and hard resource limits: as pid 1 of its namespace a child would ignore the signals of soft limits."""
    for kind, value in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, confinement.base_bytes + limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _lower(kind, value)
    if "namespaces" in confinement.layers:
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
