"""The audit log, recorded policies, and explanations."""

import json
import os
import subprocess
import tomllib
from unittest import SkipTest


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_audit_has_decisions_and_uses(world):
    world.put("d/a.txt")
    secret = f"{world.base}/outside/secret"
    world.run(f"run --audit log --dir d:ro --env HOME wish.wasm read d/a.txt read {secret} clock "
              "variable HOME", code=0)
    log = lines((world.work / "log").read_text())
    assert log[0]["event"] == "start" and log[0]["module"] == "wish.wasm"
    assert log[0]["digest"].startswith("sha256:")
    for entry in log:
        assert entry["time"].endswith("Z") and len(entry["time"]) == 30, entry
    calls = [(e["call"], e["object"], e["result"]) for e in log if e["event"] == "call"]
    assert ("path_open", "d/a.txt", "success") in calls, calls
    assert ("fd_read", "d/a.txt", "success") in calls
    assert ("fd_write", "stdout", "success") in calls
    assert any(call == "clock_time_get" for call, _, _ in calls)
    assert any(call == "environ_get" for call, _, _ in calls)
    assert ("path_open", secret, "noent") in calls, calls
    decisions = [e for e in log if e["event"] == "decision"]
    allowed = [e for e in decisions if e["decision"] == "allow"]
    assert allowed[0]["object"] == world.path("d/a.txt") and allowed[0]["rights"] == "read"
    assert allowed[0]["because"] == f"dir {world.path('d')}:ro (--dir)", allowed
    denied = [e for e in decisions if e["decision"] == "deny"]
    assert denied[0]["object"] == secret and denied[0]["because"] == "not granted", denied
    assert os.stat(world.path("log")).st_mode & 0o777 == 0o600


def test_audit_is_appended_and_closed_to_the_guest(world):
    for _ in range(2):
        world.run("run --audit log --dir . wish.wasm read log write log remove log rename log x",
                  code=0)
    log = lines((world.work / "log").read_text())
    assert sum(e["event"] == "start" for e in log) == 2
    because = [e["because"] for e in log if e["event"] == "decision" and e["decision"] == "deny"]
    assert len(because) == 8 and all("the audit log" in text for text in because), because


def test_audit_counts_what_is_repeated(world):
    path = world.put("d/a.txt")
    world.run(f"run --audit log --dir d wish.wasm spin 1000 d/a.txt clock clock clock spin 2 d/a.txt",
              code=0)
    log = [e for e in lines((world.work / "log").read_text()) if e["event"] == "call"]
    reads = [e.get("count", 1) for e in log if e["call"] == "fd_pread"]
    assert reads == [1, 999, 1, 1], reads
    assert all(e["object"] == "d/a.txt" and e["result"] == "success" for e in log
               if e["call"] == "fd_pread"), path
    times = [e["time"] for e in log]
    assert times == sorted(times)


def test_audit_to_descriptors(world):
    _, err = world.run("run --audit - wish.wasm say hello", code=0)
    assert lines(err)[0]["event"] == "start"
    reader, writer = os.pipe()
    out, err = world.run(f"run --audit {writer} wish.wasm say hello", code=0, pass_fds=[writer])
    os.close(writer)
    assert err == "" and lines(os.read(reader, 65536).decode())[-1]["call"] == "fd_write"
    _, err = world.run("run --audit 99 wish.wasm", code=125)
    assert "cannot log to 99" in err
    _, err = world.run("run --audit /nonexistent/x wish.wasm", code=125)
    assert "cannot log to /nonexistent/x" in err


def test_audit_of_hostile_names(world):
    name = 'x\n{"event":"call"}\x1b"\\'
    path = world.put(name)
    world.run(["run", "--audit", "log", "wish.wasm", "read", path], code=0)
    log = lines((world.work / "log").read_text())
    assert [e["object"] for e in log if e["event"] == "decision"] == [path]


def test_an_audit_that_fails_is_said(world):
    if not os.path.exists("/dev/full"):
        raise SkipTest("no /dev/full")
    _, err = world.run("run --audit /dev/full wish.wasm say x", code=125)
    assert "the audit log /dev/full is not complete" in err, err


def test_a_recorded_policy_is_the_smallest_that_works(world):
    world.put("d/a.txt")
    world.put("d/b.txt")
    world.put("out/.keep")
    words = f"wish.wasm read d/a.txt write out/x stat {world.path('d')} clock variable MODE"
    world.run(f"run --record p.toml --allow-all --env MODE=1 {words}", code=0)
    text = (world.work / "p.toml").read_text()
    assert f'"{world.path("d/a.txt")}:ro"' in text, text
    assert f'"{world.path("out/x")}:write+create"' in text, text
    assert "b.txt" not in text and '"/"' not in text and "random = true" in text.split("[deny]")[1]
    world.run("permissions check p.toml", code=0)
    wanted, _ = world.run(f"run --allow-all --env MODE=1 {words}", code=0)
    os.remove(world.path("out/x"))
    out, err = world.run(f"run --policy p.toml --no-ask {words}", code=0)
    assert out == wanted and err == "", (out, err)
    out, _ = world.run("run --policy p.toml --no-ask wish.wasm read d/b.txt random write d/a.txt")
    assert "read: error" in out and "random: error" in out and "write: error" in out, out


def test_recording_narrows_mounts(world):
    world.put("d/a.txt")
    world.run("run --record p.toml --dir d::/data --dir .::/unused wish.wasm read /data/a.txt",
              code=0)
    text = (world.work / "p.toml").read_text()
    assert f'dir = ["{world.path("d")}::/data:ro"]' in text and "unused" not in text, text
    assert world.run("run --policy p.toml --no-ask wish.wasm read /data/a.txt")[0] == "read: text\n"


def test_recording_standard_input_by_any_number_and_call(world):
    """Standard output is no more than where the guest put it."""
    for setup, read in (("", "(call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))"),
                        ("(drop (call $renumber (i32.const 0) (i32.const 1)))",
                         "(call $read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))"),
                        ("", "(call $pread (i32.const 0) (i32.const 0) (i32.const 1) (i64.const 2) (i32.const 16))")):
        world.put("input.wat", f"""(module
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_pread" (func $pread (param i32 i32 i32 i64 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\\20\\00\\00\\00\\04\\00\\00\\00")
          (func (export "_start")
            {setup}
            (if {read} (then (unreachable)))
            (if (i32.eqz (i32.load (i32.const 16))) (then (unreachable)))))""")
        path = world.put("input", "some text\n")
        for words in ("run --record p.toml input.wat", "run --policy p.toml input.wat"):
            with open(path) as file:
                done = subprocess.run(world.command(words), cwd=world.work, env=world.environment, stdin=file,
                                      capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, (words, read, done.stderr)
        with open(world.path("p.toml"), "rb") as policy:
            assert "stdin" not in tomllib.load(policy).get("deny", {}), read


def test_recording_a_run_that_traps(world):
    (world.work / "trap.wat").write_text('(module (func (export "_start") unreachable))')
    world.run("run --record p.toml trap.wat", code=134)
    world.run("permissions check p.toml", code=0)


def test_explain_in_words(world):
    world.put("d/a.txt")
    out, _ = world.run("explain --dir d:ro --env HOME --listen 127.0.0.1:80 --deny-dir d/x wish.wasm",
                       code=0)
    for part in ("can ask for\n", "files and directories, by their paths  (path_",
                 "the clocks  (clock_time_get", "It has no call for\n  connections",
                 f"read {world.path('d')} and all below it  (--dir)", "env HOME  (--env)",
                 f"read+write+create {world.path('d/x')} and all below it  (--deny-dir)",
                 "asked for at a terminal",
                 "no call that could use it\n  listen 127.0.0.1:80"):
        assert part in out, (part, out)
    (world.work / "pure.wat").write_text(
        '(module (import "env" "f" (func)) (func (export "go")))')
    out, _ = world.run("explain --no-ask pure.wat", code=0)
    assert "nothing: it can only compute" in out and "  env.f" in out and "  go\n" in out, out
    assert "What is not granted is refused" in out


def test_explain_names_unused_grants(world):
    world.put("d/a.txt")
    world.put("e/b.txt")
    world.run("run --record used.toml --dir d --dir e wish.wasm read d/a.txt", code=0)
    out, _ = world.run("explain --dir d --dir e --used used.toml wish.wasm", code=0)
    unused = out.split("not used in the run that was recorded")[1]
    assert world.path("e") in unused and world.path("d") not in unused, out


def test_explain_knows_what_was_decided(world):
    path = world.put("a.txt")
    world.run(f"permissions grant --file {path}:ro wish.wasm", code=0)
    assert f"read {path}  (decided 20" in world.run("explain wish.wasm", code=0)[0]
