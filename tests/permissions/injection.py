"""System calls made by another process, as a guest would make them that took its process over. By ptrace, for x86-64."""

import ctypes
import os
import platform
import re
import signal
from unittest import SkipTest

# The system calls of the attacks, as x86-64 numbers them.
NUMBERS = {"write": 1, "open": 2, "stat": 4, "mmap": 9, "mprotect": 10, "munmap": 11, "mremap": 25, "madvise": 28,
           "socket": 41, "setsockopt": 54, "getsockopt": 55, "clone": 56, "fork": 57, "kill": 62, "flock": 73,
           "truncate": 76, "ftruncate": 77, "chdir": 80, "unlink": 87, "chmod": 90, "fchmod": 91, "chown": 92,
           "ptrace": 101, "utime": 132, "mknod": 133, "personality": 135, "sched_setparam": 142,
           "sched_setscheduler": 144, "arch_prctl": 158, "chroot": 161, "setxattr": 188, "fsetxattr": 190,
           "sched_getaffinity": 204, "utimes": 235, "openat": 257, "futimesat": 261, "utimensat": 280,
           "fallocate": 285, "inotify_init1": 294, "prlimit64": 302, "name_to_handle_at": 303, "sched_setattr": 314,
           "memfd_create": 319, "execveat": 322, "userfaultfd": 323, "io_uring_setup": 425, "pidfd_open": 434,
           "clone3": 435, "fchmodat2": 452}
X32 = 0x40000000  # the bit of the numbers for 32-bit pointers in 64-bit mode

ATTACH, DETACH, SINGLE_STEP, GET_REGISTERS, SET_REGISTERS = 16, 17, 9, 12, 13
SYSCALL = b"\x0f\x05"
SCRATCH_BYTES = 1 << 16


class Registers(ctypes.Structure):
    """user_regs_struct"""
    _fields_ = [(name, ctypes.c_ulong) for name in
                ("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi",
                 "orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs")]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=None):
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace request {request} of process {pid}")


def wait_stopped(pid, wanted):
    _, status = os.waitpid(pid, 0x40000000)  # __WALL
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == wanted, status


class Injection:
    """A process that waits in a system call and makes others meanwhile; afterwards it waits on."""

    def __init__(self, pid):
        if platform.machine() != "x86_64":
            raise SkipTest("another processor than these numbers are for")
        self.pid = pid
        self.saved = Registers()

    def __enter__(self):
        ptrace(ATTACH, self.pid)
        wait_stopped(self.pid, signal.SIGSTOP)
        ptrace(GET_REGISTERS, self.pid, ctypes.byref(self.saved))
        with open(f"/proc/{self.pid}/mem", "rb") as memory:
            memory.seek(self.saved.rip - len(SYSCALL))
            assert memory.read(len(SYSCALL)) == SYSCALL, "the process waits in no system call"
        self.scratch = self.call(NUMBERS["mmap"], 0, SCRATCH_BYTES, 3, 0x22, -1, 0)
        assert self.scratch > 0, self.scratch
        return self

    def __exit__(self, *_):
        self.call(NUMBERS["munmap"], self.scratch, SCRATCH_BYTES)
        ptrace(SET_REGISTERS, self.pid, ctypes.byref(self.saved))
        ptrace(DETACH, self.pid)

    def call(self, number, *arguments):
        """The result, or minus the number of the error."""
        registers = Registers.from_buffer_copy(self.saved)
        registers.rip -= len(SYSCALL)
        registers.rax, registers.orig_rax = number, ctypes.c_ulong(-1).value  # it interrupts no system call
        for name, value in zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), arguments):
            setattr(registers, name, ctypes.c_ulong(value).value)
        ptrace(SET_REGISTERS, self.pid, ctypes.byref(registers))
        ptrace(SINGLE_STEP, self.pid)
        wait_stopped(self.pid, signal.SIGTRAP)
        ptrace(GET_REGISTERS, self.pid, ctypes.byref(registers))
        assert registers.rip == self.saved.rip, hex(registers.rip)
        return ctypes.c_long(registers.rax).value

    def run(self, call):
        """`name(argument, ...)`: each argument a number, "text", or `sp` with an offset: `sp - 4096`."""
        name, arguments = re.fullmatch(r"(\w+)\((.*)\)", call, re.DOTALL).groups()
        number = NUMBERS[name[4:]] + X32 if name.startswith("x32_") else NUMBERS[name]
        values = []
        free = self.scratch
        for argument in re.findall(r'"[^"]*"|[^",\s][^",]*', arguments):
            if argument.startswith('"'):
                text = argument[1:-1].encode() + b"\0"
                with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
                    memory.seek(free)
                    memory.write(text)
                values.append(free)
                free += len(text)
                assert free <= self.scratch + SCRATCH_BYTES
            elif argument.startswith("sp"):
                values.append(self.saved.rsp + int(argument[2:].replace(" ", "") or "0"))
            elif argument.startswith("page"):  # that the stack is in
                values.append(self.saved.rsp & ~4095)
            else:
                values.append(int(argument, 0))
        return self.call(number, *values)


def attack(pid, calls):
    """What each system call gives in that process: its result, or minus the number of the error."""
    with Injection(pid) as injection:
        return [injection.run(call) for call in calls]
