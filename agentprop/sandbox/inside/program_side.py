"""The program's process of a pair: the program is defined, and does what the tests ask of it.

All of this is at the mercy of the program. The tests take nothing that comes from here for more than a value.
"""

from __future__ import annotations

import builtins
import io
import operator
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .channel import PeerSocket
from .codec import CodecError, plain_content
from .crossing import Uncrossable, changed, snapshot, state
from .lending import PROGRAM, Lender
from .reader import Reader
from .runner import CodeOutcome, Frame, Runner, describe, fresh_namespace
from .standins import Borrowed
from .targets import find
from .writer import Writer

PRINTED_LIMIT = 64 << 10
"""Bytes of a call's output that a test may listen to."""


class ServedProgram(Lender):
    """The program, at the service of tests."""

    def __init__(self, runner: Runner, body: Mapping[str, Any], peer: int) -> None:
        super().__init__()
        self._runner, self._body = runner, body
        self._channel = PeerSocket(peer, self.answer)
        self._printed = _Printed()

    def serve(self) -> None:
        """Answer the tests until they hang up."""
        self._channel.serve()

    def answer(self, question: list[object]) -> list[object]:
        """The reply to one question."""
        if question[0] == "load":
            return self._load()
        if question[0] == "common":
            self.common = frozenset(map(str, question[1:]))
            return ["ok"]
        reader = Reader(self, question[1])
        try:
            values = reader.read()
        except CodecError as problem:
            return ["lost", str(problem)]
        before = [snapshot(value) for value in reader.values]
        try:
            result, raised = OPERATIONS[str(question[0])](self, *values), None
        except BaseException as problem:
            result, raised = None, problem
        return self._reply(result, raised, reader.values, before, always_lent=question[0] in ("target", "global"))

    def _load(self) -> list[object]:
        namespace = self.namespace = fresh_namespace(PROGRAM)
        ending = self._runner.execute(self._body["shared"], namespace)
        if ending.error is None:
            ending = self._runner.execute(self._body["source"], namespace)
        if ending.error is None and self._body["target"] and find(namespace, self._body["target"]) is None:
            name = self._body["target"].split("|")[0]
            ending = CodeOutcome("error", f"NameError: the program defines no function named {name!r}")
        if ending.error is not None:
            self._runner.report(Frame(0, *ending, "", "", False, None, 0.0, 0.0))
            self._runner.send()  # before the tests hear of it, for they end this process
            return ["failed", ending.error]
        self._listen()
        return ["loaded", *(name for name in namespace if not name.startswith("__"))]

    def _listen(self) -> None:
        """Output and input go through the tests, which may have put something in their place."""
        sys.stdout = io.TextIOWrapper(self._printed, encoding="utf-8", errors="backslashreplace", write_through=True)
        sys.stdin = _AskedInput(self._input)
        builtins.input = lambda prompt="": self._input("line", str(prompt))

    def _input(self, what: str, prompt: str = "") -> str:
        reply = self._channel.ask(["input", what, prompt])
        if reply[0] == "end":
            raise EOFError("EOF when reading a line")
        return str(reply[1])

    def _reply(
        self, result: Any, raised: BaseException | None, values: list[Any], before: list[Any], *, always_lent: bool
    ) -> list[object]:
        writer = Writer(self, {id(value): number for number, value in enumerate(values)})
        try:
            if raised is not None:
                roots = self._told(writer, raised)
            elif always_lent and callable(result) and not _is_exception(result):
                roots = [["h", *self.lend(result)]]  # its calls are to be seen, even if it is a type of the language
            else:
                roots = [writer.atom(result)]
            altered = [n for n, value in enumerate(values) if changed(before[n], value)]
            changes: list[object] = [[n, writer.node(values[n])] for n in altered]
            kind = "ok" if raised is None else "raised"
            return [kind, [roots, writer.nodes()], changes, self._printed.drained()]
        except Uncrossable as problem:
            return ["lost", str(problem)]
        except MemoryError:
            return ["lost", "it is too large"]

    def _told(self, writer: Writer, raised: BaseException) -> list[object]:
        """Class, arguments, attributes, text and error number of an exception."""
        details = dict(state(raised))
        number = raised.errno if isinstance(raised, OSError) else None
        return [writer.atom(part) for part in (type(raised), raised.args, details, describe(raised).error, number)]

    # what crossing asks of a side

    def lend(self, value: object) -> tuple[int, list[object]]:
        """Anything may be lent: the tests only ask it for things."""
        number = self.number(value)
        if not isinstance(value, type):
            return number, ["object", type(value).__name__]
        if not issubclass(value, BaseException):
            return number, ["class", value.__name__]
        bases = [Writer(self).atom(base) for base in value.__bases__ if issubclass(base, BaseException)]
        return number, ["exception", value.__name__, bases]

    def borrow(self, number: int, about: list[object]) -> object:
        """A stand-in for what the tests lent."""
        if number not in self._borrowed:
            self._borrowed[number] = Borrowed(self._ask, number)
        return self._borrowed[number]

    def number_of(self, value: object) -> int | None:
        """The number of a stand-in."""
        return value._borrowed_[1] if type(value) is Borrowed else None

    def trusts_names(self) -> bool:
        """The tests may name any function: it runs here."""
        return True

    def _ask(self, operation: str, *values: object) -> Any:
        reply = self._channel.ask([operation, Writer(self).message(*values)])
        found: Any = Reader(self, reply[1]).read()
        if reply[0] == "ok":
            return found[0]
        raise found[0](*found[1])


class _Printed(io.BytesIO):
    """What a call prints; more than a test may listen to goes where it would have gone."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > PRINTED_LIMIT:
            sys.__stdout__.buffer.write(data)  # type: ignore[union-attr]
            return len(data)
        return super().write(data)

    def drained(self) -> str:
        """The text so far, which is forgotten."""
        text = self.getvalue().decode("utf-8", "backslashreplace")
        self.seek(0)
        self.truncate()
        return text


class _AskedInput(io.TextIOBase):
    """Standard input of a program whose tests hold its input."""

    def __init__(self, ask: Callable[[str], str]) -> None:
        self._ask = ask

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        try:
            return self._ask("line") + "\n"
        except EOFError:
            return ""

    def read(self, size: int | None = -1) -> str:
        try:
            return self._ask("all")
        except EOFError:
            return ""


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _the_global(program: ServedProgram, name: str) -> Any:
    return program.namespace[name]


def _the_target(program: ServedProgram) -> Any:
    return find(program.namespace, program._body["target"])


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "target": _the_target,
    "global": _the_global,
    "call": lambda program, function, arguments, named: function(*arguments, **named),
    "get": lambda program, owner, name: getattr(owner, name),
    "set": lambda program, owner, name, value: setattr(owner, name, value),
    "delete": lambda program, owner, name: delattr(owner, name),
    "item": lambda program, owner, key: owner[key],
    "set item": lambda program, owner, key, value: operator.setitem(owner, key, value),
    "delete item": lambda program, owner, key: operator.delitem(owner, key),
    "iterate": lambda program, owner: iter(owner),
    "next": lambda program, owner: next(owner),
    "enter": lambda program, owner: owner.__enter__(),
    "exit": lambda program, owner: owner.__exit__(None, None, None),
    "length": lambda program, owner: len(owner),
    "truth": lambda program, owner: bool(owner),
    "text": lambda program, owner: str(owner),
    "representation": lambda program, owner: repr(owner),
    "integer": lambda program, owner: int(owner),
    "float": lambda program, owner: float(owner),
    "instance": lambda program, value, kind: isinstance(value, kind),
    "content": lambda program, value: plain_content(value),
}
"""What tests may ask for."""
