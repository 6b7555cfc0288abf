"""What the kernel holds the process of a guest to, and what its broker does for it."""

import os
import re
import shutil
import signal
import subprocess
import time
from unittest import SkipTest


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


def test_a_guest_runs_locked_down(world):
    found = available(world)
    run = waiting(world, "run --dir . wish.wasm say ready input")
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
    """A debugger makes the process do what a guest that took it over would do."""
    found = available(world)
    if not found or "Landlock and seccomp" not in found[1] or shutil.which("gdb") is None:
        raise SkipTest("no gdb, or nothing to lock a process with")
    world.put("d/a.txt")
    run = waiting(world, "run --dir d:ro wish.wasm say ready input")
    secret = f"{world.base}/outside/secret"
    calls = [f'(int)open64("{secret}", 0)', f'(int)open64("{world.path("d/a.txt")}", 0)',
             f'(int)open64("{world.path("d/a.txt")}", 1)', f'(int)open64("{world.path("new")}", 65, 438)',
             '(int)open64("/proc/self/mem", 2)', f'(int)unlink("{world.path("d/a.txt")}")',
             '(int)fork()']
    try:
        command = ["gdb", "-p", str(run.pid), "-batch", "-nx"]
        for call in calls:
            command += ["-ex", f"print {call}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        answers = re.findall(r"^\$\d+ = (-?\d+)", done.stdout, re.MULTILINE)
        assert len(answers) == len(calls), done.stdout + done.stderr
        good = [call for call, answer in zip(calls, answers) if int(answer) >= 0]
        assert good == [calls[1]], good
    finally:
        run.communicate("x")
    assert os.path.exists(world.path("d/a.txt"))


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
