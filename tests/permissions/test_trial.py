"""What somebody goes through who tries a downloaded program: asked, remembered, updated, audited, revoked."""

import json
import socket

from test_network import Echo


def flat(text):
    return " ".join(text.split())


def test_a_downloaded_program(world):
    address = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)[0][4][0]
    echo = Echo(address)
    end = f"[{address}]:{echo.port}" if ":" in address else f"{address}:{echo.port}"
    notes = world.put("notes.txt", "mine\n")
    wishes = f"read notes.txt reach localhost {echo.port} clock"

    # It says beforehand what it could ask for.
    out, _ = world.run("explain net.wasm", code=0)
    assert "connections to other machines" in out and "the clocks" in out, out

    # Each wish is a question that names what it is about; the answers are for good.
    run = world.terminal(f"run --deny-all --ask net.wasm {wishes}")
    for wanted in (f'wants to read the file\r\n  "{notes}"',
                   'wants to look up the addresses of\r\n  "localhost"',
                   f'wants to connect to\r\n  "localhost:{echo.port}" ({address})',
                   "wants to use the clocks"):
        asked = run.answer("always")
        assert '"net.wasm" ' + wanted in asked and "module sha256:" in asked, asked
    out, code = run.end()
    assert code == 0 and "read: mine\n" in out and "reach: HELLO\n" in out, out
    assert "clock: told\n" in out, out

    # From now on nobody needs to be there.
    again = f"run --deny-all --ask --audit log net.wasm {wishes}"
    out, err = world.run(again, code=0)
    assert out == "read: mine\n\nlookup: found\nreach: HELLO\nclock: told\n" and err == "", (out, err)
    kept = flat(world.run("permissions list", code=0)[0])
    for rule in (f"allow file {notes}:ro", f"allow net tcp://localhost:{echo.port}",
                 "allow lookup localhost", "allow clock"):
        assert rule in kept, kept

    # An update wants one thing more, and that is what is new about it.
    with open(world.path("net.wasm"), "ab") as module:
        module.write(b"\0\x02\x01v")  # a custom section
    diff = flat(world.run("permissions diff net.wasm", code=0)[0])
    assert f"file {notes}:ro" in diff, diff
    run = world.terminal("net.wasm read notes.txt write new.txt")
    assert "allowed for another version of it" in run.answer("always")
    asked = run.answer("no")
    assert "wants to create and write the file" in asked and "new: not decided" in asked, asked
    out, _ = run.end()
    assert "read: mine\n" in out and "write: refused\n" in out, out

    # The log has who was asked what, and what was used.
    with open(world.path("log")) as log:
        lines = [json.loads(line) for line in log]
    allowed = {(line["kind"], line["object"]) for line in lines if line.get("decision") == "allow"}
    assert {("file", notes), ("lookup", "localhost"), ("net", f"tcp://{end}")} <= allowed, allowed
    used = {line["call"] for line in lines if line.get("result") == "success"}
    assert {"path_open", "sock_connect", "clock_time_get"} <= used, used

    # What was taken back is refused, and the last line says what would allow it.
    world.run("permissions revoke net.wasm", code=0)
    out, err = world.run("net.wasm read notes.txt", code=0)
    assert out == "read: refused\n" and "not granted. Grant it with --file" in err, err
