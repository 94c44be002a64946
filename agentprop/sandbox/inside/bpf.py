"""A seccomp policy as plain data → a classic BPF program.

A policy gives a `SyscallRule` for each system call number: its checks on arguments are made in order, the first that
holds decides, and else `otherwise`. Numbers are found by binary search, because the kernel runs the program for every
number when it is installed, and a chain of comparisons takes twice as long there. For the numbers 0 and 1 only, with
EPERM for 0, and for 1 EACCES if argument 0 is 2 and argument 1 has bit 8, else ALLOW, the program is:

     0  load the architecture               10  jump to 18            numbers from 2 on
     1  equal: to 3, else to 2              11  return EPERM          the rule of 0
     2  return KILL_PROCESS                 12  load argument 0       the rule of 1
     3  load the number                     13  equal to 2: to 14, else to 17
     4  at least 1: to 5, else to 6         14  load argument 1
     5  jump to 7                           15  bit 8 set: to 16, else to 17
     6  jump to 11            number 0      16  return EACCES
     7  at least 2: to 8, else to 9         17  return ALLOW
     8  jump to 10                          18  return ENOSYS         the rule of unknown numbers
     9  jump to 12            number 1
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

# Constants of linux/seccomp.h, linux/bpf_common.h and struct seccomp_data.
ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000

LOAD, JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_ANY_BIT, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET = 0, 4, 16


def errno_action(code: int) -> int:
    """Return the action that makes a system call fail with this errno."""
    return 0x00050000 | code


@dataclass(frozen=True, slots=True)
class ArgumentTest:
    """Test of one 32-bit half of one argument."""

    argument: int
    """Index of the argument, 0 to 5."""
    operator: Literal["equal", "differs", "any-bit"]
    """Comparison with the operand; `any-bit` holds if the two have a bit in common."""
    operand: int
    """Operand, 32 bits."""
    high: bool = False
    """Test the upper half of the 64-bit argument instead of the lower."""

    @property
    def offset(self) -> int:
        """Offset of the tested half in struct seccomp_data, bytes."""
        # Little-endian, as both architectures of the policy are: the lower half comes first.
        return ARGUMENTS_OFFSET + 8 * self.argument + (4 if self.high else 0)


@dataclass(frozen=True, slots=True)
class Check:
    """Action to take if every test holds."""

    tests: tuple[ArgumentTest, ...]
    action: int


@dataclass(frozen=True, slots=True)
class SyscallRule:
    """Rule for one system call."""

    otherwise: int
    """Action if no check holds."""
    checks: tuple[Check, ...] = ()
    """Checks in order; the first that holds decides."""


@dataclass(frozen=True, slots=True)
class _Instruction:
    """Instruction whose jump targets are labels."""

    code: int
    operand: int = 0
    if_true: str | None = None
    if_false: str | None = None


class _Assembler:
    """Assembler of instructions with symbolic forward jumps, which are resolved once every label is known."""

    def __init__(self) -> None:
        self.instructions: list[_Instruction] = []
        self.labels: dict[str, int] = {}
        self._fresh = 0

    def fresh(self) -> str:
        """Return a new label."""
        self._fresh += 1
        return f"L{self._fresh}"

    def mark(self, label: str) -> None:
        """Place a label at the next instruction."""
        self.labels[label] = len(self.instructions)

    def add(self, code: int, operand: int = 0, if_true: str | None = None, if_false: str | None = None) -> None:
        """Add an instruction."""
        self.instructions.append(_Instruction(code, operand, if_true, if_false))

    def packed(self) -> bytes:
        """Return the program as an array of struct sock_filter. Raises ValueError if a jump is too far."""
        return b"".join(self._pack(position, item) for position, item in enumerate(self.instructions))

    def _distance(self, position: int, label: str | None) -> int:
        # Jumps are relative to the following instruction; an instruction without labels does not jump.
        return 0 if label is None else self.labels[label] - position - 1

    def _pack(self, position: int, item: _Instruction) -> bytes:
        true, false = self._distance(position, item.if_true), self._distance(position, item.if_false)
        if item.code == JUMP:  # an unconditional jump has its distance in the operand, of 32 bits
            return struct.pack("<HBBI", JUMP, 0, 0, true)
        if not (0 <= true < 256 and 0 <= false < 256):
            raise ValueError(f"conditional jump out of range at instruction {position}")
        return struct.pack("<HBBI", item.code, true, false, item.operand & 0xFFFFFFFF)


def assemble(
    architecture: int, rules: Mapping[int, SyscallRule], known: SyscallRule, unknown: SyscallRule, last_known: int
) -> bytes:
    """Assemble the program; numbers without a rule get `known` up to `last_known`, and `unknown` above it."""
    assembler = _Assembler()
    # A foreign architecture has other numbers, so a call by it must end the process before any number is looked at.
    native = assembler.fresh()
    foreign = assembler.fresh()
    assembler.add(LOAD, ARCHITECTURE_OFFSET)
    assembler.add(JUMP_EQUAL, architecture, native, foreign)
    assembler.mark(foreign)
    assembler.add(RETURN, KILL_PROCESS)
    assembler.mark(native)
    assembler.add(LOAD, NUMBER_OFFSET)
    # Numbers under equal rules share one copy of its code.
    labels: dict[SyscallRule, str] = {}
    _search(assembler, _intervals(rules, known, unknown, last_known), labels)
    for rule, label in labels.items():
        assembler.mark(label)
        _decide(assembler, rule)
    return assembler.packed()


def _intervals(
    rules: Mapping[int, SyscallRule], known: SyscallRule, unknown: SyscallRule, last_known: int
) -> list[tuple[int, SyscallRule]]:
    """Return (first number, rule) of each maximal run of numbers under the same rule."""
    every = [(number, rules.get(number, known)) for number in range(last_known + 1)] + [(last_known + 1, unknown)]
    return [next(run) for _, run in groupby(every, key=lambda pair: pair[1])]


def _search(assembler: _Assembler, intervals: list[tuple[int, SyscallRule]], labels: dict[SyscallRule, str]) -> None:
    """Emit a binary search for the loaded number that jumps to the label of its rule."""
    if len(intervals) == 1:
        assembler.add(JUMP, 0, labels.setdefault(intervals[0][1], f"rule{len(labels)}"))
        return
    middle = len(intervals) // 2
    near, far, lower = assembler.fresh(), assembler.fresh(), assembler.fresh()
    assembler.add(JUMP_GREATER_EQUAL, intervals[middle][0], near, lower)
    # A conditional jump reaches only 255 instructions; this unconditional one reaches any distance.
    assembler.mark(near)
    assembler.add(JUMP, 0, far)
    assembler.mark(lower)
    _search(assembler, intervals[:middle], labels)
    assembler.mark(far)
    _search(assembler, intervals[middle:], labels)


def _decide(assembler: _Assembler, rule: SyscallRule) -> None:
    """Emit the code of a rule: each failed test skips to the next check."""
    for check in rule.checks:
        following = assembler.fresh()
        for test in check.tests:
            holds = assembler.fresh()
            code = JUMP_ANY_BIT if test.operator == "any-bit" else JUMP_EQUAL
            # There is no jump for "differs": swap the targets of "equal".
            ways = (following, holds) if test.operator == "differs" else (holds, following)
            assembler.add(LOAD, test.offset)
            assembler.add(code, test.operand, *ways)
            assembler.mark(holds)
        assembler.add(RETURN, check.action)
        assembler.mark(following)
    assembler.add(RETURN, rule.otherwise)
