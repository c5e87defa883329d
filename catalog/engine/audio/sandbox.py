"""The rights that the decoder's process gives up before it reads a file; run by path, so it imports no neighbour.

Resource limits hold everywhere. On Linux the process also dies with its parent, can gain no privilege, and can open no
file and no socket: Landlock (kernel 5.13 and later) and a seccomp list of the few calls that decoding needs, made by
the system's libseccomp, each where it is there. docs/security.md says what holds where.
"""

import ctypes
import os
import resource
import signal
import sys

MAX_OPEN_FILES = 16
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446  # the same numbers on every architecture
_LANDLOCK_FILE_RIGHTS = {1: 13, 2: 14}  # how many kinds of access a Landlock version knows; 15 from the third on
_SECCOMP_ALLOW, _SECCOMP_REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM: the decoder reports an error and ends
_SECCOMP_MASKED_EQUAL = 7
_PROT_EXEC = 4
# Reading and seeking what is open, writing to what is open, memory, time, locks of one process, and ending.
_CALLS = (
    "read pread64 readv lseek _llseek write writev dup close fstat newfstatat fcntl ppoll poll "
    "brk munmap mremap madvise futex futex_time64 rseq set_robust_list get_robust_list membarrier "
    "clock_gettime clock_gettime64 gettimeofday clock_nanosleep nanosleep times getrusage sched_yield "
    "sched_getaffinity getpid gettid getrandom sysinfo rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack "
    "restart_syscall exit exit_group"
)
_CALLS_WITHOUT_EXECUTION = ("mmap", "mmap2", "mprotect")  # their third argument must not ask for executable memory


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel end this process when its parent ends, even by SIGKILL. It does nothing outside Linux."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it was gone before it was asked for
        os._exit(1)


def prepare() -> None:
    """Do what may be done once for all children: shut this process to tracing, and load what `confine` needs."""
    if sys.platform == "linux":
        _forbid_tracing(ctypes.CDLL(None))
        _libseccomp()


def confine(cpu_s: int, address_space_bytes: int) -> list[str]:
    """Give up for good all rights that decoding does not need; return the names of what took effect.

    ``cpu_s``: seconds of CPU after which the kernel ends the process; ``address_space_bytes``: the most memory it gets.
    """
    _limit_resources(cpu_s, address_space_bytes)
    held = ["rlimits"]
    if sys.platform != "linux":
        return held
    libc = ctypes.CDLL(None, use_errno=True)
    _forbid_tracing(libc)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return held
    held.append("no new privileges")
    libseccomp = _libseccomp()  # a file: found before Landlock forbids them
    held += ["landlock"] if _landlock(libc) else []
    held += ["seccomp"] if libseccomp and _seccomp(libseccomp) else []
    return held


def _forbid_tracing(libc: ctypes.CDLL) -> None:
    """Let no other process of this account attach to this one, or to one that it forks."""
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _limit_resources(cpu_s: int, address_space_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (address_space_bytes, address_space_bytes))
    for none_of in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC):
        resource.setrlimit(none_of, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))


def _landlock(libc: ctypes.CDLL) -> bool:
    """Forbid every file by path, TCP, and signals and sockets to others, as far as the kernel's version knows them."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    files = (1 << _LANDLOCK_FILE_RIGHTS.get(version, 15)) - 1
    rights = (ctypes.c_uint64 * 3)(files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    rules = libc.syscall(_LANDLOCK_CREATE_RULESET, rights, ctypes.sizeof(rights), 0)
    if rules < 0:
        return False
    held = bool(libc.syscall(_LANDLOCK_RESTRICT_SELF, rules, 0) == 0)
    os.close(rules)
    return held


class _Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def _libseccomp() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libseccomp.so.2")
    except OSError:
        return None


def _seccomp(library: ctypes.CDLL) -> bool:
    """Allow the calls of the lists above and refuse all others; names become numbers of this machine in libseccomp."""
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_SECCOMP_REFUSE)))
    not_executable = _Comparison(2, _SECCOMP_MASKED_EQUAL, _PROT_EXEC, 0)
    allowed = [(name, 0) for name in _CALLS.split()] + [(name, 1) for name in _CALLS_WITHOUT_EXECUTION]
    for name, comparisons in allowed:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # below 0: this architecture has no such call
            library.seccomp_rule_add_array(
                rules, ctypes.c_uint32(_SECCOMP_ALLOW), number, comparisons, ctypes.byref(not_executable)
            )
    return bool(library.seccomp_load(rules) == 0)
