"""Stores that fail on purpose, for tests of runs on object stores."""

from __future__ import annotations

from agentprop.storage.object_store import StoreError
from agentprop.storage.stores import Store


class Died(BaseException):
    """Stands for the end of the process: nothing after it runs, so nothing is put right."""


class Counted:
    """A store that counts its operations, and at number `at` does what the subclass says."""

    def __init__(self, store: Store, at: int = -1) -> None:
        self.store, self.at, self.done = store, at, 0
        self.dead = False

    @property
    def name(self) -> str:
        return self.store.name

    def put(self, key: str, data: bytes | memoryview, *, private: bool = False) -> None:
        self._run(lambda: self.store.put(key, data, private=private))

    def put_new(self, key: str, data: bytes | memoryview) -> bool:
        return bool(self._run(lambda: self.store.put_new(key, data)))

    def get(self, key: str) -> bytes | None:
        return self._run(lambda: self.store.get(key))  # type: ignore[no-any-return]

    def list(self, prefix: str = "") -> dict[str, int]:
        return self._run(lambda: self.store.list(prefix))  # type: ignore[no-any-return]

    def delete(self, key: str) -> None:
        self._run(lambda: self.store.delete(key))

    def _run(self, operation):  # type: ignore[no-untyped-def]
        if self.dead:
            raise Died
        self.done += 1
        return self.fault(operation) if self.done == self.at else operation()

    def fault(self, operation):  # type: ignore[no-untyped-def]
        """Carry the chosen operation out, or fail."""
        return operation()


class DiesBefore(Counted):
    """The process ends before the operation."""

    def fault(self, operation):  # type: ignore[no-untyped-def]
        self.dead = True
        raise Died


class DiesAfter(Counted):
    """The process ends when the operation is done and its reply is still under way."""

    def fault(self, operation):  # type: ignore[no-untyped-def]
        operation()
        self.dead = True
        raise Died


class DropsReply(Counted):
    """The operation is done, and its reply never comes."""

    def fault(self, operation):  # type: ignore[no-untyped-def]
        operation()
        raise StoreError("cannot reach the store: timed out", hint="try again")


class AsksTwice(Counted):
    """The reply is lost, and the client repeats the request: a put of a new object then finds its own."""

    def fault(self, operation):  # type: ignore[no-untyped-def]
        operation()
        return operation()


class Unconditional(Counted):
    """A store that ignores the condition of a put, as some do."""

    def put_new(self, key: str, data: bytes | memoryview) -> bool:
        self.store.put(key, data)
        return True
