"""Questions: when they come, what they show, what each answer means."""

import os
import termios
import time

from terminal import Terminal, letters, with_letters


def test_once_allows_one_time(world):
    path = world.put("a.txt", "hello\n")
    run = world.terminal(f"wish.wasm read {path} read {path}")
    asked = run.answer("once")
    assert f'"wish.wasm" wants to read the file\r\n  "{path}"' in asked, asked
    assert "module sha256:" in asked
    run.answer("no")
    out, code = run.end()
    assert "read: hello\n" in out and "read: error 44\n" in out and code == 0, out
    assert not world.store.exists()


def test_thinking_does_not_use_up_the_time(world):
    path = world.put("a.txt", "hello\n")
    for limit in ("--time 500ms", "--cpu-time 500ms"):
        run = world.terminal(f"{limit} wish.wasm read {path}")
        time.sleep(1)
        run.answer("once")
        out, code = run.end()
        assert "read: hello\n" in out and code == 0, out


def test_run_lasts_until_the_end(world):
    path = world.put("a.txt", "hello\n")
    for _ in range(2):
        run = world.terminal(f"wish.wasm read {path} read {path} stat {path}")
        run.answer("run")
        out, _ = run.end()
        assert out.count("read: hello\n") == 2 and "stat: done" in out, out


def test_always_is_remembered(world):
    path = world.put("a.txt", "hello\n")
    run = world.terminal(f"wish.wasm read {path}")
    run.answer("always")
    assert "read: hello" in run.end()[0]
    assert os.stat(world.store).st_mode & 0o777 == 0o600
    out, err = world.run(f"wish.wasm read {path}", code=0)
    assert out == "read: hello\n" and err == "", err
    out, err = world.run(f"wish.wasm write {path}", code=0)
    assert out == "write: error 76\n", "what may be read is no secret"
    assert "(write)" in err


def test_never_is_remembered_and_wins(world):
    path = world.put("d/a.txt")
    run = world.terminal(f"wish.wasm read {path} read {path}")
    run.answer("never")
    assert run.end()[0].count("read: error 44\n") == 2
    out, err = world.run("run --dir d:ro wish.wasm read d/a.txt", code=0)
    assert out == "read: error 44\n"
    assert f"denied by file {path}:read (decided " in err, err
    out, _ = world.run(f"run --allow-all wish.wasm read {path}")
    assert out == "read: error 44\n"


def test_dir_is_about_the_folder(world):
    a, b = world.put("d/a.txt"), world.put("d/e/b.txt")
    other = world.put("o/c.txt")
    run = world.terminal(f"wish.wasm read {a} read {b} read {other} read {other}")
    assert f'"{world.path("d")}"' in run.answer("always dir")
    run.answer("never dir")
    out, _ = run.end()
    assert out.count("read: text") == 2 and out.count("read: error 44") == 2, out
    assert world.run(f"wish.wasm read {b}")[0] == "read: text\n"


def test_typed_ahead_input_is_no_answer(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path}")
    run.type("always\nalways\nalways")
    asked = run.question()
    assert "wants to read" in asked
    time.sleep(0.3)
    run.read_some(0)
    assert b"read:" not in run.seen, "answered by what was typed before"
    run.type("no\n")
    out, _ = run.end()
    assert "read: error 44" in out and not world.store.exists()


def test_typed_after_the_question_is_not_lost(world):
    path = world.put("a.txt")
    for _ in range(10):
        run = world.terminal(f"wish.wasm read {path}")
        run.answer("once")
        assert "read: text" in run.end()[0]


def test_input_of_the_guest_is_not_the_answer(world):
    """What goes to standard input through a pipe answers nothing."""
    path = world.put("a.txt")

    def redirect():
        reader, writer = os.pipe()
        os.write(writer, b"always\n")
        os.dup2(reader, 0)

    run = world.terminal(f"wish.wasm read {path} input", redirect=redirect)
    run.answer("no")
    out, _ = run.end()
    assert "read: error 44" in out and "input: always" in out, out


def test_other_words_are_no(world):
    path = world.put("a.txt")
    for word in ("yes", "y", "", "Always", "always ", "once\x1b[A", "x" * 200, "dir", "alwaysdir"):
        run = world.terminal(f"wish.wasm read {path}")
        run.answer(word)
        out, _ = run.end()
        assert "read: error 44" in out, (word, out)
    assert not world.store.exists()


def test_a_word_without_the_letters_of_its_question_is_no(world):
    path, other = world.put("d/a.txt"), world.put("d/b.txt")
    for word in ("once", "run", "always", "always dir", "once bcdf"):
        run = world.terminal(["wish.wasm", "read", path, "read", other])
        run.question()
        run.type(word + "\n")
        run.answer("no")
        out, _ = run.end()
        assert out.count("read: error 44") == 2, (word, out)
        assert "that is not one of the answers, or the letters are missing" in out, out
    run = world.terminal(["wish.wasm", "read", path, "read", other])
    first = letters(run.answer("once"))
    second = letters(run.question())
    assert first != second  # equal once in 130 000 runs
    run.type(f"once {first}\n")
    out, _ = run.end()
    assert "read: text" in out and "read: error 44" in out, out
    assert not world.store.exists()


def test_denying_needs_no_letters(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path}")
    run.question()
    run.type("never\n")
    assert "read: error 44" in run.end()[0]
    assert "deny  file" in world.run("permissions list", code=0)[0]


def test_output_through_a_pipe_comes_before_the_question(world):
    """What a slow reader shows later could be shown over the question."""
    path = world.put("a.txt")
    command = " ".join(world.nacre) + f" wish.wasm show before{'.' * 5000} read {path} | (sleep {{}}; cat)"
    run = Terminal(["sh", "-c", command.format(0.3)], world.work, world.environment)
    assert "before..." in run.answer("once")
    assert "read: text" in run.end()[0]
    run = Terminal(["sh", "-c", command.format(4)], world.work, world.environment)
    out, _ = run.end()
    assert "wants to" not in out and "read: error 44" in out, out


def test_no_answer_counts_once_another_program_has_the_keyboard(world):
    """Another program sets the terminal to another mode while the question is open."""
    path = world.put("a.txt")
    for change in (lambda mode: mode & ~termios.ECHO, lambda mode: mode & ~termios.ICANON):
        run = world.terminal(f"wish.wasm read {path}")
        asked = run.question()
        mode = termios.tcgetattr(run.fd)
        mode[3] = change(mode[3])
        termios.tcsetattr(run.fd, termios.TCSANOW, mode)
        run.type(with_letters("always", asked) + "\n")
        out, _ = run.end()
        assert "read: error 44" in out and "the terminal was changed" in out, out
    assert not world.store.exists()


def test_a_question_that_is_not_seen_whole_is_not_asked(world):
    path = world.put("a.txt")
    for rows, columns in ((5, 200), (30, 7), (2, 80)):
        run = world.terminal(f"wish.wasm read {path}", size=(rows, columns))
        out, _ = run.end()
        assert "read: error 44" in out and "too small to show a question whole" in out, out
        assert "these letters" not in out, out
    run = world.terminal(f"wish.wasm read {path}", size=(12, 80))
    run.answer("once")
    assert "read: text" in run.end()[0]


def test_a_long_name_is_seen_whole_or_not_asked_about(world):
    """Its end decides what it is."""
    path = world.put("/".join([letter * 200 for letter in "abcdef"]) + "/end.txt")
    run = world.terminal(["wish.wasm", "read", path], size=(60, 80))
    assert f'"{path}"' in run.answer("once").replace("\r\n", "\n")
    assert "read: text" in run.end()[0]
    run = world.terminal(["wish.wasm", "read", path], size=(24, 80))
    assert "too small to show a question whole" in run.end()[0]


def test_end_of_input_is_no(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path}")
    run.question()
    run.type("\x04")
    assert "read: error 44" in run.end()[0]


def test_hostile_names_are_shown_harmlessly(world):
    name = "x\x1b[2J\x1b]0;t\x07\r\nallow? \u202efdp.exe\u200b\u3164\ufe0f\"  answered always"
    path = world.put(name)
    run = world.terminal(["wish.wasm", "read", path])
    asked = run.answer("no")
    body = asked.split("wants to", 1)[1]
    assert "\x1b" not in body and "\x07" not in body and "\u202e" not in body, asked
    assert "\\u{1b}[2J" in body and "\\u{202e}" in body and "\\u{200b}\\u{3164}\\u{fe0f}" in body, asked
    assert "\\u{d}\\u{a}allow?" in body and '\\"  answered' in body, asked
    out, _ = run.end()
    assert "\x1b" not in out.split("wants to", 1)[1], out


def test_hostile_program_names(world):
    path = world.put("a.txt")
    name = "w\x1b[8m\"sh.wasm"
    os.rename(world.path("wish.wasm"), world.path(name))
    run = world.terminal([name, "read", path])
    asked = run.answer("no")
    assert "w\\u{1b}[8m\\\"sh.wasm" in asked, asked
    run.end()


def test_what_is_shown_is_where_links_lead(world):
    world.put("d/real.txt", "real\n")
    os.symlink("d/../d/real.txt", world.path("link"))
    run = world.terminal(f"wish.wasm read {world.path('link')}")
    assert f'"{world.path("d/real.txt")}"' in run.answer("once")
    assert "read: real" in run.end()[0]


def test_what_was_shown_is_what_is_opened(world):
    """The name leads elsewhere by the time of the answer."""
    path = world.put("a.txt", "shown\n")
    run = world.terminal(f"wish.wasm read {path}")
    asked = run.question()
    os.rename(path, world.path("b.txt"))
    os.symlink(world.base / "outside/secret", path)
    run.type(with_letters("once", asked) + "\n")
    out, _ = run.end()
    assert "read: shown" in out and "secret" not in out, out


def test_a_new_file_is_not_made_through_a_link_that_came_later(world):
    path = world.path("new.txt")
    run = world.terminal(f"wish.wasm write {path}")
    asked = run.question()
    assert "(does not exist yet)" in asked
    os.symlink(world.base / "outside/made", path)
    run.type(with_letters("once", asked) + "\n")
    assert f'"{world.base}/outside/made"' in run.answer("no")
    out, _ = run.end()
    assert "write: error 44" in out, out
    assert not (world.base / "outside/made").exists()


def test_names_of_the_working_directory(world):
    world.put("notes.txt", "mine\n")
    run = world.terminal("wish.wasm read notes.txt write made.txt")
    assert f'"{world.path("notes.txt")}"' in run.answer("once")
    asked = run.answer("once")
    assert "wants to create and write the file" in asked and f'"{world.path("made.txt")}"' in asked
    out, _ = run.end()
    assert "read: mine" in out and "write: done" in out, out


def test_at_most_a_few_questions(world):
    paths = [world.put(f"f{i}.txt") for i in range(12)]
    run = world.terminal(["wish.wasm", *[word for path in paths for word in ("read", path)]])
    for _ in range(5):
        run.answer("once")
    out, _ = run.end()
    assert out.count("read: text") == 5 and out.count("read: error 44") == 7, out


def test_the_same_question_is_not_asked_again_after_no(world):
    path = world.put("f.txt")
    run = world.terminal(["wish.wasm", *["read", path] * 5])
    run.answer("no")
    assert run.end()[0].count("read: error 44") == 5


def test_what_is_missing_is_not_asked_about(world):
    run = world.terminal(f"wish.wasm read {world.path('nothing')} stat /nonexistent/x")
    out, _ = run.end()
    assert out.count("error 44") == 2 and "wants to" not in out, out
    assert "not granted" not in out, "looking is no failure"


def test_no_question_without_a_terminal(world):
    path = world.put("d/a.txt")
    out, err = world.run(f"wish.wasm read {path} read {world.base}/outside/secret", code=0)
    assert out == "read: error 44\nread: error 44\n"
    assert err == (f'note: wish.wasm tried to open "{path}" (read), "{world.base}/outside/secret" '
                   f"(read): not granted. Grant them with --file d/a.txt:ro "
                   f"--file {world.base}/outside/secret:ro\n"), err
    # Following the advice works.
    out, err = world.run(f"run --file d/a.txt:ro --file {world.base}/outside/secret:ro wish.wasm read {path} "
                         f"read {world.base}/outside/secret read d/a.txt", code=0)
    assert out == "read: text\nread: secret\nread: text\n" and err == "", (out, err)


def test_no_ask_and_deny_all_never_ask(world):
    path = world.put("a.txt")
    for option in ("--no-ask", "--deny-all"):
        run = world.terminal(f"run {option} wish.wasm read {path}")
        out, _ = run.end()
        assert "read: error" in out and "wants to" not in out, out


def test_no_question_in_raw_mode_or_in_the_background(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path}", raw=True)
    out, _ = run.end()
    assert "read: error 44" in out and "wants to" not in out, out

    # In the background it would be stopped if it read.
    script = f"{' '.join(world.nacre)} wish.wasm read {path} & wait"
    out, _ = Terminal(["bash", "-mc", script], world.work, world.environment).end()
    assert "read: error 44" in out and "wants to" not in out, out


def test_redirected_output_still_asks(world):
    path = world.put("a.txt")
    target = world.path("out")

    def redirect():
        fd = os.open(target, os.O_WRONLY | os.O_CREAT)
        os.dup2(fd, 1)
        os.dup2(fd, 2)

    run = world.terminal(f"wish.wasm read {path}", redirect=redirect)
    run.answer("once")
    run.end()
    assert open(target).read() == "read: text\n"


def test_clock_randomness_and_input_are_asked_for_when_everything_is_denied(world):
    run = world.terminal("run --deny-all --ask wish.wasm clock clock random")
    assert "wants to use the clocks" in run.answer("once")
    assert "wants to use randomness" in run.answer("no")
    out, _ = run.end()
    assert out.count("clock: done") == 2 and "random: error" in out, out


def test_a_granted_directory_is_not_asked_about(world):
    world.put("d/a.txt")
    run = world.terminal("run --dir d wish.wasm read d/a.txt write d/new list d")
    out, _ = run.end()
    assert "wants to" not in out and "read: text" in out and "write: done" in out, out


def test_listing_and_removing_ask_for_what_they_do(world):
    path = world.put("d/a.txt")
    run = world.terminal(f"wish.wasm list {world.path('d')} remove {path} read {path}")
    assert "wants to read the directory" in run.answer("once")
    assert "wants to remove, move or link the file" in run.answer("no")
    run.answer("once")
    out, _ = run.end()
    assert "list: 3" in out and "remove: error 44" in out and "read: text" in out, out


def test_an_update_says_what_was_decided_before(world):
    path, other = world.put("a.txt"), world.put("b.txt")
    run = world.terminal(f"wish.wasm read {path}")
    run.answer("always")
    run.end()
    with open(world.path("wish.wasm"), "ab") as module:
        module.write(b"\x00\x02\x01v")  # a custom section: another version
    run = world.terminal(f"wish.wasm read {path} read {other}")
    assert "allowed for another version of it, sha256:" in run.answer("always")
    assert "new: not decided for the other version" in run.answer("no")
    assert "read: text" in run.end()[0]
    out, _ = world.run("permissions list", code=0)
    assert out.count("allow file") == 2


def test_decisions_that_cannot_be_kept_are_said(world):
    path = world.put("a.txt")
    world.store.parent.parent.mkdir(parents=True)
    world.store.parent.write_text("a file where the folder should be")
    run = world.terminal(f"wish.wasm read {path} read {path}")
    run.answer("always")
    out, _ = run.end()
    assert "not remembered beyond this run" in out and out.count("read: text") == 2, out


def test_the_program_keeps_the_terminal(world):
    """After a question the program reads its input from the terminal as ever."""
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path} input")
    run.answer("once")
    run.wait_for(b"read: text")
    run.type("line\n")
    assert "input: line" in run.end()[0]


def test_interrupting_a_question_ends_the_run(world):
    path = world.put("a.txt")
    run = world.terminal(f"wish.wasm read {path}")
    run.question()
    run.type("\x03")
    _, code = run.end()
    assert code == -2, code


def test_the_terminal_is_left_as_it_was(world):
    path = world.put("a.txt")
    script = f"stty -a > before; {' '.join(world.nacre)} wish.wasm read {path}; stty -a > after"
    run = Terminal(["sh", "-c", script], world.work, world.environment)
    run.answer("once")
    assert "read: text" in run.end()[0]
    before, after = (open(world.path(name)).read() for name in ("before", "after"))
    assert before == after
