"""What the kernel holds the process of a guest to, and what its broker does for it."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import time
from unittest import SkipTest

from injection import attack


def status(pid):
    with open(f"/proc/{pid}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def is_locked(pid):
    return status(pid)["Seccomp"] == "2"


def is_running(pid):
    try:
        return status(pid)["State"][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone, perhaps while it was looked at
        return False


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def links(pid):
    """What the process has open."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:  # closed meanwhile
            pass
    return found


def available(world):
    """What this system has, in nacre's own words."""
    out, _ = world.run("explain wish.wasm", code=0)
    return re.search(r"locked down by ([^:]*):", " ".join(out.split()))


def waiting(world, words):
    """A guest that has begun and waits for its input."""
    run = subprocess.Popen(world.command(words), cwd=world.work, env=world.environment, text=True,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           start_new_session=True)
    assert run.stdout.readline() == "say: ready\n"
    return run


def refused(pid, calls):
    """Each of them fails with the error behind it."""
    results = attack(pid, [call for call, _ in calls])
    wrong = [(call, result) for (call, error), result in zip(calls, results) if result != -error]
    assert wrong == [], wrong


def needs_lockdown(world):
    found = available(world)
    if not found or "Landlock and seccomp" not in found[1]:
        raise SkipTest("nothing to lock a process with")


def test_a_guest_runs_locked_down(world):
    found = available(world)
    run = waiting(world, "run --dir .:ro wish.wasm say ready input")
    try:
        assert is_locked(run.pid) == (found is not None and "seccomp" in found[1])
        assert status(run.pid)["NoNewPrivs"] == ("1" if found else "0")
        # Nothing could still be allowed, so nobody is there to allow it.
        assert children(run.pid) == []
    finally:
        run.communicate("x")


def test_lockdown_can_be_left_out(world):
    run = waiting(world, "run --no-lockdown --dir . --record policy wish.wasm say ready input")
    try:
        assert not is_locked(run.pid) and status(run.pid)["NoNewPrivs"] == "0"
        assert children(run.pid) == []
    finally:
        run.communicate("x")
    out, _ = world.run("explain --no-lockdown wish.wasm", code=0)
    assert "not locked down" in out


def test_the_process_itself_can_open_and_start_nothing_else(world):
    """The process is made to do what a guest that took it over would do."""
    needs_lockdown(world)
    world.put("d/a.txt")
    run = waiting(world, "run --dir d:ro wish.wasm say ready input")
    secret = f"{world.base}/outside/secret"
    calls = [f'openat(-100, "{secret}", 0)', f'openat(-100, "{world.path("d/a.txt")}", 0)',
             f'openat(-100, "{world.path("d/a.txt")}", 1)', f'openat(-100, "{world.path("new")}", 65, 438)',
             'openat(-100, "/proc/self/mem", 2)', f'unlink("{world.path("d/a.txt")}")', "fork()"]
    try:
        answers = attack(run.pid, calls)
        good = [call for call, answer in zip(calls, answers) if answer >= 0]
        assert good == [calls[1]], good
    finally:
        run.communicate("x")
    assert os.path.exists(world.path("d/a.txt"))


def test_a_link_on_the_way_is_left_to_the_broker(world):
    """A directory that holds but a link to something denied is not left open to the locked process."""
    needs_lockdown(world)
    for name in ("d", "real/nacre", "e"):
        os.makedirs(world.path(name))
    os.symlink(world.path("real"), world.path("d/config"))
    os.symlink(world.path("real/nacre"), world.path("e/link"))
    world.environment["XDG_CONFIG_HOME"] = world.path("d/config")
    run = waiting(world, "run --dir d --dir e --deny-dir e/link wish.wasm say ready input")
    try:
        assert len(children(run.pid)) == 1, "the broker"
        assert not {world.path("d"), world.path("e")} & links(run.pid)
        for name in ("d/config", "e/link", "d/new", "e/new"):
            path = world.path(name)
            answers = attack(run.pid, [f'unlink("{path}")', f'openat(-100, "{path}", 65, 438)'])
            assert all(answer < 0 for answer in answers), (name, answers)
    finally:
        run.communicate("x")
    assert os.path.islink(world.path("d/config")) and os.path.islink(world.path("e/link"))


def test_a_lost_process_is_refused_what_landlock_does_not_know(world):
    """Names and descriptors of files, in and outside of what was granted for reading."""
    needs_lockdown(world)
    inside = world.put("d/a.txt")
    outside = f"{world.base}/outside/secret"
    before = [os.stat(path).st_mtime_ns for path in (inside, outside)]
    run = waiting(world, "run --dir d:ro wish.wasm say ready input")
    calls = []
    for path in (inside, outside):
        calls += [(f'utimensat(-100, "{path}", 0, 0)', errno.EPERM),
                  (f'utimensat(-100, "{path}", 0, 256)', errno.EPERM),
                  (f'futimesat(-100, "{path}", 0)', errno.EPERM), (f'utimes("{path}", 0)', errno.EPERM),
                  (f'utime("{path}", 0)', errno.EPERM), (f'x32_utimensat(-100, "{path}", 0, 0)', errno.EPERM),
                  (f'chmod("{path}", 511)', errno.EPERM), (f'fchmodat2(-100, "{path}", 511, 0)', errno.EPERM),
                  (f'chown("{path}", 0, 0)', errno.EPERM), (f'truncate("{path}", 0)', errno.EPERM),
                  (f'setxattr("{path}", "user.x", "y", 1, 0)', errno.EPERM),
                  (f'name_to_handle_at(-100, "{path}", 0, 0, 0)', errno.EPERM)]
    calls += [("utimensat(0, 0, 0, 0)", errno.EPERM), ("fchmod(0, 511)", errno.EPERM),
              ('fsetxattr(0, "user.x", "y", 1, 0)', errno.EPERM), ("flock(0, 2)", errno.EPERM),
              ("inotify_init1(0)", errno.EPERM), ('chdir("/")', errno.EPERM), ('chroot("/")', errno.EPERM),
              (f'mknod("{world.path("d/fifo")}", 4516, 0)', errno.EPERM)]
    try:
        refused(run.pid, calls)
    finally:
        run.communicate("x")
    assert [os.stat(path).st_mtime_ns for path in (inside, outside)] == before


def test_a_lost_process_maps_no_code_and_gets_no_rights(world):
    needs_lockdown(world)
    run = waiting(world, "run --dir . wish.wasm say ready input")
    new_namespace = 0x20000 | 0x10F00  # CLONE_NEWNS with the flags of a thread
    calls = [('memfd_create("x", 0)', errno.EPERM),
             ("mmap(0, 4096, 5, 0x22, -1, 0)", errno.EPERM),
             ("mmap(0, 4096, 7, 0x22, -1, 0)", errno.EPERM),
             ("mmap(0, 4096, 4, 0x22, -1, 0)", errno.EPERM),
             ("mprotect(page, 4096, 5)", errno.EPERM), ("mprotect(page, 4096, 7)", errno.EPERM),
             ("personality(0x400000)", errno.EPERM),
             ("madvise(page, 4096, 100)", errno.EPERM), ("madvise(page, 4096, 101)", errno.EPERM),
             ("sched_setattr(0, sp, 0)", errno.EPERM), ("sched_setscheduler(0, 1, sp)", errno.EPERM),
             ("sched_setparam(0, sp)", errno.EPERM), ("sched_getaffinity(1, 128, sp - 4096)", errno.EPERM),
             (f"prlimit64({os.getpid()}, 7, 0, sp - 4096)", errno.EPERM),
             (f"prlimit64(1, 7, 0, sp - 4096)", errno.EPERM), ("prlimit64(0, 7, sp, 0)", errno.EPERM),
             ("prlimit64(0, 7, 0x100000000, 0)", errno.EPERM),
             ("setsockopt(0, 1, 6, sp, 4)", errno.EPERM), ("setsockopt(0, 0, 1, sp, 4)", errno.EPERM),
             ("getsockopt(0, 6, 1, sp - 4096, sp)", errno.EPERM),
             ("socket(2, 1, 0)", errno.EPERM), ("socket(16, 3, 0)", errno.EPERM), ("fork()", errno.EPERM),
             (f"clone({new_namespace}, 0, 0, 0, 0)", errno.EPERM), ("clone(17, 0, 0, 0, 0)", errno.EPERM),
             ("clone3(0, 0)", errno.ENOSYS), ("arch_prctl(0x1003, sp - 4096)", errno.EPERM),
             (f"kill({os.getpid()}, 0)", errno.EPERM), ("kill(-1, 0)", errno.EPERM),
             ("kill(0, 0)", errno.EPERM), (f"ptrace(16, {os.getpid()}, 0, 0)", errno.EPERM),
             (f"pidfd_open({os.getpid()}, 0)", errno.EPERM), ("io_uring_setup(1, 0)", errno.EPERM),
             ("userfaultfd(0)", errno.EPERM), ('execveat(-100, "/bin/true", 0, 0, 0)', errno.EPERM)]
    try:
        refused(run.pid, calls)
        # The same with what is harmless: it is not everything that fails.
        works = attack(run.pid, ["prlimit64(0, 7, 0, sp - 4096)", f"kill({run.pid}, 0)",
                                 f'stat("{world.base}/outside/secret", sp - 4096)'])
        assert works == [0, 0, 0], works
    finally:
        run.communicate("x")


def test_a_lost_process_sets_times_through_descriptors_only(world):
    needs_lockdown(world)
    path = world.put("d/a.txt")
    run = waiting(world, "run --dir d wish.wasm say ready input")
    try:
        refused(run.pid, [(f'utimensat(-100, "{path}", 0, 0)', errno.EPERM),
                          (f'utimensat(-100, 0x100000000, 0, 0)', errno.EPERM)])
        (fd,) = attack(run.pid, [f'open("{path}", 2)'])
        assert attack(run.pid, [f"utimensat({fd}, 0, 0, 0)"]) == [0]
    finally:
        run.communicate("x")


def times_of(path):
    """When it was changed; when it was read is changed by looking at it."""
    return os.lstat(path).st_mtime_ns


def test_guests_set_times_by_name_as_ever(world):
    """Of files, directories, links, pipes and what nobody may open, by every way to a name."""
    expected = 1100000000 * 10**9 + 7
    words = ("set d/file set d/folder set-link d/link set d/to_file set d/locked set d/pipe set d/folder/. "
             "set-below d/folder below set-open d/opened set-folder d/opened.d "
             "set d/gone set r/file set-open r/file set-link d/out set d/out")
    for options in ("", "--no-lockdown", "--audit log", "--deny-dir d/x"):
        shutil.rmtree(world.path("d"), ignore_errors=True)
        for name in ("file", "target", "locked", "folder/below", "opened", "opened.d/x"):
            world.put(f"d/{name}")
        world.put("r/file")
        os.symlink("file", world.path("d/link"))
        os.symlink("target", world.path("d/to_file"))
        os.symlink("../r/file", world.path("d/out"))
        os.mkfifo(world.path("d/pipe"))
        os.chmod(world.path("d/locked"), 0)
        untouched = times_of(world.path("r/file"))
        out, _ = world.run(f"run --no-ask {options} --dir d --dir r:ro times.wasm {words}", code=0)
        answers = [line.split(": ")[1] for line in out.splitlines()]
        assert answers[:10] == ["done"] * 10, (options, out)
        assert answers[10] == "error 44" and answers[13] == "done", (options, out)
        assert all(answer.startswith("error") for answer in answers[11:13] + answers[14:]), (options, out)
        for name in ("file", "folder", "link", "target", "locked", "pipe", "folder/below", "opened", "opened.d",
                     "out"):
            assert times_of(world.path(f"d/{name}")) == expected, (options, name)
        assert times_of(world.path("r/file")) == untouched, options


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_lost_process_has_no_way_to_the_audit_log(world):
    needs_lockdown(world)
    world.put("d/a.txt")
    log = world.work / "log"
    words = "wish.wasm say ready read d/a.txt input clock"
    for target in ("file", "number"):
        log.unlink(missing_ok=True)
        log.touch()
        fd = os.open(log, os.O_WRONLY | os.O_APPEND)
        options = {"file": "--audit log", "number": f"--audit {fd}"}[target]
        run = subprocess.Popen(world.command(f"run --dir d {options} {words}"), cwd=world.work,
                               env=world.environment, text=True, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[fd])
        os.close(fd)
        try:
            assert run.stdout.readline() == "say: ready\n" and run.stdout.readline() == "read: text\n"
            (broker,) = children(run.pid)
            assert str(log) in links(broker) and str(log) not in links(run.pid), target
            before = log.read_text()
            assert '"event":"start"' in before and '"event":"decision"' in before
            attacks = [f'open("{log}", 1)', f'open("{log}", 0x200)', f'open("/proc/{broker}/fd/3", 1)']
            attacks += [f"ftruncate({fd}, 0)" for fd in range(3, 20)]
            attacks += [f"fallocate({fd}, 3, 0, 4096)" for fd in range(3, 20)]
            attacks += [f'write({fd}, "forged\\n", 7)' for fd in (3, 4, 5, 6, 7, 8, 9) if
                        os.path.exists(f"/proc/{run.pid}/fd/{fd}") and
                        not os.readlink(f"/proc/{run.pid}/fd/{fd}").startswith("socket:")]
            assert all(result < 0 for result in attack(run.pid, attacks[:3]))
            attack(run.pid, attacks[3:])
            assert log.read_text().startswith(before) and "forged" not in log.read_text(), target
        finally:
            run.communicate("x")
        calls = [entry["call"] for entry in lines(log) if entry["event"] == "call"]
        assert "clock_time_get" in calls and run.returncode == 0, calls


def test_what_an_audit_log_was_told_of_stays_when_the_guest_is_killed(world):
    world.put("d/a.txt")
    log = world.work / "log"
    words = "wish.wasm " + "clock random " * 1500 + "say ready input"
    run = subprocess.Popen(world.command(f"run --audit log --dir d {words}"), cwd=world.work,
                           env=world.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    while run.stdout.readline() != "say: ready\n":
        pass
    run.kill()
    run.communicate()
    killed = log.read_bytes()
    log.unlink()
    world.run(f"run --audit log --dir d {words}", stdin="x", code=0)
    whole = log.stat().st_size
    assert whole > 300_000 and killed.endswith(b"\n") and len(killed) > whole - 36 * 1024, (len(killed), whole)
    lines(log)
    assert [json.loads(line)["event"] for line in killed.splitlines()][0] == "start"


def test_an_audit_whose_broker_is_gone_is_said_to_be_incomplete(world):
    run = waiting(world, "run --audit log wish.wasm say ready input clock")
    brokers = children(run.pid)
    assert len(brokers) == 1
    os.kill(brokers[0], signal.SIGKILL)
    _, err = run.communicate("x", timeout=30)
    assert run.returncode == 125 and "not complete" in err, (run.returncode, err)


def endless(world, words, **more):
    """A run of a guest that neither ends nor says anything, once it is locked down."""
    (world.work / "endless.wat").write_text('(module (func (export "_start") (loop br 0)))')
    run = subprocess.Popen(world.command(f"run {words} endless.wat"), cwd=world.work, env=world.environment,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    deadline = time.monotonic() + 20
    while not is_locked(run.pid):
        assert time.monotonic() < deadline and run.poll() is None, "it is not locked down"
        time.sleep(0.005)
    return run


def test_streams_that_were_denied_are_closed(world):
    needs_lockdown(world)
    for words, closed in (("--no-stdin", {0}), ("--no-stdout", {1}), ("--deny-all", {0}),
                          ("--no-stdin --no-stdout --no-stderr", {0, 1}),
                          ("--no-stdin --no-stdout --dir . --deny-dir x", {0, 1}), ("", set())):
        run = endless(world, words)
        try:
            targets = {fd: os.readlink(f"/proc/{run.pid}/fd/{fd}") for fd in (0, 1)}
            for fd, target in targets.items():
                assert (target == "/dev/null") == (fd in closed), (words, targets)
            pipes = {os.readlink(f"/proc/self/fd/{end.fileno()}") for end in
                     [end for fd, end in enumerate((run.stdin, run.stdout)) if fd in closed]}
            assert not links(run.pid) & pipes, words
        finally:
            run.kill()
            run.communicate()


def test_what_the_caller_left_open_is_closed(world):
    needs_lockdown(world)
    reader, writer = os.pipe()
    secret = os.open(f"{world.base}/outside/secret", os.O_RDONLY)
    given = [secret]
    for number in (63, 200, 900):
        given.append(os.dup2(writer, number, inheritable=True))
    pipe = os.readlink(f"/proc/self/fd/{writer}")
    try:
        for words, fds in (("", given), ("", given[:2]), ("--dir . --deny-dir x", given), ("--audit 200", given)):
            run = endless(world, words, pass_fds=fds)
            try:
                assert not links(run.pid) & {pipe, f"{world.base}/outside/secret"}, words
            finally:
                run.kill()
                run.communicate()
        # Somebody else's business where nothing is taken away.
        (world.work / "end.wat").write_text('(module (func (export "_start")))')
        world.run("run --no-lockdown end.wat", code=0, pass_fds=given)
    finally:
        for fd in (reader, writer, *given):
            os.close(fd)


def test_modules_and_policies_come_through_descriptors_all_the_same(world):
    """As shells hand them over: `nacre run <(make a module)`."""
    module = os.open(world.path("wish.wasm"), os.O_RDONLY)
    folder = os.open(world.work, os.O_RDONLY)
    world.put("d/a.txt")
    try:
        out, _ = world.run(f"run --dir /proc/self/fd/{folder}/d::d /dev/fd/{module} read d/a.txt", code=0,
                           pass_fds=[module, folder])
        assert out == "read: text\n", out
    finally:
        os.close(module)
        os.close(folder)


def test_results_are_printed_whatever_the_guest_was_denied(world):
    (world.work / "add.wat").write_text(
        '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))')
    assert world.run("run --no-stdin --no-stdout --no-stderr --invoke add add.wat 2 3", code=0)[0] == "5\n"
    (world.work / "trap.wat").write_text('(module (func (export "_start") unreachable))')
    _, err = world.run("run --no-stdin --no-stdout --no-stderr trap.wat", code=134)
    assert "trapped" in err, err


def test_denied_within_granted_is_left_to_the_broker(world):
    world.put("d/open.txt", "open\n")
    world.put("d/shut/key.txt", "key\n")
    out, _ = world.run("run --dir d --deny-dir d/shut wish.wasm read d/open.txt read d/shut/key.txt "
                       "write d/new.txt mkdir d/sub rename d/new.txt d/sub/new.txt list d "
                       "stat d/sub/new.txt remove d/sub/new.txt link d/shut/key.txt d/key.txt", code=0)
    assert out.splitlines() == ["read: open", "read: error 44", "write: done", "mkdir: done",
                                "rename: done", "list: 5", "stat: done", "remove: done",
                                "link: error 44"], out


def test_a_run_whose_broker_is_gone_ends_by_itself(world):
    world.put("d/a.txt")
    run = waiting(world, "run --dir d --deny-dir d/x wish.wasm say ready input read d/a.txt say still")
    brokers = children(run.pid)
    assert len(brokers) == 1
    os.kill(brokers[0], signal.SIGKILL)
    out, err = run.communicate("x", timeout=30)
    assert "read: error" in out and "still" in out and run.returncode == 0, (out, err)


def test_a_broker_goes_with_its_guest(world):
    world.put("d/a.txt")
    run = waiting(world, "run --dir d --deny-dir d/x wish.wasm say ready input")
    (broker,) = children(run.pid)
    assert not is_locked(broker)
    run.kill()
    run.communicate()
    deadline = time.monotonic() + 20
    while is_running(broker):
        assert time.monotonic() < deadline, "it stays"
        time.sleep(0.01)


def test_output_ends_with_the_guest_not_with_the_broker(world):
    """Who reads a program's output to its end must not wait for another process."""
    world.put("d/a.txt")
    run = waiting(world, "run --dir d --deny-dir d/x wish.wasm say ready input")
    (broker,) = children(run.pid)
    output = os.readlink(f"/proc/{run.pid}/fd/1")
    deadline = time.monotonic() + 20
    while output in links(broker):  # until it has set itself up
        assert time.monotonic() < deadline, "it keeps the output open"
        time.sleep(0.001)
    os.kill(broker, signal.SIGSTOP)
    try:
        run.stdin.write("x")
        run.stdin.close()
        assert run.stdout.read() == "input: x"
    finally:
        os.kill(broker, signal.SIGCONT)
        run.wait()


def test_recording_and_auditing_work_across_processes(world):
    world.put("d/a.txt")
    world.run("run --dir d --record policy.toml --audit log wish.wasm read d/a.txt clock", code=0)
    policy = (world.work / "policy.toml").read_text()
    assert "a.txt" in policy and "clock = true" in policy and "random = true" in policy.split("[deny]")[1], policy
    log = (world.work / "log").read_text()
    decision, call = log.index('"event":"decision"'), log.index('"path_open"')
    assert decision < call and log.count('"event":"start"') == 1
    world.run("run --policy policy.toml wish.wasm read d/a.txt clock", code=0)
