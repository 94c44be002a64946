"""A list of paths → the whole visible file system: a read-only tree of bind mounts that becomes the root.

Paths that are not on the list do not exist inside: no /proc, no /etc, no home, no /tmp.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from . import linux

SCRATCH = "/scratch"
SCRATCH_OPTIONS = "size=64m,nr_inodes=4096,mode=700"
UNPRIVILEGED = 65534
"""User that a zygote started by root becomes: limits on processes do not bind root, even inside a user namespace."""
INNER_ID = 1000

SYSTEM_PATHS = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
MOUNT_POINTS = ("/mnt", "/media", "/srv", "/opt", "/run", "/tmp", "/var")
NEW_NAMESPACES = (
    linux.CLONE_NEWUSER
    | linux.CLONE_NEWNS
    | linux.CLONE_NEWPID
    | linux.CLONE_NEWNET
    | linux.CLONE_NEWIPC
    | linux.CLONE_NEWUTS
    | linux.CLONE_NEWCGROUP
)


def enter_namespaces(readable: Iterable[str], *, scratch: bool) -> None:
    """Move this process to new namespaces with `readable` as its file system; its next child becomes pid 1."""
    sources = [*SYSTEM_PATHS, *DEVICES, *readable]
    root = mount_point(sources)
    as_root = os.geteuid() == 0
    if as_root:
        # Built before privileges are dropped: only root may look below /root, where an interpreter may be installed.
        linux.unshare(linux.CLONE_NEWNS)
        _make_private()
        _build_tree(root, sources)
        os.setgroups([])
        os.setresgid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        os.setresuid(UNPRIVILEGED, UNPRIVILEGED, UNPRIVILEGED)
        linux.prctl(linux.PR_SET_DUMPABLE, 1)
    user, group = os.geteuid(), os.getegid()
    linux.unshare(NEW_NAMESPACES)
    _map_identity(user, group)
    _make_private()
    if not as_root:
        _build_tree(root, sources)
    _pivot(root)
    if scratch:
        mount_scratch()


def mount_point(sources: Iterable[str]) -> str:
    """Find a directory that hides none of the sources when the root is mounted over it. Raises FileNotFoundError."""
    sources = [os.path.realpath(source) for source in sources]
    for candidate in MOUNT_POINTS:
        hidden = any(source == candidate or source.startswith(candidate + "/") for source in sources)
        if os.path.isdir(candidate) and not os.path.islink(candidate) and not hidden:
            return candidate
    raise FileNotFoundError(f"none of {', '.join(MOUNT_POINTS)} can carry the new root")


def mount_scratch() -> None:
    """Mount an empty, small directory in memory, whose content is gone when it is unmounted."""
    flags = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount("tmpfs", SCRATCH, "tmpfs", flags, SCRATCH_OPTIONS)


def renew_scratch() -> None:
    """Empty the scratch directory in constant time; untrusted code could make deleting its files one by one slow."""
    linux.unmount(SCRATCH)
    mount_scratch()


def _make_private() -> None:
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)


def _map_identity(user: int, group: int) -> None:
    maps = (("setgroups", "deny"), ("uid_map", f"{INNER_ID} {user} 1"), ("gid_map", f"{INNER_ID} {group} 1"))
    for name, text in maps:
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _build_tree(root: str, sources: Iterable[str]) -> None:
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
    for path in sources:
        if os.path.islink(path) and path in SYSTEM_PATHS:
            os.symlink(os.readlink(path), root + path)
        elif os.path.exists(path) and not os.path.exists(root + path):
            _bind(path, root + path)
    os.mkdir(root + SCRATCH)
    flags = linux.MS_BIND | linux.MS_REMOUNT | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
    linux.mount(None, root, None, flags)


def _bind(source: str, target: str) -> None:
    """Bind `source` to `target`, read-only, keeping the flags that a user namespace may not clear."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)
    inherited = os.statvfs(target).f_flag & (linux.MS_NODEV | linux.MS_NOEXEC)
    wanted = 0 if source in DEVICES else linux.MS_RDONLY | linux.MS_NODEV
    linux.mount(None, target, None, linux.MS_BIND | linux.MS_REMOUNT | linux.MS_NOSUID | inherited | wanted)


def _pivot(root: str) -> None:
    linux.mount(root, root, None, linux.MS_BIND | linux.MS_REC)
    os.chdir(root)
    linux.pivot_root(".", ".")
    linux.unmount(".")
    os.chdir("/")
