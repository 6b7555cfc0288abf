"""A policy server that is asked over a socket."""

import json
import socket
import threading


class Server:
    """Answers questions with the given lines; closes the connection behind what is no line, and instead of None."""

    def __init__(self, path, answers):
        self.questions = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.answers = list(answers)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.answer_all(connection)

    def answer_all(self, connection):
        with connection.makefile("rb") as lines:
            while True:
                try:
                    line = lines.readline()
                except ConnectionResetError:  # it left an answer unread
                    return
                if not line:
                    return
                self.questions.append(json.loads(line))
                answer = self.answers.pop(0) if self.answers else None
                if answer is None:
                    return
                connection.sendall(answer)
                if not answer.endswith(b"\n"):
                    return

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


def asked(world, answers, words, options="", code=0):
    server = Server(world.path("socket"), answers)
    try:
        out, err = world.run(f"run --ask-server socket {options} wish.wasm {words}", code=code)
    finally:
        server.close()
        (world.work / "socket").unlink()
    return out.splitlines(), err, server.questions


def test_it_is_asked_and_its_word_counts(world):
    a, b = world.put("a.txt"), world.put("b.txt")
    for options in ("", "--no-lockdown"):
        out, _, questions = asked(world, [b"once\n", b"no\n", b"run\r\n"],
                                  f"read {a} read {b} write new.txt write new.txt", options)
        assert out[:3] == ["read: text", "read: error 44", "write: done"], out
        (world.work / "new.txt").unlink()
        assert [q["object"] for q in questions] == [a, b, world.path("new.txt")], questions
        first = questions[0]
        assert first["module"] == "wish.wasm" and first["digest"].startswith("sha256:")
        assert first["kind"] == "file" and first["rights"] == "read" and not first["missing"]
        assert first["folder"] == str(world.work) and questions[2]["missing"]


def test_always_is_remembered(world):
    a = world.put("d/a.txt")
    out, _, questions = asked(world, [b"always dir\n"], f"read {a}")
    assert out == ["read: text"] and len(questions) == 1
    out, _, questions = asked(world, [], f"read {a}")
    assert out == ["read: text"] and questions == []


def test_what_is_no_answer_allows_nothing(world):
    a = world.put("a.txt")
    for answers in ([b"yes\n"], [b"ONCE\n"], [b"once"], [b"\n"], [None], [b"once" * 100 + b"\n"],
                    [b"x" * 1000], [b"{}\n"], [b"\x00once\n"]):
        out, _, questions = asked(world, answers + [None], f"read {a} read {a}")
        assert out == ["read: error 44"] * 2 and len(questions) == 1, (answers, out, questions)
    out, _, _ = asked(world, [b"always dir\n"], "clock", "--no-random --deny-clock")
    assert out == ["clock: error 76"] or out == ["clock: error 58"], out


def test_more_than_a_person_would_answer(world):
    words = [f"read {world.put(f'{i}.txt')}" for i in range(20)]
    out, _, questions = asked(world, [b"once\n"] * 20, " ".join(words))
    assert out == ["read: text"] * 20 and len(questions) == 20


def test_hostile_names_stay_one_line(world):
    path = world.put('a\n{"x":"\x1b[2J')
    server = Server(world.path("socket"), [b"once\n"])
    try:
        out, _ = world.run(["run", "--ask-server", "socket", "wish.wasm", "read", path], code=0)
    finally:
        server.close()
    assert out == "read: text\n" and server.questions[0]["object"] == path


def test_a_server_that_is_not_there_is_said_at_once(world):
    _, err = world.run("run --ask-server nothing wish.wasm say hello", code=125)
    assert "no policy server listens at nothing: No such file or directory" in err, err
