"""Modules beside a program: what they are given of what it has, and nothing else."""

# What library.wasm does, one after the other; its answers are digits, and letters from 10 on.
ACTS = ("read", "write", "outside", "climb", "link", "make", "clock", "random", "variable", "say",
        "mkdir", "remove", "times")
DONE, BADF, NOENT, PERM, CAPABLE = "0", "8", "\\", "o", "|"


def acts(out):
    """What came of each act, by name."""
    said, answers = out[:-len(ACTS)], out[-len(ACTS):]
    assert said in ("", "said\n"), out
    return dict(zip(ACTS, answers))


def prepare(world, policy):
    world.put("d/sub/a.txt", "a\n")
    world.put("d/b.txt", "b\n")
    (world.work / "d/sub/link").symlink_to("../b.txt")
    world.put("library.toml", policy)


def run(world, options, code=0):
    return world.run(f"run {options} --module library=library.wasm --module-policy "
                     "library=library.toml program.wat", code=code)


NARROW = '[allow]\ndir = ["d/sub:ro"]\n[deny]\nrandom = true\nstdout = true\n'


def test_without_a_policy_it_has_all_that_the_program_has(world):
    prepare(world, "")
    out, _ = world.run("run --dir d --env WORD=x --module library=library.wasm program.wat", code=0)
    answers = acts(out)
    assert out.startswith("said\n")
    # Climbing and links stay within d, what is removed cannot be opened again.
    assert all(answer == DONE for act, answer in answers.items() if act not in ("variable", "times"))


def test_it_has_what_its_policy_says_and_no_more(world):
    prepare(world, NARROW)
    out, err = run(world, "--dir d --env WORD=x")
    answers = acts(out)
    assert answers == {"read": DONE, "write": PERM, "outside": CAPABLE, "climb": PERM, "link": PERM,
                       "make": PERM, "clock": DONE, "random": CAPABLE, "variable": NOENT,
                       "say": BADF, "mkdir": PERM, "remove": PERM, "times": PERM}, answers
    assert (world.work / "d/sub/a.txt").read_text() == "a\n"
    assert not (world.work / "d/sub/new.txt").exists()
    assert 'library.wasm tried to write "d/sub/a.txt"' in err and "program.wat" not in err, err


def test_the_same_through_the_broker_and_with_what_is_denied_to_the_program(world):
    prepare(world, '[allow]\ndir = ["d/sub"]\n')
    out, err = run(world, "--dir d --deny-file d/sub/a.txt")
    answers = acts(out)
    assert answers["read"] == answers["write"] == answers["remove"] == NOENT, answers
    assert answers["make"] == answers["mkdir"] == DONE, answers
    assert answers["climb"] == answers["link"] == PERM, answers
    assert (world.work / "d/sub/a.txt").exists() and (world.work / "d/sub/made").is_dir()
    assert "denied by file" in err


def test_variables_are_the_programs_or_written_down(world):
    prepare(world, "")
    for policy, known in (('env = ["WORD"]', True), ('env = ["W*"]', True), ('env = ["X*"]', False), ("clock = true", False),
                          ('env = ["WORD=other"]', True)):
        world.put("library.toml", f"[allow]\n{policy}\n")
        out, _ = run(world, "--dir d --env WORD=x")
        assert (acts(out)["variable"] == DONE) == known, (policy, out)
    for policy in ('env = ["WORD"]', 'env = ["WORD=other"]', 'env = ["W*"]'):
        world.put("library.toml", f'[allow]\n{policy}\n[deny]\nenv = ["WORD"]\n')
        out, _ = run(world, "--dir d --env WORD=x")
        assert acts(out)["variable"] == NOENT, (policy, out)


def test_more_than_the_program_has_is_refused(world):
    prepare(world, "")
    for policy, options, thing in (
            ('dir = ["d"]', "--dir d/sub", "dir "), ('dir = ["d/sub"]', "--dir d:ro", "dir "),
            ('dir = ["/etc:ro"]', "--dir d", "dir /etc:ro"), ('env = ["HOME"]', "--dir d", "env HOME"),
            ("clock = true", "--no-clock", "clock"), ("random = true", "--deny-all", "random"),
            ("stdout = true", "--deny-stdout", "stdout")):
        world.put("library.toml", f"[allow]\n{policy}\n")
        out, err = run(world, options, code=125)
        assert out == "" and f"not granted: {thing}" in err and "parent" in err, (policy, err)
        assert "library.toml:2:" in err, err


def test_what_is_the_programs_is_refused(world):
    prepare(world, "")
    for policy in ('[allow]\nfile = ["d/b.txt"]', '[deny]\ndir = ["d/sub"]', '[allow]\nhandles = 5'):
        world.put("library.toml", policy + "\n")
        _, err = run(world, "--dir d", code=125)
        assert "or grant it to the program" in err, err
    _, err = world.run("run --module-policy x=y program.wat", code=125)
    assert "no --module has that name" in err, err


def test_it_writes_on_the_programs_account(world):
    """The library writes 5 bytes, the program 13: one of them reaches the limit."""
    prepare(world, '[allow]\ndir = ["d/sub:ro"]\n')
    run(world, "--dir d --written 18")
    out, err = run(world, "--dir d --written 17", code=134)
    assert out == "said\n" and "written limit reached: 17 bytes" in err, (out, err)
