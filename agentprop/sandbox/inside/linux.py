"""Linux calls that Python 3.11 lacks, as functions that raise OSError."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

MACHINE = platform.machine()

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2

NR_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}.get(MACHINE, -1)
NR_CAPSET = {"x86_64": 126, "aarch64": 91}.get(MACHINE, -1)
NR_CLOSE_RANGE = 436

_CAPABILITY_HEADER = struct.pack("<Ii", 0x20080522, 0)
_NO_CAPABILITIES = bytes(24)

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def check(result: int, what: str) -> int:
    """Return the result of a call; raise its errno as an OSError that names the call if it is negative."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make a system call and return its raw result; negative, with errno set, if it failed."""
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


def prctl(option: int, value: int = 0) -> int:
    """Call `prctl(option, value, 0, 0, 0)`."""
    return check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl({option})")


def exit_at(number: int) -> None:
    """Let a signal end this process with its number as the exit code.

    As pid 1 of its namespace a process ignores signals without a handler of its own, so that an abort would go on to
    the instruction that cannot be executed, and look like one.
    """
    _libc.signal.restype = ctypes.c_void_p
    _libc.signal(ctypes.c_int(number), ctypes.cast(_libc._exit, ctypes.c_void_p))


def unshare(flags: int) -> None:
    """Move this process to new namespaces, given by CLONE_NEW* flags."""
    check(_libc.unshare(ctypes.c_int(flags)), f"unshare({flags:#x})")


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace of this kind that a descriptor (a pidfd or namespace file) refers to."""
    check(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(kind)), f"setns({kind:#x})")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Call `mount(2)`."""
    texts = [None if text is None else text.encode() for text in (source, target, kind)]
    last = None if options is None else options.encode()
    check(_libc.mount(*texts, ctypes.c_ulong(flags), last), f"mount {source or kind} on {target}")


def unmount(target: str, flags: int = MNT_DETACH) -> None:
    """Call `umount2(2)`, by default lazily."""
    check(_libc.umount2(target.encode(), ctypes.c_int(flags)), f"umount {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Swap the root of this mount namespace."""
    check(syscall(NR_PIVOT_ROOT, ctypes.c_char_p(new_root.encode()), ctypes.c_char_p(put_old.encode())), "pivot_root")


def close_from(first: int) -> None:
    """Close every descriptor from `first` upwards."""
    check(syscall(NR_CLOSE_RANGE, ctypes.c_uint(first), ctypes.c_uint(0xFFFFFFFF), ctypes.c_uint(0)), "close_range")


def drop_bounding_set() -> None:
    """Drop all capabilities from the bounding set of this process and its children, as far as permitted."""
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break


def drop_capabilities() -> None:
    """Empty the ambient, effective, permitted and inheritable sets."""
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header, nothing = ctypes.c_char_p(_CAPABILITY_HEADER), ctypes.c_char_p(_NO_CAPABILITIES)
    check(syscall(NR_CAPSET, header, nothing), "capset")


class FilterProgram(ctypes.Structure):
    """A BPF program as the kernel takes it: `struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def load_filter(code: bytes) -> FilterProgram:
    """Prepare assembled BPF instructions for installation; the bytes live as long as the returned program."""
    buffer = ctypes.create_string_buffer(code, len(code))
    program = FilterProgram(len(code) // 8, ctypes.addressof(buffer))
    program.keep_alive = buffer
    return program


def install_filter(program: FilterProgram) -> None:
    """Apply a filter to the calling thread for good."""
    outcome = _libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(program), 0, 0)
    check(outcome, "prctl(SET_SECCOMP)")
