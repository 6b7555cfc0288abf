"""Questions about environment variables."""

import json
import re

BOTH = {"WISH_TOKEN": "t0ken", "WISH_COLOR": "red", "WISH_OTHER": "other", "SECRET": "s3cret"}
QUESTION = '"wish.wasm" wants to read the environment variable'


def with_variables(world, variables=BOTH):
    world.environment.update(variables)


def test_one_question_about_what_the_code_names(world):
    with_variables(world)
    run = world.terminal("wish.wasm token token variable SECRET")
    asked = run.answer("once")
    assert f'{QUESTION}s\r\n  "WISH_TOKEN", "WISH_COLOR"\r\n' in asked, asked
    assert "t0ken" not in asked and "dir" not in asked.split("allow?")[1], asked
    out, code = run.end()
    assert out.count("token: t0ken, color: red\n") == 2 and code == 0, out
    assert "variable: not set\n" in out and "s3cret" not in out, out
    assert not world.store.exists()


def test_what_is_not_set_is_not_asked_about(world):
    with_variables(world, {"WISH_COLOR": "red"})
    run = world.terminal("wish.wasm token")
    assert f'{QUESTION}\r\n  "WISH_COLOR"\r\n' in run.answer("run")
    assert "token: none, color: red\n" in run.end()[0]


def test_nothing_is_asked_where_nothing_is_named(world):
    with_variables(world, {"SECRET": "s3cret"})
    out, _ = world.terminal("wish.wasm token variable SECRET").end()
    assert out == "token: none, color: none\nvariable: not set\n", out


def test_nobody_is_asked_who_does_not_look(world):
    with_variables(world)
    out, _ = world.terminal("wish.wasm say hello").end()
    assert out == "say: hello\n", out


def test_no_gives_none_and_says_nothing_at_the_end(world):
    with_variables(world)
    run = world.terminal("wish.wasm token")
    run.answer("no")
    out, code = run.end()
    assert out.endswith("token: none, color: none\n") and code == 0, out


def test_without_a_terminal_there_are_none(world):
    with_variables(world)
    for flags in ("", "--no-ask", "--deny-all"):
        out, err = world.run(f"run {flags} wish.wasm token", code=0)
        assert out == "token: none, color: none\n" and err == "", err
    out, _ = world.terminal("run --no-ask wish.wasm token").end()
    assert out == "token: none, color: none\n", out


def test_rules_are_not_asked_about(world):
    with_variables(world)
    run = world.terminal("run --env WISH_COLOR=blue wish.wasm token")
    assert f'{QUESTION}\r\n  "WISH_TOKEN"\r\n' in run.answer("once")
    assert "token: t0ken, color: blue\n" in run.end()[0]
    out, _ = world.terminal("run --env WISH_COLOR --deny-env 'WISH_T*' wish.wasm token").end()
    assert out == "token: none, color: red\n", out


def test_answers_are_remembered_by_name(world):
    with_variables(world, {"WISH_COLOR": "red"})
    run = world.terminal("wish.wasm token")
    run.answer("always")
    run.end()
    assert "allow env WISH_COLOR" in " ".join(world.run("permissions list", code=0)[0].split())
    with_variables(world)
    run = world.terminal("wish.wasm token")
    assert f'{QUESTION}\r\n  "WISH_TOKEN"\r\n' in run.answer("never")
    assert "token: none, color: red\n" in run.end()[0]
    out, _ = world.terminal("wish.wasm token").end()
    assert out == "token: none, color: red\n", out
    world.run("permissions revoke wish.wasm", code=0)
    run = world.terminal("wish.wasm token")
    assert f"{QUESTION}s" in run.answer("no")
    run.end()


def test_another_version_shows_what_is_new(world):
    with_variables(world, {"WISH_COLOR": "red"})
    run = world.terminal("wish.wasm token")
    run.answer("always")
    run.end()
    with open(world.path("wish.wasm"), "ab") as module:
        module.write(b"\0\x02\x01x")  # a custom section
    with_variables(world)
    run = world.terminal("wish.wasm token")
    asked = run.answer("once")
    assert "new: WISH_TOKEN; the others were decided for another version of it" in asked, asked
    run.end()


def test_the_log_and_the_recorded_policy_have_them(world):
    with_variables(world)
    run = world.terminal("run --audit log --record policy.toml wish.wasm token")
    run.answer("once")
    run.end()
    with open(world.path("log")) as log:
        decisions = [json.loads(line) for line in log if '"decision"' in line]
    found = {(one["object"], one["decision"]) for one in decisions if one["kind"] == "env"}
    assert found == {("WISH_TOKEN", "allow"), ("WISH_COLOR", "allow")}, decisions
    with open(world.path("policy.toml")) as policy:
        text = policy.read()
    assert re.search(r'env = \[\s*"WISH_COLOR",\s*"WISH_TOKEN",?\s*\]', text), text
    out, _ = world.run("run --policy policy.toml wish.wasm token", code=0)
    assert out == "token: t0ken, color: red\n", out


def test_a_long_environment_comes_whole(world):
    with_variables(world, {"WISH_TOKEN": "t" * 60000, "WISH_COLOR": "c" * 60000,
                           "SECRET": "s" * 100000})
    run = world.terminal("wish.wasm token")
    run.answer("once")
    out, _ = run.end()
    assert "t" * 60000 + ", color: " + "c" * 60000 + "\n" in out


def test_a_locked_process_keeps_no_variable(world):
    """Nor can whatever breaks out of its guest read one there."""
    import test_lockdown
    with_variables(world)
    for flags, kept in (("--env WISH_COLOR", False), ("--env WISH_COLOR --no-lockdown", True)):
        run = test_lockdown.waiting(world, f"run {flags} wish.wasm say ready input")
        with open(f"/proc/{run.pid}/environ", "rb") as file:
            assert (b"s3cret" in file.read()) == kept
        # A sanitizer's runtime, under which no process is locked, keeps a copy for itself.
        if test_lockdown.is_locked(run.pid):
            assert b"s3cret" not in memory_of(run.pid)
        assert not kept or b"s3cret" in memory_of(run.pid)
        run.communicate("\n")


def memory_of(pid):
    """What of its memory can be written."""
    parts = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, access, *rest = line.split()
            begin, end = (int(word, 16) for word in span.split("-"))
            if not access.startswith("rw") or end - begin > 1 << 28 or "[vvar" in line:
                continue
            memory.seek(begin)
            try:
                parts.append(memory.read(end - begin))
            except OSError:  # a guard
                pass
    return b"".join(parts)
