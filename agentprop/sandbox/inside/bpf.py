"""A seccomp policy as plain data becomes a classic BPF program.

A policy says, per system call number, a `SyscallRule`: checks on arguments in order, the first that holds decides, else
`otherwise`. Numbers are found by binary search, because the kernel runs the program once for every number when it
is installed, and a chain of comparisons takes twice as long there.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000

LOAD, JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_ANY_BIT, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENTS_OFFSET = 0, 4, 16


def errno_action(code: int) -> int:
    """The action that makes a system call fail with this errno."""
    return 0x00050000 | code


@dataclass(frozen=True, slots=True)
class ArgumentTest:
    """One question about one 32-bit half of one argument."""

    argument: int
    """0 to 5."""
    operator: Literal["equal", "differs", "any-bit"]
    operand: int
    high: bool = False
    """Whether the upper half of the 64-bit argument is meant."""

    @property
    def offset(self) -> int:
        return ARGUMENTS_OFFSET + 8 * self.argument + (4 if self.high else 0)


@dataclass(frozen=True, slots=True)
class Check:
    """If every test holds, the action is the answer."""

    tests: tuple[ArgumentTest, ...]
    action: int


@dataclass(frozen=True, slots=True)
class SyscallRule:
    """What happens to one system call."""

    otherwise: int
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class _Instruction:
    code: int
    operand: int = 0
    if_true: str | None = None
    if_false: str | None = None


class _Assembler:
    """Instructions with symbolic forward jumps, packed once every label is known."""

    def __init__(self) -> None:
        self.instructions: list[_Instruction] = []
        self.labels: dict[str, int] = {}
        self._fresh = 0

    def fresh(self) -> str:
        self._fresh += 1
        return f"L{self._fresh}"

    def mark(self, label: str) -> None:
        self.labels[label] = len(self.instructions)

    def add(self, code: int, operand: int = 0, if_true: str | None = None, if_false: str | None = None) -> None:
        self.instructions.append(_Instruction(code, operand, if_true, if_false))

    def packed(self) -> bytes:
        return b"".join(self._pack(position, item) for position, item in enumerate(self.instructions))

    def _distance(self, position: int, label: str | None) -> int:
        return 0 if label is None else self.labels[label] - position - 1

    def _pack(self, position: int, item: _Instruction) -> bytes:
        true, false = self._distance(position, item.if_true), self._distance(position, item.if_false)
        if item.code == JUMP:
            return struct.pack("<HBBI", JUMP, 0, 0, true)
        if not (0 <= true < 256 and 0 <= false < 256):
            raise ValueError(f"conditional jump out of range at instruction {position}")
        return struct.pack("<HBBI", item.code, true, false, item.operand & 0xFFFFFFFF)


def assemble(
    architecture: int, rules: Mapping[int, SyscallRule], known: SyscallRule, unknown: SyscallRule, last_known: int
) -> bytes:
    """The program: a foreign architecture kills, `rules` decide, other numbers get `known` or `unknown`."""
    assembler = _Assembler()
    native = assembler.fresh()
    foreign = assembler.fresh()
    assembler.add(LOAD, ARCHITECTURE_OFFSET)
    assembler.add(JUMP_EQUAL, architecture, native, foreign)
    assembler.mark(foreign)
    assembler.add(RETURN, KILL_PROCESS)
    assembler.mark(native)
    assembler.add(LOAD, NUMBER_OFFSET)
    labels: dict[SyscallRule, str] = {}
    _search(assembler, _intervals(rules, known, unknown, last_known), labels)
    for rule, label in labels.items():
        assembler.mark(label)
        _decide(assembler, rule)
    return assembler.packed()


def _intervals(
    rules: Mapping[int, SyscallRule], known: SyscallRule, unknown: SyscallRule, last_known: int
) -> list[tuple[int, SyscallRule]]:
    """(first number, rule) of each maximal run of numbers under the same rule."""
    every = [(number, rules.get(number, known)) for number in range(last_known + 1)] + [(last_known + 1, unknown)]
    return [next(run) for _, run in groupby(every, key=lambda pair: pair[1])]


def _search(assembler: _Assembler, intervals: list[tuple[int, SyscallRule]], labels: dict[SyscallRule, str]) -> None:
    if len(intervals) == 1:
        assembler.add(JUMP, 0, labels.setdefault(intervals[0][1], f"rule{len(labels)}"))
        return
    middle = len(intervals) // 2
    near, far, lower = assembler.fresh(), assembler.fresh(), assembler.fresh()
    assembler.add(JUMP_GREATER_EQUAL, intervals[middle][0], near, lower)
    # A conditional jump reaches 255 instructions only; this step reaches any distance.
    assembler.mark(near)
    assembler.add(JUMP, 0, far)
    assembler.mark(lower)
    _search(assembler, intervals[:middle], labels)
    assembler.mark(far)
    _search(assembler, intervals[middle:], labels)


def _decide(assembler: _Assembler, rule: SyscallRule) -> None:
    for check in rule.checks:
        following = assembler.fresh()
        for test in check.tests:
            holds = assembler.fresh()
            code = JUMP_ANY_BIT if test.operator == "any-bit" else JUMP_EQUAL
            ways = (following, holds) if test.operator == "differs" else (holds, following)
            assembler.add(LOAD, test.offset)
            assembler.add(code, test.operand, *ways)
            assembler.mark(holds)
        assembler.add(RETURN, check.action)
        assembler.mark(following)
    assembler.add(RETURN, rule.otherwise)
