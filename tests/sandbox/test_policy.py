"""The filters say what the policy says: every program is run here by a small interpreter, for both architectures."""

from __future__ import annotations

import errno
import struct

import pytest

from agentprop.sandbox.inside.bpf import (
    ALLOW,
    JUMP,
    JUMP_ANY_BIT,
    JUMP_EQUAL,
    JUMP_GREATER_EQUAL,
    KILL_PROCESS,
    LOAD,
    RETURN,
    errno_action,
)
from agentprop.sandbox.inside.policy import OWN_PID, Profile, build_program, for_pid
from agentprop.sandbox.inside.syscalls import ARCHITECTURES

PID = 7
PERM, NOSYS = errno_action(errno.EPERM), errno_action(errno.ENOSYS)
AGAIN, ROFS, NOENT = errno_action(errno.EAGAIN), errno_action(errno.EROFS), errno_action(errno.ENOENT)
PROFILES: tuple[Profile, ...] = ("pure", "scratch", "program", "no-open")


def evaluate(program: bytes, architecture: int, number: int, arguments: tuple[int, ...] = ()) -> int:
    """Return the kernel's answer to this system call, by interpreting the program."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    position, accumulator = 0, 0
    while True:
        code, true, false, operand = struct.unpack_from("<HBBI", program, 8 * position)
        position += 1
        if code == RETURN:
            return int(operand)
        if code == LOAD:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == JUMP:
            position += operand
        else:
            holds = {
                JUMP_EQUAL: accumulator == operand,
                JUMP_GREATER_EQUAL: accumulator >= operand,
                JUMP_ANY_BIT: bool(accumulator & operand),
            }[code]
            position += true if holds else false


def ask(profile: Profile, name: str | int, *arguments: int, machine: str = "x86_64") -> int:
    table = ARCHITECTURES[machine]
    number = name if isinstance(name, int) else table.numbers[name]
    return evaluate(for_pid(build_program(profile, machine), PID), table.audit, number, arguments)


HIGH = 1 << 32
WRITE_FLAGS = (0o1, 0o2, 0o100, 0o1000, 0o2000, 0o20200000)
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE."""
NAMESPACE_FLAGS = (0x10000000, 0x20000, 0x40000000, 0x80)
ANSWERS = [
    # profile, system call, arguments, answer
    ("pure", "read", (), ALLOW),
    ("pure", "openat", (0, 0, 0), ALLOW),
    *[("pure", "openat", (0, 0, flag), ROFS) for flag in WRITE_FLAGS],
    ("scratch", "openat", (0, 0, 0o101), ALLOW),
    ("no-open", "openat", (0, 0, 0), NOENT),
    ("no-open", "newfstatat", (0, 0, 0, 0x1000), NOENT),
    ("no-open", "statx", (0, 0, 0x1000), NOENT),
    ("no-open", "fstat", (0,), ALLOW),
    ("pure", "clone", (0x3D0F00,), ALLOW),
    ("pure", "clone", (17,), AGAIN),
    ("program", "clone", (17,), ALLOW),
    *[(profile, "clone", (flag | 0x10000,), PERM) for profile in PROFILES for flag in NAMESPACE_FLAGS],
    ("program", "clone3", (), NOSYS),
    ("pure", "openat2", (), NOSYS),
    ("pure", "kill", (PID, 9), ALLOW),
    ("pure", "kill", (PID + 1, 9), PERM),
    ("pure", "kill", (0xFFFFFFFF, 9), PERM),
    ("pure", "tgkill", (PID, PID, 6), ALLOW),
    ("pure", "prlimit64", (0,), ALLOW),
    ("pure", "prlimit64", (PID + 1,), PERM),
    ("pure", "fcntl", (3, 4, 0o4000), ALLOW),
    ("pure", "fcntl", (3, 4, 0o20000), PERM),
    ("pure", "fcntl", (3, 1, 0o20000), ALLOW),
    ("pure", "fcntl", (3, 8, 1), PERM),
    ("pure", "fcntl", (3, 10, 9), PERM),
    ("pure", "ioctl", (0, 0x5413), ALLOW),
    ("pure", "ioctl", (0, 0x5412), PERM),
    ("pure", "prctl", (15,), ALLOW),
    ("pure", "prctl", (4,), PERM),
    ("pure", "socketpair", (1,), ALLOW),
    ("pure", "socketpair", (2,), PERM),
    ("pure", "sendto", (3, 1, 1, 0, 0), ALLOW),
    ("pure", "sendto", (3, 1, 1, 1, 0), PERM),
    ("pure", "sendto", (3, 1, 1, 0, 8), PERM),
    ("pure", "sendto", (3, 1, 1, 0, HIGH), PERM),
    ("pure", "recvfrom", (3, 1, 1, 1), PERM),
]


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(("profile", "name", "arguments", "answer"), ANSWERS)
def test_the_filter_answers_as_the_policy_says(
    machine: str, profile: Profile, name: str, arguments: tuple[int, ...], answer: int
) -> None:
    assert ask(profile, name, *arguments, machine=machine) == answer


@pytest.mark.parametrize("name", ["fork", "vfork"])
def test_forks_look_like_a_full_machine(name: str) -> None:
    assert (ask("pure", name), ask("program", name)) == (AGAIN, ALLOW)


@pytest.mark.parametrize("name", ["mkdir", "rename", "unlink", "symlink", "link", "truncate", "creat", "renameat2"])
def test_only_scratch_changes_paths(name: str) -> None:
    assert (ask("pure", name), ask("no-open", name), ask("scratch", name)) == (PERM, PERM, ALLOW)


@pytest.mark.parametrize("profile", PROFILES)
def test_another_architecture_is_killed(profile: Profile) -> None:
    program = build_program(profile, "x86_64")
    assert evaluate(program, 0x40000003, 20) == KILL_PROCESS
    assert evaluate(program, ARCHITECTURES["aarch64"].audit, 172) == KILL_PROCESS


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_number_that_is_not_listed_is_refused(profile: Profile, machine: str) -> None:
    table = ARCHITECTURES[machine]
    program = for_pid(build_program(profile, machine), PID)
    listed = set(table.numbers.values())
    for number in range(table.last_known + 1):
        if number not in listed:
            assert evaluate(program, table.audit, number) == PERM
    for number in (table.last_known + 1, 900, 0x40000000, 0x40000001, 0xFFFFFFFF):
        assert evaluate(program, table.audit, number) == NOSYS


def test_dangerous_names_are_on_no_list() -> None:
    names = {name for table in ARCHITECTURES.values() for name in table.numbers}
    dangerous = {"socket", "connect", "bind", "ptrace", "bpf", "mount", "unshare", "setns", "keyctl", "io_uring_setup"}
    assert not names & dangerous


def test_a_program_fits_the_kernel_and_holds_one_pid() -> None:
    for profile in PROFILES:
        program = build_program(profile, "x86_64")
        assert len(program) // 8 <= 4096
        assert struct.pack("<I", OWN_PID) not in for_pid(program, PID)
