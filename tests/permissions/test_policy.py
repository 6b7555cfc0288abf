"""Policy files and the flags in the same language."""

import json
import os


def test_a_policy_file_grants_and_denies(world):
    world.put("p/data/a.txt")
    world.put("p/data/secret/b.txt")
    world.put("p/out/.keep")
    policy = world.put("p/nacre.toml", """
[allow]
dir = ["data:ro", "out::/o"]
env = ["MODE=fast"]
[deny]
dir = "data/secret"
clock = true
""")
    out, err = world.run(["run", "--policy", policy, "wish.wasm", "read", world.path("p/data/a.txt"),
                          "read", world.path("p/data/secret/b.txt"), "write", "/o/x", "variable",
                          "MODE", "clock"])
    assert out == ("read: text\nread: error 44\nwrite: done\nvariable: fast\n"
                   "clock: error 76\n"), out + err
    assert f"denied by dir {world.path('p/data/secret')} ({policy}:6:7)" in err, err


def test_check_names_line_and_column(world):
    world.put("bad.toml", '[allow]\ndri = "x"\ndir = ["a", 7]\n[deny]\nmemory = "1M"\n')
    _, err = world.run("permissions check bad.toml", code=1)
    lines = err.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["bad.toml:2:1", "bad.toml:3:13", "bad.toml:5:10"], err
    _, err = world.run("run --policy bad.toml wish.wasm", code=125)
    assert "bad.toml:2:1: there is nothing called \"dri\"" in err and "(and 2 more" in err, err
    world.put("good.toml", '[allow]\ndir = "d"\n')
    assert world.run("permissions check good.toml", code=0)[0] == "good.toml: no problems\n"
    assert "there is no such file" in world.run("permissions check none.toml", code=1)[1]


def test_the_schema_is_the_one_in_docs(world):
    out, _ = world.run("permissions schema", code=0)
    schema = json.loads(out)
    assert set(schema["properties"]) == {"module", "allow", "deny"}
    assert {"dir", "file", "env", "net", "clock", "memory"} <= set(schema["properties"]["allow"]["properties"])
    docs = os.path.join(os.path.dirname(__file__), "../../docs/nacre.schema.json")
    assert open(docs).read() == out, "docs/nacre.schema.json: nacre permissions schema has changed"


def test_a_policy_for_another_module_is_refused(world):
    world.put("p.toml", f'module = "sha256:{"0" * 64}"\n[allow]\ndir = "."\n')
    _, err = world.run("run --policy p.toml wish.wasm", code=125)
    assert "p.toml is for another module (sha256:000" in err, err
    digest = world.run("explain wish.wasm", code=0)[0].split()[1]
    world.put("p.toml", f'module = "{digest}"\n[allow]\ndir = "."\n')
    world.run("run --policy p.toml wish.wasm", code=0)


def test_handles_are_limited(world):
    world.put("d/a.txt")
    out, _ = world.run("run --handles 2 --dir d --no-ask wish.wasm read d/a.txt", code=0)
    assert out == "read: text\n"
    _, err = world.run("run --handles 1 --dir d --no-ask wish.wasm read d/a.txt", code=134)
    assert "wish.wasm trapped: handles limit reached: 1 (--handles)" in err, err
    _, err = world.run("run --handles 1 --dir d --dir d::/e wish.wasm", code=125)
    assert "at most 1 handles are allowed" in err, err


def test_written_bytes_are_limited(world):
    os.makedirs(world.path("d"))
    # "written\n" is 8 bytes, and what is printed about it counts as well.
    out, err = world.run("run --written 64 --dir d --no-ask wish.wasm write d/a.txt", code=0)
    assert out == "write: done\n" and err == "", err
    _, err = world.run("run --written 7 --dir d --no-ask wish.wasm write d/b.txt", code=134)
    assert "wish.wasm trapped: written limit reached: 7 bytes (--written)" in err, err
    assert os.path.getsize(world.path("d/b.txt")) == 0


def test_limits_of_a_policy_file_are_named_by_their_place(world):
    world.put("p.toml", '[allow]\nmemory = "64K"\n')
    _, err = world.run("run --policy p.toml wish.wasm", code=125)
    assert "more than the store may have: 64 KiB (p.toml:2:10)" in err, err


def test_variables_by_pattern_and_denied(world):
    world.environment |= {"LC_ALL": "C", "LC_TOKEN": "secret", "LANG": "de"}
    for name, want in (("LC_ALL", "C"), ("LC_TOKEN", "not set"), ("LANG", "not set")):
        out, _ = world.run(["run", "--env", "LC_*", "--deny-env", "*_TOKEN", "wish.wasm",
                            "variable", name])
        assert out == f"variable: {want}\n", (name, out)
    out, _ = world.run("run --allow-all --deny-env LANG wish.wasm variable LANG variable LC_ALL")
    assert out == "variable: not set\nvariable: C\n", out


def test_narrow_rights(world):
    world.put("d/a.txt")
    out, err = world.run("run --dir d:read+write --no-ask wish.wasm read d/a.txt write d/a.txt "
                         "write d/new remove d/a.txt")
    assert out == "read: text\nwrite: done\nwrite: error 63\nremove: error 63\n", out
    assert "granted with fewer rights" in err, err


def test_a_file_alone(world):
    world.put("d/a.txt")
    world.put("d/b.txt")
    os.symlink("b.txt", world.path("d/link"))
    out, _ = world.run("run --no-ask --file d/a.txt:ro wish.wasm read d/a.txt read d/b.txt "
                       "read d/link write d/a.txt list d")
    assert out == "read: text\n" + "read: error 44\n" * 2 + "write: error 76\nlist: error 44\n", out


def test_allow_all_means_absolute_and_relative_paths(world):
    world.put("d/a.txt")
    out, _ = world.run(f"run --allow-all wish.wasm read d/a.txt read {world.path('d/a.txt')} "
                       f"write d/new list /etc", code=0)
    assert out.count("read: text") == 2 and "write: done" in out and "list: " in out, out
    out, _ = world.run(f"run --allow-all --deny-dir {world.base}/outside wish.wasm "
                       f"read {world.base}/outside/secret read /proc/self/environ")
    assert out == "read: error 44\nread: error 63\n", out


def test_deny_holds_against_every_way_there(world):
    """Names, links, moves and hard links that the guest makes itself."""
    world.put("d/secret/key", "key\n")
    world.put("d/open/a.txt")
    out, _ = world.run(["run", "--dir", "d", "--deny-dir", "d/secret", "wish.wasm",
                        "read", "d/secret/key", "read", "d/open/../secret/key",
                        "rename", "d/secret", "d/open/moved", "rename", "d/secret/key", "d/key",
                        "link", "d/secret/key", "d/key", "rename", "d/open", "d/secret/x",
                        "stat", "d/secret/key", "stat", "d/secret/nothing", "list", "d/secret",
                        "read", "d/open/a.txt"])
    assert out.count("error 44") == 9 and out.endswith("read: text\n"), out
    assert os.listdir(world.path("d/secret")) == ["key"]


def test_sockets_stay_where_programs_expect_them(world):
    (world.work / "fd3.wat").write_text("""(module
      (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $f (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "three") (result i32)
        (drop (call $f (i32.const 3) (i32.const 0))) (i32.load8_u (i32.const 0))))""")
    assert world.run("run --listen 127.0.0.1:0 --invoke three fd3.wat", code=0)[0] == "6\n"
    assert world.run("run --invoke three fd3.wat", code=0)[0] == "3\n"
    assert world.run("run --no-ask --invoke three fd3.wat", code=0)[0] == "0\n"
