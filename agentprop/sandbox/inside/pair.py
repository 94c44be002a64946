"""Tests in one child call a program in another; between them goes only what `crossing` can make a message of.

The program never holds a byte of the tests, and the tests never run a byte of the program. What it returns is built
anew here and compared here, so neither frame walking, nor a lying `__eq__`, nor an early exit can turn a wrong answer
into a passed test. What it changes in its arguments is changed in the tests' objects too; what it prints is printed here
as well if a test listens; what a test passes to it as a function is called here.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import operator
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import pytest_shim, styles
from .channel import Channel, HungUp, TooLong
from .codec import CodecError, plain_content
from .crossing import MAX_LENT, TYPES, Reader, Uncrossable, Writer, changed, snapshot, state
from .runner import Ending, Frame, Runner, describe, fresh_namespace
from .standins import SPECIAL, Borrowed, ClassStandIn, StandIn, Undecided, isinstance_of
from .targets import find

PEER_FD = 4
PROGRAM, TESTS = "solution", "tests"
"""Names of the modules that the sources run as."""
OURS = frozenset((PROGRAM, TESTS, "__main__"))
PRINTED_LIMIT = 64 << 10
"""Characters of a call's output that a test may listen to."""
BUILTIN_CONTENT = (int, float, str, bytes, list, tuple, dict, set, frozenset, BaseException, type)
REFUSED = frozenset(
    (errno.ENOMEM, errno.EAGAIN, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EMFILE, errno.ENOSYS)
)
"""What a program meets at the fence, and not by a fault of its own."""


class Lender:
    """What both sides have in common: what is lent, and the classes that both define."""

    def __init__(self) -> None:
        self._lent: list[object] = []
        self._numbers: dict[int, int] = {}
        self._borrowed: dict[int, object] = {}
        self.namespace: Mapping[str, Any] = {}
        self.common: frozenset[str] = frozenset()
        """Names of classes that both sides define: their objects cross by their attributes."""

    def class_name(self, kind: type) -> str | None:
        """The name of a class that both sides define."""
        return kind.__name__ if kind.__name__ in self.common and is_own(kind) else None

    def class_named(self, name: str) -> type:
        """The class of that name. Raises CodecError if there is none."""
        found = self.namespace.get(name) if name in self.common else None
        if found is None or not is_own(found):
            raise CodecError("a class that is not here")
        return found  # type: ignore[no-any-return]

    def lent(self, number: int) -> object:
        """What was lent under a number. Raises CodecError if there is nothing."""
        if not 0 <= number < len(self._lent):
            raise CodecError("nothing was lent under this number")
        return self._lent[number]

    def number(self, value: object) -> int:
        """The number of a value that is lent from now on."""
        if id(value) not in self._numbers:
            if len(self._lent) >= MAX_LENT:
                raise Uncrossable("too many objects")
            self._numbers[id(value)] = len(self._lent)
            self._lent.append(value)
        return self._numbers[id(value)]


def _is_exception(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def is_own(value: object) -> bool:
    """Whether this is a plain class that one of our sources defines."""
    return type(value) is type and value.__module__ in OURS and not issubclass(value, BUILTIN_CONTENT)


# --- the program's side ---


class Program(Lender):
    """The program, at the service of tests."""

    def __init__(self, runner: Runner, body: Mapping[str, Any], peer: int) -> None:
        super().__init__()
        self._runner, self._body = runner, body
        self._channel = Channel(peer, self.answer)
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
            ending = Ending("error", f"NameError: the program defines no function named {name!r}")
        if ending.error is not None:
            self._runner.report(Frame(0, *ending, "", "", False, None, 0.0, 0.0))
            self._runner.send()  # before the tests hear of it, for they end this process
            return ["failed", ending.error]
        self._listen()
        return ["loaded", *(name for name in namespace if not name.startswith("__"))]

    def _listen(self) -> None:
        """Output and input go through the tests, which may have put something in their place."""
        sys.stdout = io.TextIOWrapper(self._printed, encoding="utf-8", errors="backslashreplace", write_through=True)
        sys.stdin = _AskedInput(self._input)  # type: ignore[assignment]
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
        if _is_exception(value):
            bases = [Writer(self).atom(base) for base in value.__bases__ if issubclass(base, BaseException)]
            return number, ["exception", value.__name__, bases]
        return number, ["class", value.__name__] if isinstance(value, type) else ["object", type(value).__name__]

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


def _the_global(program: Program, name: str) -> Any:
    return program.namespace[name]


def _the_target(program: Program) -> Any:
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


def serve_program(runner: Runner, body: Mapping[str, Any], peer: int = PEER_FD) -> None:
    """Define the program when asked to, then answer calls until the tests hang up."""
    try:
        Program(runner, body, peer).serve()
    except (HungUp, CodecError):
        return  # the tests say what became of them


# --- the tests' side ---


class ProgramGone(BaseException):
    """The program's process ended, or what it says is no reply."""

    verdict = "gone"


class ProgramExit(SystemExit):
    """The program raised SystemExit."""


class Tests(Lender):
    """The tests, and all they know of the program."""

    def __init__(self, peer: int) -> None:
        super().__init__()
        self._channel = Channel(peer, self._answer)
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
        raise self._exception(*found)

    def _ask(self, question: list[object]) -> list[object]:
        if self.gone is not None:
            raise ProgramGone(self.gone)
        try:
            return self._channel.ask(question)
        except TooLong as problem:
            raise self.undecided(str(problem)) from None
        except HungUp:
            self.gone = "the program's process ended"
        except CodecError as problem:
            self.gone = f"what the program's process says is no reply: {problem}"
        raise ProgramGone(self.gone)

    def _read(self, reply: list[Any], sent: list[Any]) -> list[Any]:
        try:
            kind, message, changes, printed = reply
            reader = Reader(self, message, sent)
            found = reader.read()
            for number, node in changes:
                reader.fill(reader.value(["k", number]), node)
            if kind not in ("ok", "raised") or type(printed) is not str:
                raise CodecError("a malformed reply")
        except (CodecError, ValueError, TypeError, LookupError, AttributeError) as problem:
            self.gone = f"what the program's process says is no reply: {problem}"
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
        if issubclass(kind, MemoryError) or (issubclass(kind, OSError) and number in REFUSED):
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
            return setattr(value, rest[0], rest[1])
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


class ProgramError(Exception):
    """The program raised something that no test can expect by type."""


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


def run_tests(runner: Runner, body: Mapping[str, Any], peer: int = PEER_FD) -> None:
    """Run the tests with stand-ins in the program's place, and report what became of each."""
    tests = Tests(peer)
    try:
        report = _report(runner, tests, body)
    except (ProgramGone, Undecided) as problem:
        report = {"error": str(problem), "tests": [], "missing": []}
    report |= {"gone": tests.gone}
    ending, has_value, value = runner.export(report)
    runner.report(Frame(0, *ending, "", "", has_value, value, 0.0, 0.0))


def _report(runner: Runner, tests: Tests, body: Mapping[str, Any]) -> dict[str, Any]:
    fault = tests.load()
    if fault is not None:
        return {"load": fault, "tests": [], "missing": []}
    namespace = fresh_namespace("__main__" if body["style"] in ("script", "check") else TESTS)
    ending = runner.execute(body["shared"], namespace)
    if ending.error is not None:
        why = f"what the tests share with the program fails: {ending.error}"
        return {"tests": [["shared", "broken", 0, why]], "missing": []}
    tests.share(namespace, body["classes"])
    _provide(tests, namespace, body)
    return styles.run(body, namespace, tests, pytest_shim)


def _provide(tests: Tests, namespace: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Give the tests what they name without defining it: the program's globals, and modules."""
    sys.modules["pytest"] = pytest_shim
    for name, path in body["modules"]:
        styles.bind_module(namespace, name, path)
    for name in tests.defined.intersection(body["needs"]):
        namespace[name] = tests.do("global", name)
    if body["target"]:
        target = tests.do("target")
        namespace |= dict.fromkeys(("candidate", body["name"]), target)
    for module in body["served"]:
        sys.modules[module] = _served(tests, module)


def _served(tests: Tests, name: str) -> types.ModuleType:
    """A module whose contents are the program's."""
    module = types.ModuleType(name)
    module.__dict__["__all__"] = sorted(n for n in tests.defined if not n.startswith("_"))

    @functools.cache
    def attribute(wanted: str) -> Any:
        if wanted not in tests.defined:
            raise AttributeError(f"the program defines no {wanted!r}")
        return tests.do("global", wanted)

    module.__dict__["__getattr__"] = attribute
    return module
