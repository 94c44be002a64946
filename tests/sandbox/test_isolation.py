"""Nothing outside can be seen, reached or changed: attempts at every level, with canaries watched from outside."""

from __future__ import annotations

import os
import socket
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentprop.sandbox import Job, Sandbox

from .conftest import descendants

ATTACKS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("isolation.toml").read_text())["attack"]
SECRET_NAME = "AGENTPROP_TEST_SECRET"
ATTEMPT = '''
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def syscall(number, *arguments):
    wide = [ctypes.c_long(item) if isinstance(item, int) else item for item in arguments]
    result = libc.syscall(ctypes.c_long(number), *wide)
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result

def attempt(*actions):
    """The numbers of the actions that were not refused, with what they gave."""
    succeeded = []
    for number, action in enumerate(actions):
        try:
            succeeded.append(f"{number}: {action()!r:.50}")
        except OSError:
            pass
    return succeeded
'''


class Targets:
    """Things outside that an attack may try to touch, and how they looked before."""

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o777)
        self.directory = directory
        self.canary = directory / "home" / ".ssh" / "id_rsa"
        self.canary.parent.mkdir(parents=True)
        self.canary.write_text("PRIVATE KEY")
        self.canary.chmod(0o666)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(str(directory / "socket"))
        (directory / "socket").chmod(0o777)
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0agentprop-test-{os.getpid()}")
        for listener in (self.unix, self.abstract):
            listener.listen()
        self.listeners = (self.tcp, self.udp, self.unix, self.abstract)
        for listener in self.listeners:
            listener.setblocking(False)
        self.before = self.look()

    def look(self) -> tuple[object, ...]:
        status = self.canary.stat()
        tree = sorted(str(path) for path in self.directory.rglob("*"))
        kept = (status.st_ino, status.st_mode, status.st_uid, status.st_mtime_ns, status.st_nlink)
        return (self.canary.read_text(), *kept, os.listxattr(self.canary), tree)

    def untouched(self) -> bool:
        return self.look() == self.before and not any(_heard_something(listener) for listener in self.listeners)

    def as_module(self) -> str:
        zygote = max(descendants(os.getpid()), default=1)
        values = {
            "TCP_PORT": self.tcp.getsockname()[1],
            "UDP_PORT": self.udp.getsockname()[1],
            "UNIX_PATH": str(self.directory / "socket"),
            "ABSTRACT_NAME": f"agentprop-test-{os.getpid()}",
            "CANARY": str(self.canary),
            "SECRET_NAME": SECRET_NAME,
            "HARNESS": os.getpid(),
            "ZYGOTE": zygote,
            "SITE_PACKAGES": sysconfig.get_path("purelib"),
        }
        return "\n".join(f"{name} = {value!r}" for name, value in values.items())

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


def _heard_something(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1)
        else:
            listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[Targets]:
    outside = Targets(tmp_path)
    yield outside
    outside.close()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["name"])
def test_an_attempt_to_reach_outside_is_refused(unharmed: Sandbox, targets: Targets, attack: dict[str, Any]) -> None:
    if unharmed.isolation.level not in attack.get("levels", ["L3", "L2", "L1"]):
        pytest.skip("this level does not claim to hold it")
    modules = {"attempt": ATTEMPT, "target": targets.as_module()}
    result = unharmed.run_job(Job("import target\n" + attack["code"], modules, returns="escapes"))
    assert (result.status, result.value) == ("ok", []), result
    assert targets.untouched()


def test_the_targets_notice_when_they_are_touched(targets: Targets) -> None:
    with socket.create_connection(targets.tcp.getsockname()):
        assert not targets.untouched()
    assert targets.untouched()
    targets.canary.write_text("changed")
    assert not targets.untouched()


def test_the_attempts_succeed_where_nothing_forbids_them(targets: Targets) -> None:
    with Sandbox(preload=(), max_level="R0", min_level="R0", allow_weak=True) as open_field:
        code = "import attempt as a, target\nescapes = a.attempt(lambda: open(target.CANARY, 'a').write('x'))"
        modules = {"attempt": ATTEMPT, "target": targets.as_module()}
        assert len(open_field.run_job(Job(code, modules, returns="escapes")).value) == 1  # type: ignore[arg-type]
    assert not targets.untouched()


def test_the_32_bit_system_calls_kill(unharmed: Sandbox) -> None:
    code = """
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid); int 0x80; ret
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
    result = unharmed.run(code)
    assert (result.status, result.detail) == ("killed", "SIGSYS"), result


def test_the_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_NAME, "hunter2")
    with Sandbox(preload=()) as sandbox:
        job = Job("import os; names = dict(os.environ)", returns="names")
        seen = sandbox.run_job(job).value
    assert isinstance(seen, dict) and SECRET_NAME not in seen and "hunter2" not in str(seen)


def test_one_call_leaves_nothing_for_the_next(unharmed: Sandbox) -> None:
    first = "import builtins, sys, threading, time; builtins.left = sys.left = 1; open('/dev/null'); "
    unharmed.run(first + "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()")
    look = "seen = [hasattr(builtins, 'left'), hasattr(sys, 'left'), threading.active_count()]"
    code = f"import builtins, sys, threading\n{look}"
    assert unharmed.run(code, returns="seen").value == [False, False, 1]


def test_the_memory_of_a_call_is_not_in_the_next(unharmed: Sandbox) -> None:
    """The zygote's memory is copied into every later child, so it must never hold a body, an input or a result."""
    make = "kept = [''.join(['qfx', 'zzyw']) * n for n in (2, 3, 100) for _ in range(200)]\n"
    scan = """
import ctypes, gc, os, re
pattern = re.compile(b"(?:qfxz{2}yw){2}")
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_size_t
fields = [(f"f{n}", ctypes.c_size_t) for n in range(10)]
libc.mallinfo2.restype = type("Info", (ctypes.Structure,), {"_fields_": fields})
gc.unfreeze()
reader, writer = os.pipe()

def heap():
    "The heap down from its end, as far as it is in one piece: the kernel refuses to write what is not mapped."
    end, size, taken = libc.sbrk(0), libc.mallinfo2().f0, []
    for page in range(end - 4096, end - size, -4096):
        if libc.write(writer, ctypes.c_void_p(page), ctypes.c_size_t(4096)) != 4096:
            break
        taken.append(os.read(reader, 4096))
    return b"".join(reversed(taken))

def hits():
    "Occurrences in the pages of every Python object, and in the heap where longer texts lie."
    pages = {id(item) & ~4095 for item in gc.get_objects()}
    small = sum(pattern.search(ctypes.string_at(page, 4096)) is not None for page in pages)
    return [small, len(pattern.findall(heap()))]
"""
    first = Job(make + "print(kept)\nimport sys\nkept = sys.stdin.read()", stdin="qfxzzyw" * 100, returns="kept")
    assert unharmed.run_job(first).status == "ok"
    clean = unharmed.run(scan + "seen = hits()", returns="seen")
    assert (clean.status, clean.value) == ("ok", [0, 0]), clean
    control = unharmed.run(make + scan + "seen = hits()", returns="seen").value
    assert isinstance(control, list) and all(control), "the scan must find what is there"
