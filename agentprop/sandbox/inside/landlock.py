"""Landlock: two lists of paths → a ruleset that a child applies to itself and can never remove."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from .linux import check, syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RULE_PATH_BENEATH = 1

EXECUTE = 1 << 0
WRITE_FILE = 1 << 1
READ_FILE = 1 << 2
READ_DIR = 1 << 3
MAKE_CHAR = 1 << 6
MAKE_SOCK = 1 << 9
MAKE_BLOCK = 1 << 11
TRUNCATE = 1 << 14
IOCTL_DEV = 1 << 15
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """Return the Landlock ABI of this kernel; 0 if there is none."""
    return max(0, syscall(CREATE_RULESET, ctypes.c_void_p(None), ctypes.c_size_t(0), ctypes.c_uint(1)))


def filesystem_rights(abi: int) -> int:
    """Return all filesystem rights that this ABI can deny."""
    newest = 12 + (abi >= 2) + (abi >= 3) + (abi >= 5)
    return (1 << (newest + 1)) - 1


def create_ruleset(readable: Iterable[str], writable: Iterable[str] = (), *, executable: bool = False) -> int:
    """Create a ruleset that denies all this kernel can deny, except reading and writing below the given paths."""
    abi = version()
    rights = filesystem_rights(abi)
    handled = struct.pack("<QQQ", rights, BIND_AND_CONNECT_TCP, ABSTRACT_SOCKETS_AND_SIGNALS)
    handled = handled[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    size = ctypes.c_size_t(len(handled))
    created = syscall(CREATE_RULESET, ctypes.c_char_p(handled), size, ctypes.c_uint(0))
    ruleset = check(created, "landlock_create_ruleset")
    execute = EXECUTE if executable else 0
    for path in readable:
        _allow(ruleset, path, READ_FILE | READ_DIR | execute)
    for path in writable:
        _allow(ruleset, path, rights & ~(EXECUTE | MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK | IOCTL_DEV) | execute)
    return ruleset


def _allow(ruleset: int, path: str, rights: int) -> None:
    anchor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(anchor).st_mode):
            rights &= FILE_RIGHTS
        rule = ctypes.c_char_p(struct.pack("<Qi", rights, anchor))
        added = syscall(ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(RULE_PATH_BENEATH), rule, ctypes.c_uint(0))
        check(added, f"landlock_add_rule {path}")
    finally:
        os.close(anchor)


def restrict_self(ruleset: int) -> None:
    """Apply a ruleset to the calling thread."""
    check(syscall(RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0)), "landlock_restrict_self")
