"""The tests' process of a pair: what the tests see of the program, built from what the program's process says.

Whatever comes from there is taken for a value, an exception, or nothing. Nothing that a program raises ends the tests
unseen: an exit is an exception of the test, and StopIteration, which would end a loop of the tests early, decides
nothing unless an iterator raises it.
"""

from __future__ import annotations

import builtins
import errno
import operator
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

from .channel import HungUp, PeerSocket
from .codec import CodecError, ValueTooLarge
from .crossing import TYPES, Uncrossable
from .lending import PROGRAM, TESTS, Lender, is_own
from .reader import Reader
from .standins import SPECIAL, ClassStandIn, StandIn, Undecided, isinstance_of
from .writer import Writer

FENCE = frozenset(
    (errno.ENOMEM, errno.EAGAIN, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EMFILE, errno.ENOSYS)
)
"""What a program meets at the sandbox's limits, and not by a fault of its own."""


class ProgramGone(BaseException):
    """The program's process ended, or what it says is no reply."""

    verdict = "gone"


class ProgramExit(SystemExit):
    """The program raised SystemExit."""


class ProgramError(Exception):
    """The program raised something that no test can expect by type."""


class Tests(Lender):
    """The tests, and all they know of the program."""

    def __init__(self, peer: int) -> None:
        super().__init__()
        self._channel = PeerSocket(peer, self._answer)
        self._streams = (sys.stdin, sys.stdout, builtins.input)
        self.defined: frozenset[str] = frozenset()
        """Names of the program's globals."""
        self.calls = 0
        """Calls that the program answered."""
        self.note: str | None = None
        """Why a test decides nothing, however it ended."""
        self.excuse: str | None = None
        """What the program met that is no fault of its own."""
        self.gone: str | None = None
        """Why the program can no longer be asked."""
        self.tampered = False
        """Whether that is because something else than our side of it wrote to us."""

    def load(self) -> str | None:
        """Have the program defined; what went wrong, if anything."""
        kind, *rest = self._ask(["load"])
        if kind != "loaded":
            return str(rest[0])
        self.defined = frozenset(map(str, rest))
        return None

    def share(self, namespace: Mapping[str, Any], classes: Iterable[str]) -> None:
        """Agree on the classes that cross by their attributes: those that the tests define or will define."""
        self.namespace = namespace
        own = {name for name, value in namespace.items() if is_own(value)} | set(classes)
        self.common = frozenset(own & self.defined)
        self._ask(["common", *sorted(self.common)])

    def undecided(self, why: str) -> Undecided:
        """The exception that ends a test without a verdict."""
        self.note = self.note or why
        return Undecided(why)

    def do(self, operation: str, *values: object) -> Any:
        """The result of an operation of the program; raises what it raised."""
        writer = Writer(self)
        try:
            message = writer.message(*values)
        except Uncrossable as problem:
            raise self.undecided(str(problem)) from None
        reply = self._ask([operation, message])
        if operation == "call":
            self.calls += 1
        if reply[0] == "lost":
            raise self.undecided(f"what the program returned cannot be passed on: {reply[1]}")
        found = self._read(reply, writer.values)
        if reply[0] == "ok":
            return found[0]
        if found[0] is StopIteration and operation != "next":
            raise self.undecided("the program raises StopIteration, which would end a loop of the tests")
        raise self._exception(*found)

    def _ask(self, question: list[object]) -> list[object]:
        if self.gone is not None:
            raise ProgramGone(self.gone)
        try:
            return self._channel.ask(question)
        except ValueTooLarge as problem:
            raise self.undecided(str(problem)) from None
        except HungUp:
            self.gone = "the program's process ended"
        except CodecError as problem:
            self._refuse(problem)
        raise ProgramGone(self.gone)

    def _refuse(self, problem: Exception) -> None:
        """Ask the program no more: it has written where only its replies are written."""
        self.gone, self.tampered = f"what the program's process says is no reply: {problem}", True

    def _read(self, reply: list[Any], sent: list[Any]) -> list[Any]:
        try:
            kind, message, changes, printed = reply
            reader = Reader(self, message, sent)
            found = reader.read()
            for number, node in changes:
                reader.fill(reader.value(["k", number]), node)
            if kind not in ("ok", "raised") or type(printed) is not str:
                raise CodecError("a malformed reply")
        except ValueTooLarge as problem:
            raise self.undecided(str(problem)) from None
        except (CodecError, ValueError, TypeError, LookupError, AttributeError) as problem:
            self._refuse(problem)
            raise ProgramGone(self.gone) from None
        if printed and sys.stdout is not self._streams[1]:
            sys.stdout.write(printed)
        return found

    def _exception(self, kind: Any, arguments: Any, details: Any, text: Any, number: Any) -> BaseException:
        """What the program raised, raised here; an exit of the program ends nothing but the test."""
        if kind is SystemExit:
            kind = ProgramExit
        if not isinstance_of(kind, type) or not issubclass(kind, (Exception, ProgramExit)):
            kind = ProgramError
        if issubclass(kind, MemoryError) or (issubclass(kind, OSError) and number in FENCE):
            self.excuse = f"the program met a limit of the sandbox: {text}"
        problem = _made(kind, arguments if type(arguments) is tuple else (text,))
        for name, value in (details if type(details) is dict else {}).items():
            if type(name) is str and not name.startswith("_"):
                problem.__dict__[name] = value
        problem.__dict__["raised_by_program"] = str(text)
        return problem

    # what the program may ask

    def _answer(self, question: list[Any]) -> list[object]:
        if question[0] == "input":
            return self._input(*question[1:])
        try:
            values = Reader(self, question[1]).read()
            result = self._serve(str(question[0]), *values)
            return ["ok", Writer(self).message(result)]
        except Uncrossable as problem:
            self.undecided(str(problem))
            return ["raised", Writer(self).message(TypeError, (str(problem),))]
        except CodecError:
            raise
        except BaseException as problem:
            kind = next(k for k in type(problem).__mro__ if TYPES.get(k.__name__) is k)
            return ["raised", Writer(self).message(kind, (str(problem),))]

    def _serve(self, operation: str, value: Any, *rest: Any) -> object:
        owned = _is_instance(value)
        if operation == "call" and (callable(value) or owned):
            return value(*rest[0], **rest[1])
        if operation == "get" and owned and not rest[0].startswith("_"):
            return getattr(value, rest[0])
        if operation == "set" and owned and not rest[0].startswith("_"):
            setattr(value, rest[0], rest[1])
            return None
        if operation == "special" and rest[0][2:-2] in SPECIAL:
            return _special(value, rest[0], rest[1])
        raise Uncrossable(f"the program asks for {operation} of a {type(value).__name__} of the tests")

    def _input(self, what: object, prompt: object) -> list[object]:
        if (sys.stdin, builtins.input) == (self._streams[0], self._streams[2]):
            return ["end"]
        try:
            return ["text", sys.stdin.read() if what == "all" else builtins.input(str(prompt))]
        except EOFError:
            return ["end"]

    # what crossing asks of a side

    def class_named(self, name: str) -> type:
        """The class of that name; the tests may not have come to define it."""
        try:
            return super().class_named(name)
        except CodecError:
            raise self.undecided(f"the program returns a {name}, which the tests do not have") from None

    def lend(self, value: object) -> tuple[int, list[object]]:
        """Functions, iterators and objects of the tests' own classes; nothing that leads further."""
        if not (callable(value) or hasattr(value, "__next__") or _is_instance(value)):
            raise Uncrossable(f"a {type(value).__name__} of the tests cannot be passed to the program")
        if isinstance(value, (types.ModuleType, types.FrameType, types.CodeType)):
            raise Uncrossable("a part of the tests cannot be passed to the program")
        return self.number(value), ["object", type(value).__name__]

    def borrow(self, number: int, about: list[Any]) -> object:
        """A stand-in; for a class of exceptions a class like it, because only that can be raised and caught."""
        if number not in self._borrowed:
            category, name = str(about[0]), str(about[1])
            if category == "exception":
                bases = tuple(Reader(self, [about[2], []]).read())
                self._borrowed[number] = type(name, bases, {"__str__": _told_text, "__module__": PROGRAM})
            else:
                made = ClassStandIn if category == "class" else StandIn
                self._borrowed[number] = made(self, number, name)
        return self._borrowed[number]

    def number_of(self, value: object) -> int | None:
        """The number of a stand-in."""
        if isinstance_of(value, StandIn):
            return value._number_  # type: ignore[attr-defined,no-any-return]
        if isinstance_of(value, type) and issubclass(value, BaseException):  # type: ignore[arg-type]
            return next((number for number, made in self._borrowed.items() if made is value), None)
        return None

    def trusts_names(self) -> bool:
        """The program may name types of the language, and nothing else."""
        return False


def _made(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    try:
        return kind(*arguments)
    except Exception:
        problem = kind.__new__(kind)
        problem.args = arguments
        return problem


def _told_text(problem: Any) -> str:
    text = getattr(problem, "raised_by_program", None)
    return text.partition(": ")[2] if type(text) is str else Exception.__str__(problem)


def _is_instance(value: object) -> bool:
    """Whether this is an object of a class that the tests define."""
    return type(value).__module__ in (TESTS, "__main__") and not isinstance(value, type)


def _special(value: Any, name: str, arguments: tuple[Any, ...]) -> object:
    builtin = getattr(builtins, name[2:-2], None)
    if builtin is not None and not arguments:
        return builtin(value)
    if not _is_instance(value) and name not in ("__eq__", "__ne__"):
        raise Uncrossable(f"the program asks for {name} of a {type(value).__name__} of the tests")
    return getattr(operator, name)(value, *arguments) if hasattr(operator, name) else getattr(value, name)(*arguments)
