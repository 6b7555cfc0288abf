"""The lines at the end of a run: what they say is refused, and that following them helps."""

import os
import re
import shlex
import subprocess

from test_network import Echo

GRANT = re.compile(r"^note: .*[Gg]rant (?:it|them)(?:, and all that is in the same folder,)? with (--.*?)(?:, or with --net.*)?$")


def flags(err):
    """The grants that the notes name, as a shell reads them."""
    found = []
    for line in err.splitlines():
        assert line.startswith("note: "), err
        match = GRANT.match(line)
        if match:
            words = subprocess.run(["bash", "-c", f"printf '%s\\0' {match[1]}"], capture_output=True).stdout
            found += words.decode().split("\0")[:-1]
    return found


def follow(world, words, want, hint=None, first=""):
    """Runs it without grants, then with what the notes say: it must do well then, and nothing is noted."""
    for mode in ("", "--no-lockdown "):
        out, err = world.run(f"run {first}{mode}wish.wasm {words} exit 1", code=1)
        assert "error" in out, out
        named = flags(err)
        if hint is not None:
            assert named == shlex.split(hint), (named, err)
        out, err = world.run(["run", *shlex.split(first + mode), *named, "wish.wasm", *shlex.split(words)], code=0)
        assert out == want and err == "", (named, out, err)


def tree(world):
    for name in ("a.txt", "d/a.txt", "d/b.txt", "e/x.txt"):
        world.put(name)
    os.symlink("a.txt", world.path("d/link"))


def test_reading(world):
    tree(world)
    follow(world, "read d/a.txt", "read: text\n", "--file d/a.txt:ro")
    follow(world, f"read {world.path('d/a.txt')}", "read: text\n", "--file d/a.txt:ro")
    follow(world, "read d/link", "read: text\n", "--file d/a.txt:ro")
    follow(world, "stat d/a.txt", "stat: done\n", "--file d/a.txt:ro")
    follow(world, "access d", "access: done\n", "--dir d:ro")
    follow(world, "list d", "list: 5\n", "--dir d:ro")
    follow(world, "readlink d/link", "readlink: done\n", "--dir d:ro")
    follow(world, f"read {world.base}/outside/secret", "read: secret\n", f"--file {world.base}/outside/secret:ro")


def test_the_root_is_a_directory(world):
    _, err = world.run("wish.wasm list / exit 1", code=1)
    assert flags(err) == ["--dir", "/:ro"], err
    out, err = world.run("run --dir /:ro wish.wasm list /", code=0)
    assert out.startswith("list: ") and "error" not in out and err == "", out


def test_changing(world):
    tree(world)
    follow(world, "write d/a.txt", "write: done\n", "--file d/a.txt:write")
    follow(world, "touch d/b.txt", "touch: done\n", "--file d/b.txt:write")


def once(world, words, want, hint):
    """As follow, for what can be done once."""
    _, err = world.run(f"wish.wasm {words} exit 1", code=1)
    named = flags(err)
    assert named == shlex.split(hint), (named, err)
    out, err = world.run(["run", *named, "wish.wasm", *shlex.split(words)], code=0)
    assert out == want and err == "", (named, out, err)


def test_names_that_come_and_go(world):
    tree(world)
    once(world, "write d/new.txt", "write: done\n", "--file d/new.txt")
    once(world, "mkdir d/sub", "mkdir: done\n", "--file d/sub")
    once(world, "rmdir d/sub", "rmdir: done\n", "--file d/sub:create")
    once(world, "symlink a.txt d/new.link", "symlink: done\n", "--file d/new.link")
    once(world, "remove d/new.link", "remove: done\n", "--dir d:create")
    once(world, "remove d/new.txt", "remove: done\n", "--file d/new.txt:create")
    once(world, "link d/a.txt e/a.txt", "link: done\n", "--file d/a.txt --file e/a.txt")
    once(world, "rename d/b.txt e/b.txt", "rename: done\n", "--file d/b.txt --file e/b.txt")
    world.put("p/q/f.txt")
    world.put("p/r/.keep")
    once(world, "rename p/q p/r/q", "rename: done\n", "--dir p")


def test_a_few_files_by_name_and_many_by_their_folder(world):
    for i in range(4):
        world.put(f"d/{i}.txt")
    follow(world, "read d/0.txt read d/1.txt read d/2.txt", "read: text\n" * 3,
           "--file d/0.txt:ro --file d/1.txt:ro --file d/2.txt:ro")
    follow(world, "read d/0.txt read d/1.txt read d/2.txt read d/3.txt", "read: text\n" * 4, "--dir d:ro")
    _, err = world.run("wish.wasm read d/0.txt read d/1.txt read d/2.txt read d/3.txt exit 1")
    assert "and all that is in the same folder" in err, err
    follow(world, "list d read d/0.txt write d/1.txt", "list: 6\nread: text\nwrite: done\n", "--dir d:read+write")


def test_names_that_a_shell_reads_otherwise(world):
    for name in ("with space", "it's", 'a"b', "a$HOME", "a;b", "[x]", "a::b", "a:ro", ":", "a\\b", "-x", "~", "~x",
                 "a\nb", "tab\there", "ümlaut", "#x", "a=b", "*", "back\\:slash", "esc\x1b[1m", "rtl\u202e"):
        world.put(f"d/{name}", "text\n")
        world.put(name, "text\n")
        for path in (f"d/{name}", name):
            words = f"read {shlex.quote(path)}"
            follow(world, words, "read: text\n")


def test_below_a_directory_with_odd_bytes(world):
    odd = os.fsencode(world.work) + b"/odd\xff"
    os.mkdir(odd)
    with open(odd + b"/f.txt", "w") as file:
        file.write("text\n")
    os.symlink(b"odd\xff", world.path("way"))
    _, err = world.run("wish.wasm read way/f.txt exit 1", code=1)
    hint = GRANT.match(err.splitlines()[0])[1]
    assert hint == "--file $'odd\\377/f.txt:ro'", err


def test_fewer_rights_than_needed(world):
    tree(world)
    follow(world, "write d/a.txt", "write: done\n", "--dir d", first="--dir d:ro ")
    _, err = world.run("run --dir d:ro wish.wasm touch d/a.txt exit 1", code=1)
    assert "granted with fewer rights. Grant it with --dir d:read+write" in err, err


def test_connections_and_names(world):
    echo, datagrams = Echo(), Echo(datagrams=True)
    free = Echo().port
    told = {
        f"connect 127.0.0.1 {echo.port}": (f"--net 127.0.0.1:{echo.port}", "connect: HELLO"),
        f"udp 127.0.0.1 {datagrams.port}": (f"--net udp://127.0.0.1:{datagrams.port}", "udp: HELLO"),
        "lookup localhost": ("--lookup localhost", "lookup: found"),
    }
    for words, (hint, want) in told.items():
        _, err = world.run(f"run --no-ask net.wasm {words}", code=0)
        assert flags(err) == shlex.split(hint), err
        out, err = world.run(f"run --no-ask {hint} net.wasm {words}", code=0)
        assert out.startswith(want) and err == "", (out, err)
    # By name: first the name, then the connection to it, not to the address.
    _, err = world.run(f"run --no-ask --lookup localhost net.wasm reach localhost {echo.port}", code=0)
    assert flags(err) == ["--net", f"localhost:{echo.port}"], err
    out, err = world.run(f"run --no-ask --net localhost:{echo.port} net.wasm reach localhost {echo.port}", code=0)
    assert "reach: HELLO" in out and err == "", (out, err)
    for word, scheme in (("serve", ""), ("hear", "udp://")):
        _, err = world.run(f"run --no-ask net.wasm {word} 127.0.0.1 {free}", code=0)
        assert flags(err) == ["--listen", f"{scheme}127.0.0.1:{free}"], err


def test_what_a_rule_denies_has_no_hint(world):
    tree(world)
    _, err = world.run("run --dir d --deny-file d/a.txt wish.wasm read d/a.txt exit 1", code=1)
    assert "denied by file" in err and "(--deny-file)" in err and "Grant" not in err, err


def test_what_is_missing(world):
    _, err = world.run("wish.wasm read nosuch.txt exit 1", code=1)
    assert err == ('note: wish.wasm looked for "/nosuch.txt" (read, does not exist). '
                   "Once there, grant it with --file /nosuch.txt:ro\n"), err
    _, err = world.run("wish.wasm read nosuch.txt", code=0)
    assert err == "", err


def test_a_program_that_does_well_is_told_little(world):
    paths = [world.put(f"d{i}/f.txt") for i in range(6)]
    reads = " ".join(f"read {path}" for path in paths)
    out, err = world.run(f"wish.wasm read {paths[0]} stat /nosuch", code=0)
    assert err == (f'note: wish.wasm tried to open "{paths[0]}" (read): not granted. Grant it with '
                   "--file d0/f.txt:ro\n"), err
    out, err = world.run(f"wish.wasm {reads} stat /nosuch", code=0)
    assert err == ("note: wish.wasm tried 6 things that were not granted; --verbose says which, and what would "
                   "allow them\n"), err
    _, err = world.run(f"run --verbose wish.wasm {reads} stat /nosuch", code=0)
    lines = err.splitlines()
    assert len(lines) == 2 and all(line.startswith("note: ") for line in lines), err
    assert "--file d5/f.txt:ro" in lines[0] and "/nosuch" in lines[1], err
    # What failed is told in full.
    _, err = world.run(f"wish.wasm {reads} exit 3", code=3)
    assert "--file d5/f.txt:ro" in err and "error:" not in err, err


def test_closed_places(world):
    _, err = world.run("wish.wasm read /proc/version exit 1", code=1)
    assert flags(err) == ["--dir", "/proc:ro"], err
    out, err = world.run("run --dir /proc:ro wish.wasm read /proc/version", code=0)
    assert out.startswith("read: Linux") and err == "", out + err


def test_a_decision_of_a_module_on_standard_input(world):
    path = world.put("a.txt")
    module = open(world.path("wish.wasm"), "rb").read()

    def run(words, code=0):
        done = subprocess.run(world.command(words), cwd=world.work, env=world.environment, input=module,
                              capture_output=True, timeout=60, start_new_session=True)
        assert done.returncode == code, done.stderr
        return done.stdout.decode(), done.stderr.decode()

    out, err = run(f"run - read {path} input exit 1", code=1)
    assert "standard input tried to open" in err and out == "read: error 44\ninput: none\n", (out, err)
    run(f"permissions grant --file {path}:ro -")
    assert run(f"run - read {path}")[0] == "read: text\n"
    # By digest: the same bytes in a file, and the list.
    assert world.run(f"wish.wasm read {path}")[0] == "read: text\n"
    assert f"allow file {path}:ro" in run("permissions list -")[0]
    assert "nothing was decided about another version" in run("permissions diff -")[0]
    assert "standard input: no problems" in subprocess.run(
        world.command("permissions check -"), cwd=world.work, env=world.environment, text=True,
        input='[allow]\ndir = "d"\n', capture_output=True).stdout
    assert run("permissions revoke -")[0] == "1 taken back\n"
    assert run(f"run - read {path}")[0] == "read: error 44\n"


VARIABLES = {"WISH_TOKEN": "t0ken", "WISH_COLOR": "red", "WISH_OTHER": "other", "SECRET": "s3cret"}
# In its own process, in the broker beside it, and not locked down.
PLACES = ("", "--file /etc/hosts:ro ", "--no-lockdown ")


def test_variables(world):
    world.environment.update(VARIABLES)
    for place in PLACES:
        _, err = world.run(f"run {place}wish.wasm token exit 1", code=1)
        assert err == ('note: wish.wasm names the environment variables "WISH_TOKEN", "WISH_COLOR", which it was not '
                       "given. Grant them with --env WISH_TOKEN --env WISH_COLOR\n"), err
        named = flags(err)
        out, err = world.run(["run", *shlex.split(place), *named, *"wish.wasm token exit 1".split()], code=1)
        assert out == "token: t0ken, color: red\n" and err == "", (out, err)
        _, err = world.run(f"run {place}--env WISH_COLOR wish.wasm token exit 1", code=1)
        assert 'variable "WISH_TOKEN", which' in err and flags(err) == ["--env", "WISH_TOKEN"], err
        # A program that does well needs none, but who wants to know everything is told.
        _, err = world.run(f"run {place}wish.wasm token", code=0)
        assert err == "", err
        _, err = world.run(f"run {place}--verbose wish.wasm token", code=0)
        assert flags(err) == ["--env", "WISH_TOKEN", "--env", "WISH_COLOR"], err
        # Nor does one that never looks, nor one for which nothing is there.
        _, err = world.run(f"run {place}wish.wasm say hello exit 1", code=1)
        assert err == "", err
        _, err = world.run(f"run {place}--verbose wish.wasm say hello", code=0)
        assert err == "", err
    _, err = world.run("run --deny-all wish.wasm token exit 1", code=1)
    out, err = world.run(["run", "--deny-all", *flags(err), *"wish.wasm token exit 1".split()], code=1)
    assert out == "token: t0ken, color: red\n" and err == "", (out, err)
    for name in ("WISH_TOKEN", "WISH_COLOR"):
        del world.environment[name]
    _, err = world.run("run wish.wasm token exit 1", code=1)
    assert err == "", err


def test_variables_beside_other_refusals(world):
    tree(world)
    world.environment.update(VARIABLES)
    for place in ("", "--no-lockdown "):
        _, err = world.run(f"run {place}wish.wasm token read d/a.txt exit 1", code=1)
        assert sorted(flags(err)) == sorted(shlex.split("--file d/a.txt:ro --env WISH_TOKEN --env WISH_COLOR")), err
        _, err = world.run(f"run {place}wish.wasm token read d/a.txt", code=0)
        assert flags(err) == ["--file", "d/a.txt:ro"], err


def test_variables_that_somebody_decided_about_have_no_hint(world):
    world.environment.update(VARIABLES)
    for place in PLACES:
        for rules, hint in (("--deny-env WISH_TOKEN ", ["--env", "WISH_COLOR"]), ("--deny-env 'WISH_*' ", []),
                            ("--env WISH_COLOR=blue --deny-env WISH_TOKEN ", [])):
            _, err = world.run(f"run {place}{rules}wish.wasm token exit 1", code=1)
            assert flags(err) == hint, (rules, err)
    world.run("permissions grant --deny-env WISH_COLOR wish.wasm", code=0)
    _, err = world.run("run wish.wasm token exit 1", code=1)
    assert flags(err) == ["--env", "WISH_TOKEN"], err


def test_who_was_asked_about_variables_is_not_told_of_them(world):
    world.environment.update(VARIABLES)
    for mode in ("", "--no-lockdown "):
        for answer in ("no", "once"):
            run = world.terminal(f"run {mode}wish.wasm token exit 1")
            run.answer(answer)
            out, code = run.end()
            assert code == 1 and "token: " in out and "note:" not in out, out
        # Nobody could be asked.
        out, code = world.terminal(f"run {mode}--no-ask wish.wasm token exit 1").end()
        assert code == 1 and "--env WISH_TOKEN --env WISH_COLOR" in out, out


def test_many_variables_are_a_bounded_line(world):
    names = [f"MANY_{number}" for number in range(40)]
    world.environment.update((name, f"value-{name}") for name in names)
    data = "\\00".join(names)
    world.put("many.wat", f"""(module
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 1024) "{data}")
      (func (export "_start")
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (if (i32.ne (i32.load (i32.const 0)) (i32.const 32)) (then unreachable))))""")
    _, err = world.run("run many.wat", code=134)
    note = [line for line in err.splitlines() if line.startswith("note: ")]
    assert len(note) == 1 and '"MANY_7" and 32 more, which' in note[0] and "MANY_8\"" not in note[0], err
    assert note[0].count("--env ") == 32 and "value-" not in err, err
    named = flags(note[0])
    out, err = world.run(["run", *named, "many.wat"], code=0)
    assert out == "" and err == "", (out, err)
