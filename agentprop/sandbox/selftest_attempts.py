# Runs inside the sandbox, after lines that set CANARY, PLANTED, PORT and OUTSIDER; leaves `held`.
import ctypes
import os
import socket

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
NR_BPF = 321


def refused(action):
    try:
        action()
    except OSError:
        return True
    return False


def fork():
    if os.fork() == 0:
        os._exit(0)


def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def unshare():
    if libc.unshare(CLONE_NEWUSER) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def overwrite():
    for path in (PLANTED, CANARY):
        if not refused(lambda path=path: open(path, "w").close()):
            return
    raise OSError("refused")


held = {
    "connect by TCP": refused(lambda: socket.create_connection(("127.0.0.1", PORT), timeout=1)),
    "signal another process": refused(lambda: os.kill(OUTSIDER, 0)) and refused(lambda: os.kill(os.getppid(), 0)),
    "fork": refused(fork),
    "nest a user namespace": refused(unshare),
    "load a bpf program": refused(lambda: call(NR_BPF, 0, None, 0)),
    "read a file outside": refused(lambda: open(CANARY).close()),
    "create a file outside": refused(overwrite),
    "list the root directory": refused(lambda: os.listdir("/")),
    "read the environment of another process": refused(lambda: open("/proc/1/environ").close()),
    "see a parent process": os.getppid() == 0,
    "see that a file outside exists": not os.path.exists(CANARY) and not os.path.exists("/proc"),
}
