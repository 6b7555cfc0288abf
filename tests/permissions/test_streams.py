"""Standard streams that are files: what a guest may do with them, and what it may not."""

import fcntl
import os
import subprocess

BOTH = ("", "--no-lockdown", "--deny-file nothing")
PERM, CAPABLE, SPIPE, TRAPPED = 63, 76, 70, 134

# Ends with what the call came to; 8 bytes are at 16.
MODULE = """(module
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func $set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func $allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\08\\00\\00\\00")
  (data (i32.const 16) "12345678")
  (func (export "_start") ACT (call $exit)))
"""


def pwrite(fd, offset=0):
    return f"(call $pwrite (i32.const {fd}) (i32.const 0) (i32.const 1) (i64.const {offset}) (i32.const 64))"


def write(fd):
    return f"(call $write (i32.const {fd}) (i32.const 0) (i32.const 1) (i32.const 64))"


def seek(fd, offset):
    return f"(drop (call $seek (i32.const {fd}) (i64.const {offset}) (i32.const 0) (i32.const 64)))"


def pread(fd):
    return f"(call $pread (i32.const {fd}) (i32.const 0) (i32.const 1) (i64.const 0) (i32.const 64))"


def set_size(fd, size):
    return f"(call $set_size (i32.const {fd}) (i64.const {size}))"


def set_times(fd):
    return f"(call $set_times (i32.const {fd}) (i64.const 0) (i64.const 0) (i32.const 5))"


def allocate(fd, size):
    return f"(call $allocate (i32.const {fd}) (i64.const 0) (i64.const {size}))"


def set_flags(fd, flags):
    return f"(call $set_flags (i32.const {fd}) (i32.const {flags}))"


def run(world, act, options="", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE):
    world.put("act.wat", MODULE.replace("ACT", act))
    done = subprocess.run(world.command(f"run {options} act.wat"), cwd=world.work, env=world.environment,
                          stdin=stdin, stdout=stdout, stderr=stderr, timeout=60, start_new_session=True)
    return done.returncode, (done.stderr or b"").decode()


def test_what_is_written_through_a_stream_is_counted(world):
    for mode in BOTH:
        for act, within in ((pwrite(1), 8), (set_size(1, 100), 100), (allocate(1, 100), 100),
                            (pwrite(1, offset=1000), 1008), (seek(1, 1000) + write(1), 1008)):
            for limit in (within, within - 1):
                with open(world.path("out"), "wb") as out:
                    code, err = run(world, act, f"{mode} --written {limit}", stdout=out)
                wanted = 0 if limit == within else TRAPPED
                assert code == wanted, (mode, act, limit, code, err)
                assert ("written limit reached" in err) == (code == TRAPPED), err
                assert os.path.getsize(world.path("out")) == (within if code == 0 else 0)


def test_what_is_there_stays_where_somebody_appends(world):
    for mode in BOTH:
        world.put("log", "what was there\n")
        with open(world.path("log"), "ab") as log:
            for act, wanted in ((set_size(1, 0), PERM), (set_size(1, 14), PERM), (set_flags(1, 0), PERM),
                                (set_flags(1, 4), PERM), (set_flags(1, 5), 0), (pwrite(1), 0), (write(1), 0),
                                (set_size(1, 100), 0)):
                code, err = run(world, act, mode, stdout=log)
                assert code == wanted, (mode, act, code, err)
            flags = fcntl.fcntl(log, fcntl.F_GETFL)
        assert flags & os.O_APPEND and not flags & os.O_NONBLOCK, flags
        with open(world.path("log"), "rb") as log:
            assert log.read() == b"what was there\n" + b"12345678" * 2 + bytes(69)


def test_nothing_is_cut_off_that_others_appended_meanwhile(world):
    """Nor after space was set aside where that stands."""
    wait = f"(drop {write(2)})(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)))"
    for mode in BOTH:
        for act in (set_size(1, 15), f"(drop {allocate(1, 24)})" + set_size(1, 15)):
            world.put("log", "what was there\n")
            world.put("act.wat", MODULE.replace("ACT", wait + act))
            with open(world.path("log"), "ab") as log:
                guest = subprocess.Popen(world.command(f"run {mode} act.wat"), cwd=world.work, env=world.environment,
                                         stdin=subprocess.PIPE, stdout=log, stderr=subprocess.PIPE)
                assert guest.stderr.read(8) == b"12345678", "it runs"
                log.write(b"and more\n")
                log.flush()
                guest.communicate(b"go")
            assert guest.returncode == PERM, (mode, act, guest.returncode)
            with open(world.path("log"), "rb") as log:
                assert log.read() == b"what was there\nand more\n", (mode, act)


def test_a_log_that_shares_a_file_with_output_is_appended_to(world):
    """By descriptor, or by name; the program may add lines there, and change none."""
    seek_back = seek(2, 0)
    for target in ("-", "2", "log"):
        for mode in BOTH:
            for act in (set_size(2, 0), seek_back + pwrite(2), seek_back + write(2)):
                with open(world.path("log"), "wb") as log:
                    run(world, act, f"--audit {target} {mode}", stderr=log)
                with open(world.path("log"), "rb") as log:
                    lines = log.read().replace(b"12345678", b"").split(b"\n")
                assert b'"event":"start"' in lines[0] and all(line.startswith(b"{") for line in lines[:-1]), (target, mode, act, lines)
                assert sum(b'"event":"call"' in line for line in lines) >= 1, lines


def test_the_callers_own_flags_stay(world):
    for mode in BOTH:
        with open(world.path("out"), "wb") as out:
            assert run(world, set_flags(1, 5), mode, stdout=out)[0] == 0
            assert not fcntl.fcntl(out, fcntl.F_GETFL) & (os.O_APPEND | os.O_NONBLOCK)


def test_streams_have_one_direction(world):
    """Whatever they were opened for."""
    for mode in BOTH:
        world.put("both", "both ways")
        os.utime(world.path("both"), (5000, 5000))
        with open(world.path("both"), "r+b") as both:
            for act in (pwrite(0), write(0), set_size(0, 0), allocate(0, 100), set_times(0)):
                code, err = run(world, act, mode, stdin=both)
                assert code == CAPABLE, (mode, act, code, err)
            assert run(world, pread(1), mode, stdout=both)[0] == CAPABLE
            assert run(world, pread(0), mode, stdin=both)[0] == 0
            assert os.stat(both.fileno()).st_mtime == 5000 and both.read() == b"both ways"


def test_a_stream_that_was_denied_is_none(world):
    for mode in BOTH:
        with open(world.path("out"), "wb") as out:
            for act in (pwrite(1), set_size(1, 5), allocate(1, 5), set_times(1)):
                code, err = run(world, act, f"{mode} --no-stdout", stdout=out)
                assert code not in (0, TRAPPED), (mode, act, code, err)
        assert os.path.getsize(world.path("out")) == 0
        world.put("in", "words")
        with open(world.path("in"), "rb") as words:
            assert run(world, pread(0), f"{mode} --no-stdin", stdin=words)[0] not in (0, TRAPPED)
