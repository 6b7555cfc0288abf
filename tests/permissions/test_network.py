"""Connections, datagrams and names: by flags and answers, remembered, recorded, logged; of local servers only."""

import json
import shutil
import socket
import subprocess
import sys
import threading
from unittest import SkipTest

BOTH = ("", "--no-lockdown")


class Echo:
    """Answers with capital letters, on a loopback address; `seen` counts who came."""

    def __init__(self, address="127.0.0.1", datagrams=False, silent=False):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        kind = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
        self.seen, self.datagrams, self.silent, self.kept = 0, datagrams, silent, []
        self.socket = socket.socket(family, kind)
        self.socket.bind((address, 0))
        if not datagrams:
            self.socket.listen()
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            if self.datagrams:
                text, sender = self.socket.recvfrom(100)
                self.seen += 1
                self.socket.sendto(text.upper(), sender)
                continue
            connection, _ = self.socket.accept()
            self.seen += 1
            if self.silent:
                self.kept.append(connection)
                continue
            with connection:
                connection.sendall(connection.recv(100).upper())


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


def test_flags_allow_and_nothing_else_is(world):
    echo, other = Echo(), Echo()
    for mode in BOTH:
        words = f"net.wasm connect 127.0.0.1 {echo.port} connect 127.0.0.1 {other.port}"
        before = other.seen
        for rule in (f"127.0.0.1:{echo.port}", f"127.0.0.0/8:{echo.port}", f"tcp://127.0.0.1:{echo.port}",
                     f"*:{echo.port}"):
            out, err = world.run(f"run {mode} --no-ask --net {rule} {words}", code=0)
            assert out == "connect: HELLO\nconnect: error 76\n", (out, err)
            assert other.seen == before
            wanted = f'net.wasm tried to connect to "127.0.0.1:{other.port}": not granted. Grant it ' \
                     f"with --net 127.0.0.1:{other.port}"
            assert wanted in err, err
        out, _ = world.run(f"run {mode} --no-ask --net udp://127.0.0.1 {words}", code=0)
        assert out == "connect: error 76\nconnect: error 76\n", out
        out, _ = world.run(f"run {mode} --allow-all {words}", code=0)
        assert out == "connect: HELLO\n" * 2, out


def test_what_is_denied_stays_denied(world):
    echo = Echo()
    words = f"net.wasm connect 127.0.0.1 {echo.port} reach localhost {echo.port}"
    for mode in BOTH:
        out, err = world.run(f"run {mode} --no-ask --net localhost --net 127.0.0.1 "
                             f"--deny-net 127.0.0.0/8 --deny-net ::1 {words}", code=0)
        assert out == "connect: error 76\nlookup: found\nreach: error 76\n", out
        assert "denied by net 127.0.0.0/8 (--deny-net)" in err, err
        out, _ = world.run(f"run {mode} --no-ask --allow-all --deny-net localhost {words}", code=0)
        assert out == "connect: HELLO\nlookup: error 76\n", out
        out, _ = world.run(f"run {mode} --no-ask --net '*' --deny-lookup localhost {words}", code=0)
        assert out == "connect: HELLO\nlookup: error 76\n", out
        out, _ = world.run(f"run {mode} --deny-all --net 127.0.0.1 {words}", code=0)
        assert out == "connect: HELLO\nlookup: error 76\n", out
    assert echo.seen == 6


def test_a_name_is_looked_up_and_reached(world):
    # Whichever of its addresses comes first.
    address = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)[0][4][0]
    echo = Echo(address)
    for mode in BOTH:
        out, err = world.run(f"run {mode} --no-ask --net localhost:{echo.port} net.wasm "
                             f"reach localhost {echo.port} reach LOCALHOST. {echo.port}", code=0)
        assert out == "lookup: found\nreach: HELLO\n" * 2, (out, err)
        out, err = world.run(f"run {mode} --no-ask --lookup localhost net.wasm "
                             f"reach localhost {echo.port}", code=0)
        assert out == "lookup: found\nreach: error 76\n", (out, err)
        assert f"--net localhost:{echo.port}" in err, err
        out, err = world.run(f"run {mode} --no-ask net.wasm lookup localhost", code=0)
        assert out == "lookup: error 76\n" and "with --lookup localhost, or with --net" in err, (out, err)


def test_without_waiting(world):
    echo = Echo()
    for mode in BOTH:
        out, _ = world.run(f"run {mode} --net 127.0.0.1 net.wasm open 127.0.0.1 {echo.port} "
                           "open 127.0.0.1 1 connect 127.0.0.1 1", code=0)
        assert out == "open: HELLO\nopen: error 14\nconnect: error 14\n", out


def test_the_spellings_of_ipv4(world):
    echo = Echo()
    for mode in BOTH:
        out, _ = world.run(f"run {mode} --net 127.0.0.1 net.wasm connect ::ffff:127.0.0.1 {echo.port} "
                           f"connect 0.0.0.0 {echo.port}", code=0)
        assert out == "connect: HELLO\n" * 2, out
        out, err = world.run(f"run {mode} --net '*' --deny-net 127.0.0.1 net.wasm "
                             f"connect ::ffff:127.0.0.1 {echo.port} connect 0.0.0.0 {echo.port}", code=0)
        assert out == "connect: error 76\n" * 2, (out, err)


def test_ipv6(world):
    if not has_ipv6():
        raise SkipTest("no IPv6 here")
    echo = Echo("::1")
    for mode in BOTH:
        out, err = world.run(f"run {mode} --no-ask --net [::1]:{echo.port} net.wasm connect ::1 {echo.port} "
                             f"connect ::0 {echo.port} connect ::2 {echo.port}", code=0)
        assert out == "connect: HELLO\nconnect: HELLO\nconnect: error 76\n", (out, err)
        assert f"--net '[::2]:{echo.port}'" in err, err


def test_datagrams(world):
    echo = Echo(datagrams=True)
    for mode in BOTH:
        words = f"net.wasm udp 127.0.0.1 {echo.port} udp 127.0.0.1 {echo.port}"
        out, _ = world.run(f"run {mode} --net udp://127.0.0.1:{echo.port} {words}", code=0)
        assert out == "udp: HELLO, family 1, the same port: 1\n" * 2, out
        before = echo.seen
        out, err = world.run(f"run {mode} --no-ask --net tcp://127.0.0.1 {words} udp 255.255.255.255 9 "
                             "udp 224.0.0.1 9", code=0)
        assert out == "udp: error 76\n" * 4 and echo.seen == before, out
        assert f"--net udp://127.0.0.1:{echo.port}" in err, err


def test_listening(world):
    """What was granted is handed over when it is bound, and stays the descriptor that it is."""
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    for mode in BOTH:
        run = world.start(f"run {mode} --listen 127.0.0.1:{port} net.wasm serve 127.0.0.1 {port}")
        assert run.stdout.readline() == "serve: ready\n"
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"echo")
            assert connection.recv(10) == b"echo"
        assert run.wait(timeout=20) == 0
        out, err = world.run(f"run {mode} --no-ask net.wasm serve 127.0.0.1 {port} hear 127.0.0.1 {port}", code=0)
        assert out == "serve: error 76\nhear: error 76\n", out
        assert f"--listen 127.0.0.1:{port} --listen udp://127.0.0.1:{port}" in err, err
        run = world.start(f"run {mode} --listen udp://127.0.0.1:{port} net.wasm hear 127.0.0.1 {port}")
        assert run.stdout.readline() == "hear: ready\n"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"word", ("127.0.0.1", port))
        assert run.stdout.read() == "hear: word\n" and run.wait(timeout=20) == 0


def test_where_listening_is_denied_nothing_listens(world):
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    for mode in BOTH:
        for at, denied in (("127.0.0.1", f"127.0.0.1:{port}"), ("127.0.0.1", "127.0.0.0/8"), ("0.0.0.0", "127.0.0.1"),
                           ("0.0.0.0", f"10.0.0.0/8:{port}")):
            out, err = world.run(f"run {mode} --no-ask --listen {at}:{port} --listen udp://{at}:{port} "
                                 f"--deny-listen {denied} net.wasm serve {at} {port} hear {at} {port}", code=0)
            assert out == "serve: error 76\nhear: error 76\n", (at, denied, out, err)


def test_asking_once_and_no(world):
    echo = Echo()
    words = f"net.wasm connect 127.0.0.1 {echo.port} connect 127.0.0.1 {echo.port}"
    for mode in BOTH:
        run = world.terminal(f"run {mode} {words}")
        asked = run.answer("once")
        assert f'"net.wasm" wants to connect to\r\n  "127.0.0.1:{echo.port}"\r\n' in asked, asked
        assert "always dir" not in asked
        run.answer("no")
        out, code = run.end()
        assert "connect: HELLO\nconnect: error 76\n" in out.split("> no\n")[0] + out or code == 0
        assert out.count("connect: HELLO") == 1 and out.count("connect: error 76") == 1, out
        run = world.terminal(f"run {mode} {words}")
        run.answer("run")
        assert run.end()[0].count("connect: HELLO") == 2
    assert not world.store.exists()


def test_names_are_asked_about_and_remembered(world):
    address = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)[0][4][0]
    echo = Echo(address)
    words = f"net.wasm reach localhost {echo.port}"
    run = world.terminal(words)
    asked = run.answer("always")
    assert '"net.wasm" wants to look up the addresses of\r\n  "localhost"\r\n' in asked, asked
    asked = run.answer("always")
    assert f'wants to connect to\r\n  "localhost:{echo.port}" (' in asked and address in asked, asked
    assert "reach: HELLO" in run.end()[0]
    out, err = world.run(words, code=0)
    assert out == "lookup: found\nreach: HELLO\n" and err == "", (out, err)
    out, _ = world.run("permissions list", code=0)
    assert "lookup localhost" in out and f"net tcp://localhost:{echo.port}" in out, out
    world.run(f"permissions revoke --net tcp://localhost:{echo.port} net.wasm", code=0)
    out, _ = world.run(words, code=0)
    assert out == "lookup: found\nreach: error 76\n", out
    run = world.terminal(words)
    run.answer("never")
    run.end()
    out, err = world.run(f"run --net localhost {words}", code=0)
    assert out == "lookup: found\nreach: error 76\n" and "denied by net tcp://localhost" in err, (out, err)


def test_listening_is_asked_about_and_not_handed_over_afterwards(world):
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    for answer in ("always", None):
        run = world.terminal(f"net.wasm serve 127.0.0.1 {port}")
        if answer:
            asked = run.answer(answer)
            assert f'wants to listen at\r\n  "127.0.0.1:{port}"' in asked, asked
        run.wait_for(b"serve: ready\r\n")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"echo")
            assert connection.recv(10) == b"echo"
        assert run.end()[1] == 0


def test_hostile_names_are_no_names(world):
    """Nothing but a host's name is ever asked about."""
    for name in ("a\nallow? always", "\x1b[2Jx", "a b", "x\u202egro.evil", "2130706433", "127.1",
                 "a" * 300, "..", "-x"):
        run = world.terminal(["net.wasm", "lookup", name])
        out, code = run.end()
        assert "lookup: error 84" in out and "wants to" not in out and code == 0, (name, out)
    run = world.terminal(["net.wasm", "lookup", "allow-always.EVIL.example"])
    asked = run.answer("no")
    assert '  "allow-always.evil.example"\r\n' in asked, asked
    assert "lookup: error 76" in run.end()[0]


def test_record_is_the_smallest_that_works(world):
    address = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)[0][4][0]
    echo, datagrams, other = Echo(address), Echo(datagrams=True), Echo()
    words = (f"net.wasm reach localhost {echo.port} udp 127.0.0.1 {datagrams.port} "
             f"connect 127.0.0.1 {other.port}")
    for mode in BOTH:
        world.run(f"run {mode} --record p.toml --allow-all {words}", code=0)
        text = (world.work / "p.toml").read_text()
        by_name = address == "127.0.0.1"
        assert f'"tcp://localhost:{echo.port}"' in text and '"*"' not in text and "lookup" not in text, text
        end = "localhost" if by_name else "127.0.0.1"
        assert f'"udp://{end}:{datagrams.port}"' in text, text
        assert f'"tcp://{end}:{other.port}"' in text, text
        wanted, _ = world.run(f"run {mode} --allow-all {words}", code=0)
        out, err = world.run(f"run {mode} --policy p.toml --no-ask {words}", code=0)
        assert out == wanted and err == "", (out, err)
    out, _ = world.run("run --record q.toml --net '*' net.wasm lookup localhost", code=0)
    assert 'lookup = ["localhost"]' in (world.work / "q.toml").read_text()


def test_audit(world):
    echo = Echo()
    for mode in BOTH:
        world.run(f"run {mode} --audit log --no-ask --net localhost --net 127.0.0.1 --deny-net 127.0.0.1:1 "
                  f"net.wasm lookup localhost connect 127.0.0.1 {echo.port} connect 127.0.0.1 1 "
                  f"connect 10.0.0.1 1", code=0)
        log = [json.loads(line) for line in (world.work / "log").read_text().splitlines()]
        (world.work / "log").unlink()
        decisions = [(e["kind"], e["object"], e["decision"]) for e in log if e["event"] == "decision"]
        assert decisions == [("lookup", "localhost", "allow"),
                             ("net", f"tcp://127.0.0.1:{echo.port}", "allow"),
                             ("net", "tcp://127.0.0.1:1", "deny"),
                             ("net", "tcp://10.0.0.1:1", "deny")], decisions
        calls = [(e["call"], e["object"], e["result"]) for e in log if e["event"] == "call"]
        assert ("sock_getaddrinfo", "localhost", "success") in calls, calls
        assert ("sock_send", f"tcp://127.0.0.1:{echo.port}", "success") in calls, calls
        assert [c[2] for c in calls if c[0] == "sock_connect"] == ["success", "notcapable", "notcapable"]


def test_explain(world):
    out, _ = world.run("explain --net example.com:443 --lookup a.b net.wasm", code=0)
    assert "connections to other machines, and the addresses of names  (sock_" in out, out
    assert "net example.com:443  (--net)" in out and "no call that could use it" not in out, out
    out, _ = world.run("explain --net example.com wish.wasm", code=0)
    never = out.split("It has no call for")[1]
    assert "connections to other machines" in never and "could use it\n  net example.com" in out, out


def test_time_stops_what_waits(world):
    echo = Echo(silent=True)
    # A queue that is full: whoever connects waits.
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = []
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(full.getsockname())
        waiting.append(one)
    for mode in BOTH:
        for words in (f"connect 127.0.0.1 {echo.port}", f"connect 127.0.0.1 {full.getsockname()[1]}",
                      f"open 127.0.0.1 {full.getsockname()[1]}"):
            _, err = world.run(f"run {mode} --time 300ms --net 127.0.0.1 net.wasm {words}", code=134)
            assert "time limit reached" in err, (words, err)


def test_programs_that_cannot_connect_pay_nothing(world):
    """No second process for a grant that nothing in the module could use."""
    for program, brokers in (("wish.wasm say ready input", 0), ("net.wasm serve 127.0.0.1 0", 1)):
        run = world.start(f"run --net 127.0.0.1 --listen 127.0.0.1:0 {program}")
        run.stdout.readline()
        with open(f"/proc/{run.pid}/task/{run.pid}/children") as children:
            assert len(children.read().split()) == brokers, program
        run.kill()
        run.wait()


def test_a_module_beside_a_program_reaches_what_both_may(world):
    echo, other = Echo(), Echo()
    text = (world.work / "connector.wat").read_text()
    at_port = "(i32.const 0) (i32.const 1))))"
    assert text.count(at_port) == 1
    for mode in BOTH:
        for rule, may in (('net = ["127.0.0.1"]', True), ('net = ["127.0.0.2"]', False), ("", False)):
            world.put("child.toml", f"[allow]\n{rule}\n")
            for port, parent_may in ((echo.port, True), (other.port, False)):
                world.put("child.wat", text.replace(at_port, f"(i32.const 0) (i32.const {port}))))"))
                out, err = world.run(f"run {mode} --no-ask --net 127.0.0.1:{echo.port} --module "
                                     "library=child.wat --module-policy library=child.toml program.wat", code=0)
                wanted = "0" if may and parent_may else "|"
                assert out[0] == wanted, (rule, port, out, err)
        # Without a policy of its own it has what the program has.
        world.put("child.wat", text.replace(at_port, f"(i32.const 0) (i32.const {echo.port}))))"))
        out, err = world.run(f"run {mode} --no-ask --net 127.0.0.1:{echo.port} --module library=child.wat "
                             "program.wat", code=0)
        assert out[0] == "0", (out, err)


# A network of its own, in which the only server of names never answers.
SILENT_SERVER = """
import fcntl, os, socket, struct, subprocess, sys
subprocess.run(["mount", "--bind", sys.argv[1], "/etc/resolv.conf"], check=True)
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
SET_FLAGS, UP = 0x8914, 0x41
fcntl.ioctl(link, SET_FLAGS, struct.pack("16sh22x", b"lo", UP))
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
os.set_inheritable(server.fileno(), True)
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_nobody_waits_for_a_lookup_that_was_given_up(world):
    world.put("resolv.conf", "nameserver 127.0.0.1\noptions timeout:60 attempts:9\n")
    away = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, "-c", SILENT_SERVER,
            world.path("resolv.conf")]
    tried = subprocess.run([*away, "/bin/true"], capture_output=True)
    if tried.returncode != 0:
        raise SkipTest("no namespaces of its own, so no silent server of names")
    # Something was refused, so the broker is asked once more at the end; and it has a policy to write.
    words = "--time 300ms --record policy.toml --net some.name net.wasm connect 127.0.0.1 1 lookup some.name"
    for mode in BOTH:
        command = [*away, *world.command(f"run {mode} --no-ask {words}")]
        done = subprocess.run(command, cwd=world.work, env=world.environment, capture_output=True, text=True,
                              timeout=30, stdin=subprocess.DEVNULL)
        assert done.returncode == 134 and "time limit reached" in done.stderr, done
        assert "tried to connect to \"127.0.0.1:1\"" in done.stderr, done.stderr
        assert "some.name" in (world.work / "policy.toml").read_text()


# A network of its own: addresses on an interface, ranges of addresses that the system answers for, and a
# server at all of them. Runs each command, which is {"words"}, or {"words", "late", "gate"}: between its two
# attempts, when it listens at the port `gate`, `late` becomes an address of the interface.
OWN_NETWORK = """
import json, socket, subprocess, sys, threading
hosts, commands = sys.argv[1], json.loads(sys.argv[2])
subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
for words in ("link set lo up", "addr add 10.9.0.1/24 brd + dev lo", "addr add fd09::1/64 nodad dev lo",
              "route add local 10.77.0.0/16 dev lo", "-6 route add local fd77::/64 dev lo",
              "route add 10.66.0.0/16 dev lo"):
    subprocess.run(["ip", *words.split()], check=True)
server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
seen = []
def serve():
    while True:
        connection, sender = server.accept()
        seen.append(sender[0])
        with connection:
            connection.sendall(connection.recv(100).upper())
threading.Thread(target=serve, daemon=True).start()
results = []
for command in commands:
    words = [word.replace("PORT", str(server.getsockname()[1])) for word in command["words"]]
    before = len(seen)
    run = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out = ""
    if "late" in command:
        while not out.endswith("serve: ready\\n"):
            out += run.stdout.readline() or sys.exit(out + run.stderr.read())
        subprocess.run(["ip", "addr", "add", command["late"], "dev", "lo"], check=True)
        with socket.create_connection(("127.0.0.1", command["gate"])) as gate:
            gate.sendall(b"on")
            gate.recv(10)
    rest, err = run.communicate(timeout=60)
    results.append([out + rest, err, len(seen) - before])
print(json.dumps(results))
"""


def run_in_own_network(world, hosts, commands):
    """What each command printed, its messages, and how many connections the server saw."""
    world.put("hosts", "".join(f"{address} {name}\n" for name, address in hosts.items()))
    away = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, "-c", OWN_NETWORK,
            world.path("hosts")]
    if shutil.which("ip") is None or subprocess.run([*away, "[]"], capture_output=True).returncode != 0:
        raise SkipTest("no namespaces of its own, so no network of its own")
    done = subprocess.run([*away, json.dumps(commands)], cwd=world.work, env=world.environment, capture_output=True,
                          text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


LEAD_NOWHERE = {
    "own": "10.9.0.1", "own6": "fd09::1", "many": "10.9.0.255", "any": "10.77.1.2", "any6": "fd77::5", "by-loopback": "10.66.1.1",
    "loop": "127.9.9.9", "translated": "64:ff9b::a09:1", "tunnel": "2002:a09:1::1", "teredo": "2001:0:808:808::f5f6:fffe",
    "isatap": "2001:db8::5efe:a09:1", "local-translator": "64:ff9b:1::808:808", "site": "fec0::1",
    "metadata": "169.254.169.254", "metadata6": "fd00:ec2::254", "alibaba": "100.100.100.200", "azure": "168.63.129.16"}


def test_a_name_leads_to_nothing_of_this_machine(world):
    hosts = {f"{name}.evil.example": address for name, address in LEAD_NOWHERE.items()}
    hosts["other.evil.example"] = "192.0.2.9"  # there is no way there
    commands = []
    for mode in BOTH:
        run = f"run {mode} --verbose --no-ask --net *.evil.example:PORT"
        words = " ".join(f"reach {name} PORT" for name in hosts)
        commands.append({"words": world.command(f"{run} net.wasm {words}")})
        commands.append({"words": world.command(f"{run} --net 10.9.0.1 net.wasm reach own.evil.example PORT")})
    results = run_in_own_network(world, hosts, commands)
    for (out, err, seen), (by_address, more, also_seen) in zip(results[::2], results[1::2]):
        wanted = ["reach: error 76"] * len(LEAD_NOWHERE) + ["reach: error 40"]
        assert out.splitlines()[1::2] == wanted and seen == 0, (out, err)
        assert 'connect to "10.9.0.1:' in err and "--net 10.9.0.1:" in err, err
        assert by_address == "lookup: found\nreach: HELLO\n" and also_seen == 1, (by_address, more)


def test_an_address_is_this_machines_as_soon_as_it_is(world):
    free = socket.create_server(("127.0.0.1", 0))
    gate = free.getsockname()[1]
    free.close()
    words = f"reach late.evil.example PORT serve 127.0.0.1 {gate} reach late.evil.example PORT"
    for mode in BOTH:
        for late, bits in (("10.8.0.1", 32), ("fd08::1", 128)):
            command = world.command(f"run {mode} --no-ask --net *.evil.example --listen 127.0.0.1:{gate} "
                                    f"net.wasm {words}")
            [[out, err, seen]] = run_in_own_network(world, {"late.evil.example": late}, [
                {"words": command, "late": f"{late}/{bits}", "gate": gate}])
            assert out.count("reach: error 40") == 1 and out.endswith("reach: error 76\n") and seen == 0, (out, err)


# A library whose first act looks the name up and connects to its address of IPv4, at the port.
FOLLOWER = """(module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_connect" (func $connect (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_getaddrinfo"
    (func $look_up (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "NAME")
  (data (i32.const 67) "\\02")  ;; the hints at 64: streams
  (data (i32.const 140) "\\c8\\00\\00\\00")  ;; the result at 128: its address is at 200, 26 bytes at 220
  (data (i32.const 204) "\\1a\\00\\00\\00\\dc\\00\\00\\00")
  (data (i32.const 260) "\\80\\00\\00\\00")  ;; where the result is
  (data (i32.const 280) "\\de\\00\\00\\00\\04\\00\\00\\00")  ;; 4 bytes behind the port
  (func (export "_initialize"))
  (func (export "act") (param $number i32) (result i32)
    (local $error i32)
    (if (local.get $number) (then (return (i32.const 0))))
    (local.set $error (call $look_up (i32.const 0) (i32.const SIZE) (i32.const 50) (i32.const 0) (i32.const 64)
                                     (i32.const 260) (i32.const 1) (i32.const 270)))
    (if (local.get $error) (then (return (local.get $error))))
    (drop (call $open (i32.const 1) (i32.const 2) (i32.const 300)))
    (call $connect (i32.load (i32.const 300)) (i32.const 280) (i32.const END))))
"""


def test_a_module_beside_a_program_follows_no_name_to_this_machine(world):
    """Although the program may connect to everything."""
    hosts = {"own.evil.example": "10.9.0.1", "other.evil.example": "192.0.2.9"}
    world.put("child.toml", '[allow]\nnet = ["*.evil.example"]\n')
    world.put("by-address.toml", '[allow]\nnet = ["*.evil.example", "10.9.0.1"]\n')
    for name in hosts:
        world.put(f"{name}.wat", FOLLOWER.replace("NAME", name).replace("SIZE", str(len(name))).replace("END", "9"))
    commands = [{"words": world.command(f"run {mode} --no-ask --net * --module library={name}.wat --module-policy "
                                        f"library={policy}.toml program.wat")}
                for mode in BOTH
                for name, policy in (("own.evil.example", "child"), ("other.evil.example", "child"),
                                     ("own.evil.example", "by-address"))]
    results = run_in_own_network(world, hosts, commands)
    # Not capable, no way there, and nobody listens there.
    assert [out[0] for out, _, _ in results] == [chr(48 + 76), chr(48 + 40), chr(48 + 14)] * len(BOTH), results


def test_denying_ipv4_denies_what_carries_it(world):
    ends = ("::10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::1", "::ffff:0:10.0.0.1",
            "::ffff:10.0.0.1", "2001:0:a00:1::1", "2001:db8::5efe:a00:1")
    words = " ".join(f"connect {end} 9 udp {end} 9" for end in ends)
    for mode in BOTH:
        out, err = world.run(f"run {mode} --no-ask --allow-all --deny-net 10.0.0.0/8 --time 20s net.wasm {words}", code=0)
        assert out == "connect: error 76\nudp: error 76\n" * len(ends), (out, err)
        assert "denied by net 10.0.0.0/8 (--deny-net)" in err, err
