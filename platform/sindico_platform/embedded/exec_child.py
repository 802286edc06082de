"""Become a child process: take an identity, ask to die with the parent, then exec.

Run as ``python -I -S exec_child.py IDENTITY PARENT_PID SIGNAL REACH PROGRAM ARGUMENT…``. A script
between fork and exec instead of a ``preexec_fn``, because the latter may deadlock, and warns, in a
process with threads. It imports nothing of ours and little of the standard library.
"""

import ctypes
import os
import sys
from pathlib import Path

NOBODY = 65534
USER_INSIDE_NAMESPACE = 1000
UNREACHABLE = 126
ORPHANED = 125

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT = 1, 8, 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    identity, parent, signal, reach, *argv = sys.argv[1:]
    if identity == "namespace":
        _enter_namespace()
    elif identity == "nobody":
        _become_nobody()
    elif identity == "nobody-with-dac":
        _become_nobody_with_dac()
    # After the identity, because a change of user clears the death signal.
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(parent):
        sys.exit(ORPHANED)
    if reach and not _can_enter(reach):
        sys.exit(UNREACHABLE)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is what is wanted


def _can_enter(directory: str) -> bool:
    """Try it: ``os.access`` leaves out the capabilities of whoever is not root."""
    try:
        Path(directory, "..").stat()
    except OSError:
        return False
    return True


def _enter_namespace() -> None:
    """Stay root outside, so that root's files stay reachable, and be an ordinary user inside."""
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc().unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{USER_INSIDE_NAMESPACE} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{USER_INSIDE_NAMESPACE} {gid} 1")


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def _become_nobody_with_dac() -> None:
    """Be nobody, yet pass closed parent directories: one capability, kept across exec."""
    _prctl(PR_SET_KEEPCAPS, 1)
    _become_nobody()
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    only = 1 << CAP_DAC_OVERRIDE
    data = (ctypes.c_uint32 * 6)(only, only, only, 0, 0, 0)
    _check(_libc().capset(header, data))
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def _prctl(option: int, first: int, second: int = 0) -> None:
    arguments = (ctypes.c_ulong(value) for value in (first, second, 0, 0))
    _check(_libc().prctl(ctypes.c_int(option), *arguments))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    main()
