"""Missing and forbidden look alike: a guest is told that nothing is there, and its user that it was refused."""

import os

# What programs do to see whether an optional file is there, and with one that is not.
LOOKS = ("read", "stat", "access", "readlink", "list")
CHANGES = ("write", "mkdir", "remove", "rmdir", "touch", "rename", "link", "symlink")


def act(word, path):
    other = {"rename": f"{path} {path}2", "link": f"{path} {path}2", "symlink": f"x {path}"}
    return f"{word} {other.get(word, path)} "


def wanted(words, error):
    return "".join(f"{word}: error {error}\n" for word in words)


def places(world):
    """Something that is there, a folder, and what is not, by absolute and relative names."""
    world.put("d/a.txt")
    os.symlink("a.txt", world.path("d/link"))
    for name in ("d/a.txt", "d/link", "d", "d/missing", "missing", "d/a.txt/x", "missing/x"):
        yield name
        yield world.path(name)
    yield from ("/etc/passwd", "/etc/nosuch/app.conf", "/proc/self/environ", "/proc/nosuch", "/sys/kernel")


def test_without_grants(world):
    for path in places(world):
        for words in (LOOKS, CHANGES):
            actions = "".join(act(word, path) for word in words)
            for mode in ("", "--no-lockdown"):
                out, _ = world.run(f"run {mode} wish.wasm {actions}", code=0)
                assert out == wanted(words, 44), (path, mode, out)
    assert os.path.exists(world.path("d/a.txt")) and not os.path.exists(world.path("d/missing"))


def test_granting_less_does_not_help(world):
    """The same answers whatever else was granted."""
    world.put("d/a.txt")
    for mode in ("", "--dir d", "--file d/a.txt:ro", "--env HOME", "--dir .", "--no-lockdown"):
        out, _ = world.run(f"run {mode} wish.wasm read /etc/nosuch/app.conf read nosuch.conf stat /etc/passwd")
        assert out == "read: error 44\nread: error 44\nstat: error 44\n", (mode, out)


def test_what_a_rule_denies(world):
    world.put("d/secret/a.txt")
    world.put("d/b.txt")
    for path in ("d/secret", "d/secret/a.txt", "d/secret/none", "d/secret/none/x"):
        for words in (LOOKS, CHANGES):
            actions = "".join(act(word, path) for word in words)
            out, _ = world.run(f"run --dir d --deny-dir d/secret wish.wasm {actions}", code=0)
            assert out == wanted(words, 44), (path, out)
    for path in ("d/b.txt", "d/none.txt"):
        out, _ = world.run(f"run --dir d --deny-file {path} wish.wasm read {path} write {path}")
        assert out == "read: error 44\nwrite: error 44\n", out


def test_what_may_be_looked_at_is_no_secret(world):
    world.put("d/a.txt")
    # A grant to read, beside which a right is missing, or is denied.
    out, _ = world.run("run --file d/a.txt:ro wish.wasm read d/a.txt write d/a.txt remove d/a.txt")
    assert out == "read: text\nwrite: error 76\nremove: error 76\n", out
    out, _ = world.run("run --dir d --deny-file d/a.txt:write+create wish.wasm read d/a.txt write d/a.txt")
    assert out == "read: text\nwrite: error 76\n", out
    out, _ = world.run("run --dir d:ro wish.wasm write d/a.txt write d/b.txt read d/../other")
    assert out == "write: error 63\nwrite: error 63\nread: error 63\n", out
    # What must stay because something denied is below it, or behind it.
    world.put("w/below/secret/a.txt")
    os.symlink("below/secret", world.path("w/link"))
    for mode in ("", "--no-lockdown"):
        out, _ = world.run(f"run {mode} --dir w --deny-dir w/link wish.wasm stat w/below rename w/below w/b rmdir w/below "
                           "readlink w/link remove w/link rename w/link w/l stat w/below/secret rmdir w/below/secret")
        assert out == ("stat: done\nrename: error 76\nrmdir: error 76\nreadlink: done\nremove: error 76\n"
                       "rename: error 76\nstat: error 44\nrmdir: error 44\n"), (mode, out)
    # What it has open is there.
    out, _ = world.run("run --dir / wish.wasm stat /proc/self/environ read /proc/self/environ")
    assert out == "stat: done\nread: error 63\n", out


def test_a_refusal_by_whoever_is_asked(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path} read {path}x read {path}")
    run.answer("no")
    assert run.end()[0].count("read: error 44") == 3
    run = world.terminal(f"wish.wasm read {path} stat {path}")
    run.answer("never")
    assert run.end()[0].count("error 44") == 2
    out, _ = world.run(f"wish.wasm read {path} read {path}x")
    assert out == "read: error 44\nread: error 44\n", "the decision stands"


def test_taking_away_what_is_missing_is_only_looking(world):
    run = world.terminal(f"wish.wasm remove {world.path('none')} rmdir {world.path('none')}")
    out, _ = run.end()
    assert out.count("error 44") == 2 and "wants to" not in out and "note:" not in out, out


def test_nobody_is_asked_twice_about_a_rename(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm rename {path} {path}2")
    run.answer("no")
    out, _ = run.end()
    assert "rename: error 44" in out and out.count("wants to") == 1, out


def test_the_audit_tells_it_as_denied(world):
    world.put("a.txt")
    world.run("run --audit log wish.wasm read a.txt read missing")
    log = open(world.path("log")).read()
    assert log.count('"decision":"deny"') == 2 and log.count('"result":"noent"') >= 2, log
