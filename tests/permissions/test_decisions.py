"""Decisions that last: kept for a module, listed, taken back, and never lost or half written."""

import os
import random
import signal
import subprocess
import time


def test_grant_list_revoke_reset(world):
    path = world.put("d/a.txt")
    world.run(f"permissions grant --file {path}:ro --deny-dir d/secret wish.wasm", code=0)
    out, _ = world.run("permissions list", code=0)
    assert f"allow file {path}:ro  (decided 20" in out, out
    assert f"deny  dir {world.path('d/secret')}  (decided 20" in out, out
    assert out.startswith(world.path("wish.wasm") + "\n  sha256:"), out
    assert world.run(f"wish.wasm read {path}")[0] == "read: text\n"
    world.run(f"permissions revoke --file {path}:ro wish.wasm", code=0)
    assert world.run(f"wish.wasm read {path}")[0] == "read: error 44\n"
    assert "deny  dir" in world.run("permissions list wish.wasm", code=0)[0]
    world.run("permissions reset", code=0)
    assert world.run("permissions list", code=0)[0] == "nothing is remembered\n"


def test_by_digest_and_by_a_place_that_is_gone(world):
    path = world.put("a.txt")
    world.run(f"permissions grant --file {path} wish.wasm", code=0)
    digest = world.run("permissions list", code=0)[0].split()[1]
    assert "allow" in world.run(f"permissions list {digest[:20]}", code=0)[0]
    assert "nothing" in world.run("permissions list sha256:0000", code=0)[0]
    os.remove(world.path("wish.wasm"))
    assert world.run("permissions revoke wish.wasm", code=0)[0] == "1 taken back\n"
    _, err = world.run("permissions revoke wish.wasm", code=1)
    assert "no such decision" in err


def test_another_module_has_no_part_in_it(world):
    path = world.put("a.txt")
    world.run(f"permissions grant --file {path} wish.wasm", code=0)
    os.rename(world.path("wish.wasm"), world.path("same.wasm"))
    assert world.run(f"same.wasm read {path}")[0] == "read: text\n", "the name does not matter"
    with open(world.path("same.wasm"), "ab") as module:
        module.write(b"\x00\x02\x01v")
    assert world.run(f"same.wasm read {path}")[0] == "read: error 44\n"


def test_decisions_expire(world):
    path = world.put("a.txt")
    world.run(f"permissions grant --for 2s --file {path} wish.wasm", code=0)
    assert ", until 20" in world.run("permissions list", code=0)[0]
    assert world.run(f"wish.wasm read {path}")[0] == "read: text\n"
    time.sleep(3)
    assert world.run(f"wish.wasm read {path}")[0] == "read: error 44\n"
    for wrong in ("2", "s", "-1d", "1w", "0d"):
        assert "--for needs" in world.run(f"permissions grant --for={wrong} --clock wish.wasm", code=2)[1]


def test_diff_says_what_an_update_wants(world):
    path, other = world.put("a.txt"), world.put("b.txt")
    world.run(f"permissions grant --file {path}:ro wish.wasm", code=0)
    assert "nothing was decided" in world.run("permissions diff wish.wasm", code=0)[0]
    (world.work / "wish.wat").write_text("""(module
      (import "wasi_snapshot_preview1" "sock_accept" (func (param i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
      (func (export "_start")))""")
    os.rename(world.path("wish.wat"), world.path("wish.wasm"))
    world.run(f"permissions grant --file {other}:ro wish.wasm", code=0)
    out, _ = world.run("permissions diff wish.wasm", code=0)
    assert "another version was here: sha256:" in out
    assert "+ it can now ask for listen" in out and "- it no longer asks for path" in out, out
    assert f"+ allow file {other}:ro" in out and f"- allow file {path}:ro" in out, out


def test_a_store_that_cannot_be_read_stops_the_run(world):
    path = world.put("a.txt")
    world.run(f"permissions grant --deny-file {path} wish.wasm", code=0)
    text = world.store.read_text()
    for broken in (text[:-3], text.replace("deny", "dney"), text.replace("file ", "flie ")):
        world.store.write_text(broken)
        _, err = world.run(f"run --dir . wish.wasm read {path}", code=125)
        assert str(world.store) in err and "nacre permissions reset" in err, err
    world.store.write_text(text)
    os.chmod(world.store, 0o666)
    assert "others may write it" in world.run(f"run --dir . wish.wasm read {path}", code=125)[1]
    world.run("permissions reset", code=0)
    world.run(f"run --dir . wish.wasm read a.txt", code=0)


def test_no_guest_reaches_the_decisions(world):
    path = world.put("a.txt")
    world.run(f"permissions grant --file {path} wish.wasm", code=0)
    before = world.store.read_text()
    os.symlink(world.store.parent, world.path("link"))
    config = world.store.parent
    out, _ = world.run(["run", "--allow-all", "wish.wasm", "read", str(world.store), "write",
                        str(world.store), "remove", str(world.store), "rename", str(config),
                        str(world.home / "x"), "rename", str(config.parent), str(world.home / "x"),
                        "link", str(world.store), str(world.home / "x"), "write",
                        str(config / "new"), "list", str(config), "read", "link/permissions.toml"])
    # Of what it may look at, such as the folder above, it is told that it may not move it.
    assert out.count("error 44") == 8 and out.count("rename: error 76") == 1, out
    world.run(["run", "--dir", f"{world.home}::/h", "wish.wasm", "rename", "/h/.config", "/h/x",
               "write", "/h/.config/nacre/permissions.toml"])
    assert world.store.read_text() == before
    assert sorted(os.listdir(config)) == ["permissions.toml", "permissions.toml.lock"]


def test_no_guest_makes_the_folder_of_decisions(world):
    """Not even where it is missing, as a link to a place that it may write."""
    out, _ = world.run(["run", "--dir", f"{world.home}::/h", "wish.wasm", "mkdir", "/h/.config",
                        "mkdir", "/h/.other"])
    assert out == "mkdir: error 76\nmkdir: done\n", out


def writer(world, number):
    return subprocess.Popen(world.command(f"permissions grant --file /w/{number}:ro wish.wasm"),
                            cwd=world.work, env=world.environment, stderr=subprocess.PIPE)


def test_concurrent_writers_lose_nothing(world):
    count = 40
    writers = [writer(world, i) for i in range(count)]
    for process in writers:
        assert process.wait(timeout=60) == 0, process.stderr.read()
    out, _ = world.run("permissions list", code=0)
    for i in range(count):
        assert f"/w/{i}:ro" in out, f"decision {i} is lost"


def test_killed_writers_leave_whole_decisions(world):
    """kill -9 at any moment: what was there stays, what was done stays, nothing is half there."""
    chance = random.Random(4)
    world.run("permissions grant --file /w/first:ro wish.wasm", code=0)
    began = time.monotonic()
    assert writer(world, "second").wait(timeout=60) == 0
    usual = time.monotonic() - began
    finished, killed = [], 0
    for i in range(150):
        process = writer(world, i)
        time.sleep(chance.random() * 2 * usual)
        process.send_signal(signal.SIGKILL)
        if process.wait(timeout=60) == 0:
            finished.append(i)
        else:
            killed += 1
        if i % 10 == 9:
            out, _ = world.run("permissions list", code=0)
            assert "/w/first:ro" in out
            for done in finished:
                assert f"/w/{done}:ro" in out, f"decision {done} is lost"
    assert killed > 10 and finished, (killed, len(finished))
    world.run("permissions grant --file /w/last:ro wish.wasm", code=0)
    assert "/w/last:ro" in world.run("permissions list", code=0)[0]
