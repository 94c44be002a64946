"""Policy of system calls: a profile and a pid → a BPF program. Calls that are not named are refused.

pure      no path can be opened for writing or changed, whatever Landlock and the mounts allow
scratch   paths may be changed, where Landlock and a small tmpfs allow it
program   as scratch, and processes may be started, only inside the call's own pid namespace
no-open   as pure, and no path can be opened or inspected: for machines where seccomp is the only layer
"""

from __future__ import annotations

import errno
import struct
from typing import Literal

from .bpf import ALLOW, ArgumentTest, Check, SyscallRule, assemble, errno_action
from .syscalls import ARCHITECTURES

Profile = Literal["pure", "scratch", "program", "no-open"]

OWN_PID = 0x7A1D0F0D
"""Stands for the child's pid in an assembled program, until `for_pid` fills in the real one."""

DENY = SyscallRule(errno_action(errno.EPERM))
ABSENT = SyscallRule(errno_action(errno.ENOSYS))
PERMIT = SyscallRule(ALLOW)

CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020080
"""CLONE_NEWNS to CLONE_NEWNET, CLONE_NEWCGROUP and CLONE_NEWTIME."""
WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000
"""O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND and the O_TMPFILE bit."""
O_ASYNC = 0o20000
F_SETFL = 4
HARMLESS_FCNTL = (0, 1, 2, 3, 5, 6, 7, 36, 37, 38, 1030, 1032)
"""Commands for duplicates, flags, locks and pipe size; not F_SETOWN or F_SETSIG, which send signals to others."""
HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
PR_SET_NAME, PR_GET_NAME = 15, 16
AF_UNIX = 1
MSG_OOB = 1

LOOKING_NAMES = """
open openat stat lstat statx newfstatat access faccessat faccessat2 readlink readlinkat getdents getdents64
chdir fchdir statfs
"""
CHANGING_NAMES = """
creat rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink symlinkat truncate
copy_file_range sendfile fallocate
"""
LOOKING = frozenset(LOOKING_NAMES.split())
"""Calls that look at paths. newfstatat and statx also serve plain fstat, but a filter cannot see an empty path."""
CHANGING = frozenset(CHANGING_NAMES.split())
STARTING = frozenset(("fork", "vfork", "execve", "execveat"))


def _only(argument: int, values: tuple[int, ...]) -> SyscallRule:
    checks = tuple(Check((ArgumentTest(argument, "equal", value),), ALLOW) for value in values)
    return SyscallRule(DENY.otherwise, checks)


def _refuse_bits(argument: int, bits: int, code: int) -> SyscallRule:
    return SyscallRule(ALLOW, (Check((ArgumentTest(argument, "any-bit", bits),), errno_action(code)),))


def _clone(profile: Profile) -> SyscallRule:
    new_namespace = Check((ArgumentTest(0, "any-bit", CLONE_NAMESPACES),), DENY.otherwise)
    if profile == "program":
        return SyscallRule(ALLOW, (new_namespace,))
    return SyscallRule(
        errno_action(errno.EAGAIN), (new_namespace, Check((ArgumentTest(0, "any-bit", CLONE_THREAD),), ALLOW))
    )


def _fcntl() -> SyscallRule:
    asynchronous = Check((ArgumentTest(1, "equal", F_SETFL), ArgumentTest(2, "any-bit", O_ASYNC)), DENY.otherwise)
    status_flags = Check((ArgumentTest(1, "equal", F_SETFL),), ALLOW)
    return SyscallRule(DENY.otherwise, (asynchronous, status_flags, *_only(1, HARMLESS_FCNTL).checks))


def _sendto() -> SyscallRule:
    """Return the rule of sendto: data on a connected socket only, without urgent data or an address."""
    urgent = Check((ArgumentTest(3, "any-bit", MSG_OOB),), DENY.otherwise)
    addressed = tuple(Check((ArgumentTest(4, "differs", 0, high),), DENY.otherwise) for high in (False, True))
    return SyscallRule(ALLOW, (urgent, *addressed))


def _opening(profile: Profile) -> dict[str, SyscallRule]:
    if profile == "no-open":
        return dict.fromkeys(LOOKING, SyscallRule(errno_action(errno.ENOENT)))
    if profile == "pure":
        return {"open": _refuse_bits(1, WRITING, errno.EROFS), "openat": _refuse_bits(2, WRITING, errno.EROFS)}
    return {}


def rules_by_name(profile: Profile) -> dict[str, SyscallRule]:
    """Return the rule of every system call with a known number; all others are refused."""
    own_pid = PERMIT if profile == "program" else _only(0, (OWN_PID,))
    rules = dict.fromkeys((name for table in ARCHITECTURES.values() for name in table.numbers), PERMIT)
    rules |= {
        "clone": _clone(profile),
        "clone3": ABSENT,  # its flags are in memory, which a filter cannot read; libc then uses clone
        "openat2": ABSENT,
        "fcntl": _fcntl(),
        "ioctl": _only(1, HARMLESS_IOCTL),
        "prctl": _only(0, (PR_SET_NAME, PR_GET_NAME)),
        "prlimit64": _only(0, (0, OWN_PID)),
        "kill": own_pid,
        "tgkill": own_pid,
        "socketpair": _only(0, (AF_UNIX,)),
        "sendto": _sendto(),
        "recvfrom": _refuse_bits(3, MSG_OOB, errno.EPERM),
    }
    rules |= _opening(profile)
    if profile in ("pure", "no-open"):
        rules |= dict.fromkeys(CHANGING, DENY)
    if profile != "program":
        rules |= dict.fromkeys(STARTING, DENY)
        rules |= dict.fromkeys(("fork", "vfork"), SyscallRule(errno_action(errno.EAGAIN)))
    return rules


def build_program(profile: Profile, machine: str) -> bytes:
    """Assemble the BPF program of a profile, with `OWN_PID` in place of the child's pid."""
    table = ARCHITECTURES[machine]
    rules = {table.numbers[name]: rule for name, rule in rules_by_name(profile).items() if name in table.numbers}
    return assemble(table.audit, rules, known=DENY, unknown=ABSENT, last_known=table.last_known)


def for_pid(program: bytes, pid: int) -> bytes:
    """Return the program with a child's pid filled in."""
    return program.replace(struct.pack("<I", OWN_PID), struct.pack("<I", pid))
