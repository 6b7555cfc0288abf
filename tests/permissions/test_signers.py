"""Signers: known by a public key, asked about by name, believed for what they signed and for nothing else."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from unittest import SkipTest

from terminal import with_letters
from test_server import asked as ask_server


def leb(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def section(name, data):
    contents = leb(len(name)) + name.encode() + data
    return b"\0" + leb(len(contents)) + contents


class Signer:
    """A key pair of OpenSSL's, and signatures by it as Signatures.md has them."""

    def __init__(self, world, name):
        if shutil.which("openssl") is None:
            raise SkipTest("there is no openssl to sign with")
        self.folder = world.base / "keys"
        self.folder.mkdir(exist_ok=True)
        self.secret = self.folder / f"{name}.pem"
        self.public = self.folder / f"{name}.pub"
        self.openssl("genpkey", "-algorithm", "ed25519", "-out", self.secret)
        self.openssl("pkey", "-in", self.secret, "-pubout", "-out", self.public)
        self.name = name
        self.raw = self.openssl("pkey", "-in", self.secret, "-pubout", "-outform", "DER")[-32:]

    @staticmethod
    def openssl(*words):
        return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout

    def sign(self, message):
        file = self.folder / "message"
        file.write_bytes(message)
        return self.openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.secret, "-in", file)


def signature(content, *signers):
    """The data of a signature over what is behind the header."""
    digest = hashlib.sha256(content).digest()
    data = b"\1\1\1" + b"\1" + b"\1" + digest + leb(len(signers))
    for signer in signers:
        data += b"\0\1\x40" + signer.sign(b"wasmsig\1\1\1" + digest)
    return data


def put_signed(world, name, content, *signers):
    """A module of this content with a signature in front."""
    data = b"\0asm\1\0\0\0" + section("signature", signature(content, *signers)) + content
    (world.work / name).write_bytes(data)


def wish(world, version=b""):
    """What wish.wasm has behind its header, and something that makes it another version."""
    content = (world.work / "wish.wasm").read_bytes()[8:]
    return content + (section("version", version) if version else b"")


def trusted(world, *names):
    signers = [Signer(world, name) for name in names]
    for signer in signers:
        _, err = world.run(["permissions", "trust", signer.name, str(signer.public)])
        if "has no support for signatures" in err:
            raise SkipTest("this build has no support for signatures")
        assert err == "", err
    return signers


def listed(world, which=""):
    return world.run(["permissions", "list", *([which] if which else [])], code=0)[0]


def test_trust_takes_each_form_of_a_key(world):
    alice, = trusted(world, "alice")
    known = listed(world)
    assert known == f'signer "alice"\n  ed25519:{alice.raw.hex()}\n', known
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + alice.raw
    ssh = b"ssh-ed25519 " + base64.b64encode(blob) + b" alice@example\n"
    for form in (ssh, b"\1" + alice.raw, alice.public.read_bytes()):
        world.run("permissions distrust alice", code=0)
        assert listed(world) == "nothing is remembered\n"
        (world.work / "key").write_bytes(form)
        assert world.run("permissions trust alice key", code=0)[0] == known
        assert listed(world) == known
    for form in (alice.secret.read_bytes(), b"", ssh + ssh, ssh.replace(b"ssh-ed25519", b"ssh-rsa"),
                 b"\x81" + alice.raw):
        (world.work / "key").write_bytes(form)
        _, err = world.run("permissions trust bob key", code=2)
        assert "not an Ed25519 public key" in err, err
    assert "cannot open nothing" in world.run("permissions trust bob nothing", code=1)[1]
    assert listed(world) == known
    assert os.stat(world.store).st_mode & 0o777 == 0o600


def test_a_name_is_one_key_and_a_key_has_one_name(world):
    alice, bob = trusted(world, "alice", "bob")
    other = Signer(world, "other")
    for name, key in (("alice", other), ("carol", bob), ("alice", bob)):
        _, err = world.run(["permissions", "trust", name, str(key.public)], code=2)
        assert "trusted already" in err and "distrust" in err, err
    world.run(["permissions", "trust", "alice", str(alice.public)], code=0)
    assert "there is no signer" in world.run("permissions distrust carol", code=2)[1]
    world.run("permissions distrust alice", code=0)
    world.run(["permissions", "trust", "alice", str(other.public)], code=0)
    assert alice.raw.hex() not in listed(world) and other.raw.hex() in listed(world)


def test_hostile_names_are_refused(world):
    signer = Signer(world, "key")
    for name in ("", " ", "a\x1b[2J", "a\nb", "a\u202eb", "a,b", 'a"b', b"\xff", "x" * 101, "a\u200bb"):
        _, err = world.run([*b"permissions trust".split(), name, str(signer.public)], code=2)
        assert "is not a name for a signer" in err and "\x1b" not in err, err
    trusted(world, "Zoë O'Neil (work) ]\\ = #")
    assert "Zoë O'Neil (work) ]\\ = #" in listed(world)


def test_the_question_names_the_signer(world):
    alice, = trusted(world, "alice")
    path = world.put("a.txt")
    put_signed(world, "signed.wasm", wish(world), alice)
    run = world.terminal(f"signed.wasm read {path}")
    question = run.answer("no")
    assert "\r\n  module sha256:" in question and '\r\n  signed by "alice"\r\n' in question, question
    assert 'always signer or never signer for all that "alice" signs' in question, question
    assert "error 44" in run.end()[0]
    run = world.terminal(f"wish.wasm read {path}")
    assert "sign" not in run.answer("no").split("allow?")[1], "nobody signed it"
    run.end()


def test_always_signer_counts_for_all_of_the_signer(world):
    alice, bob = trusted(world, "alice", "bob")
    eve = Signer(world, "eve")
    path = world.put("a.txt")
    put_signed(world, "signed.wasm", wish(world), alice)
    run = world.terminal(f"signed.wasm read {path} read {path}")
    run.answer("always signer")
    assert run.end()[0].count("read: text") == 2
    assert "sha256:" not in world.store.read_text(), "it is kept for the signer, not for the module"
    put_signed(world, "signed.wasm", wish(world, b"2"), alice)  # its update
    put_signed(world, "other.wasm", wish(world, b"other"), eve, bob, alice)
    for name in ("signed.wasm", "other.wasm"):
        out, err = world.run(f"{name} read {path}", code=0)
        assert out == "read: text\n" and err == "", (name, out, err)
    put_signed(world, "eves.wasm", wish(world, b"3"), eve)
    put_signed(world, "bobs.wasm", wish(world, b"3"), bob)
    signed = (world.work / "signed.wasm").read_bytes()
    altered = signed.replace(section("version", b"2"), section("version", b"9"))
    (world.work / "altered.wasm").write_bytes(altered)
    (world.work / "longer.wasm").write_bytes(signed + section("x", b""))
    (world.work / "moved.wasm").write_bytes(b"\0asm\1\0\0\0" + section("x", b"") + signed[8:])
    end = signed.index(wish(world, b"2"))
    (world.work / "stripped.wasm").write_bytes(signed[:8] + signed[end:])
    mine = section("signature", signature(wish(world, b"4"), alice))
    (world.work / "taken.wasm").write_bytes(signed[:8] + mine + signed[end:])
    for name in ("wish.wasm", "altered.wasm", "eves.wasm", "bobs.wasm", "longer.wasm", "moved.wasm",
                 "stripped.wasm", "taken.wasm"):
        out, err = world.run(f"{name} read {path}", code=0)
        assert out == "read: error 44\n" and "not granted" in err, (name, out, err)


def test_never_signer_wins(world):
    alice, bob = trusted(world, "alice", "bob")
    path = world.put("d/a.txt")
    put_signed(world, "signed.wasm", wish(world), alice)
    run = world.terminal(f"signed.wasm read {path} read {path}")
    run.answer("never signer")
    assert run.end()[0].count("read: error 44\n") == 2
    put_signed(world, "other.wasm", wish(world, b"2"), alice, bob)
    world.run(f"permissions grant --signer bob --file {path} --dir d", code=0)
    world.run(f"permissions grant --file {path} other.wasm", code=0)
    out, err = world.run("run --dir d:ro other.wasm read d/a.txt", code=0)
    assert out == "read: error 44\n"
    assert f"denied by file {path}:read (decided by signer alice 20" in err, err
    put_signed(world, "bobs.wasm", wish(world, b"3"), bob)
    assert world.run(f"bobs.wasm read {path}", code=0)[0] == "read: text\n"


def test_where_nobody_known_signed_it_is_no_answer(world):
    alice, = trusted(world, "alice")
    path = world.put("a.txt")
    put_signed(world, "eves.wasm", wish(world), Signer(world, "eve"))
    for program in ("wish.wasm", "eves.wasm"):
        for word in ("always signer", "never signer"):
            run = world.terminal(f"{program} read {path}")
            assert "sign" not in run.answer(word)
            out, _ = run.end()
            assert "read: error 44" in out and "not one of the answers" in out, out
    assert listed(world) == f'signer "alice"\n  ed25519:{alice.raw.hex()}\n'


def test_of_several_signers_the_first_by_name_is_meant(world):
    bob, alice = trusted(world, "bob", "alice")
    path = world.put("a.txt")
    put_signed(world, "signed.wasm", wish(world), bob, alice)
    run = world.terminal(f"signed.wasm read {path}")
    question = run.answer("always signer")
    assert '  signed by "alice"\r\n  signed by "bob"\r\n' in question, question
    assert 'all that "alice" signs' in question
    run.end()
    assert "allow file" in listed(world, "signer:alice")
    assert "allow file" not in listed(world, "signer:bob")


def test_grant_list_revoke_distrust(world):
    alice, bob = trusted(world, "alice", "bob")
    path = world.put("d/a.txt")
    put_signed(world, "signed.wasm", wish(world), alice)
    world.run(f"permissions grant --signer alice --for 1h --file {path}:ro --deny-dir d/secret", code=0)
    out = listed(world, "signer:alice")
    assert f"allow file {path}:ro  (decided 20" in out and ", until 20" in out, out
    assert "bob" not in out and "bob" in listed(world)
    assert out == listed(world, f"ed25519:{alice.raw.hex()[:8]}")
    assert world.run(f"signed.wasm read {path}", code=0)[0] == "read: text\n"
    assert world.run(f"permissions revoke --file {path} signer:alice", code=0)[0] == "1 taken back\n"
    assert world.run(f"signed.wasm read {path}", code=0)[0] == "read: error 44\n"
    assert world.run("permissions revoke signer:alice", code=0)[0] == "1 taken back\n"
    assert 'signer "alice"' in listed(world), "the signer stays"
    assert "no such decision" in world.run("permissions revoke signer:alice", code=1)[1]
    assert "no such decision" in world.run("permissions revoke signer:carol", code=1)[1]
    world.run(f"permissions grant --signer alice --file {path}", code=0)
    assert world.run(f"signed.wasm read {path}", code=0)[0] == "read: text\n"
    world.run("permissions distrust alice", code=0)
    assert world.run(f"signed.wasm read {path}", code=0)[0] == "read: error 44\n"
    world.run(["permissions", "trust", "alice", str(alice.public)], code=0)
    assert world.run(f"signed.wasm read {path}", code=0)[0] == "read: error 44\n", "all is forgotten"
    for wrong in (f"--file {path}", f"--signer alice --file {path} wish.wasm", "--signer carol --clock"):
        world.run(f"permissions grant {wrong}", code=2)
    assert "signer:" in world.run("permissions --help", code=0)[0]
    world.run("permissions reset", code=0)
    assert listed(world) == "nothing is remembered\n"


def test_a_file_that_is_called_like_a_signer(world):
    """signer:NAME is a signer; ./signer:NAME is a file."""
    alice, = trusted(world, "alice")
    path = world.put("a.txt")
    shutil.copy(world.path("wish.wasm"), world.path("signer:alice"))
    world.run(f"permissions grant --file {path} signer:alice", code=0)
    assert "allow file" not in listed(world, "signer:alice")
    assert "allow file" in listed(world, "./signer:alice")


def test_detached_signatures(world):
    alice, = trusted(world, "alice")
    path = world.put("a.txt")
    (world.work / "sig").write_bytes(signature(wish(world), alice))
    world.run(f"permissions grant --signer alice --file {path}:ro", code=0)
    assert world.run(f"wish.wasm read {path}", code=0)[0] == "read: error 44\n"
    assert world.run(f"--signature sig wish.wasm read {path}", code=0)[0] == "read: text\n"
    run = world.terminal(f"run --signature sig wish.wasm write {path}")
    assert 'signed by "alice"' in run.answer("no")
    run.end()
    # In place of the one that is embedded, which then is part of what it is about.
    put_signed(world, "signed.wasm", wish(world), alice)
    assert world.run(f"signed.wasm read {path}", code=0)[0] == "read: text\n"
    assert world.run(f"--signature sig signed.wasm read {path}", code=0)[0] == "read: error 44\n"
    _, err = world.run("--signature nothing wish.wasm", code=125)
    assert "cannot open nothing" in err, err


def test_explain_says_who_signed(world):
    alice, bob = trusted(world, "alice", "bob")
    path = world.put("a.txt")
    world.run(f"permissions grant --signer bob --file {path}:ro", code=0)
    put_signed(world, "signed.wasm", wish(world), bob, alice)
    out, _ = world.run("explain signed.wasm", code=0)
    assert '\n  signed by "alice"\n  signed by "bob"\n' in out, out
    assert f"read {path}  (decided by signer bob 20" in out, out
    put_signed(world, "eves.wasm", wish(world), Signer(world, "eve"))
    out, _ = world.run("explain eves.wasm", code=0)
    assert "\n  carries a signature, but no valid one of a signer that you trust\n" in out, out
    out, _ = world.run("explain --deny-all --no-ask signed.wasm", code=0)
    assert "carries a signature, which is not looked at with these options" in out and "bob" not in out, out
    assert "sign" not in world.run("explain wish.wasm", code=0)[0].split("By its imports")[0]
    (world.work / "sig").write_bytes(signature(wish(world), alice))
    out, _ = world.run("explain --signature sig wish.wasm", code=0)
    assert 'signed by "alice"' in out


def test_diff_and_before_keep_working(world):
    alice, = trusted(world, "alice")
    a, b = world.put("a.txt"), world.put("b.txt")
    put_signed(world, "signed.wasm", wish(world), alice)
    world.run(f"permissions grant --file {a}:ro --file {b}:ro signed.wasm", code=0)
    world.run(f"permissions grant --signer alice --file {a}:ro", code=0)
    put_signed(world, "signed.wasm", wish(world, b"2"), alice)
    out, _ = world.run("permissions diff signed.wasm", code=0)
    assert f"- allow file {b}:ro" in out and a not in out, "what counts for the signer still does"
    run = world.terminal(f"signed.wasm read {a} read {b}")
    question = run.answer("always signer")
    assert "allowed for another version of it" in question and b in question, question
    assert run.end()[0].count("read: text") == 2
    assert f"{b}:ro" not in world.run("permissions diff signed.wasm", code=0)[0]
    world.run("permissions distrust alice", code=0)
    assert f"- allow file {a}:ro" in world.run("permissions diff signed.wasm", code=0)[0]


def test_the_policy_server_is_told(world):
    alice, bob = trusted(world, "alice", "bob")
    a, b, c = world.put("a.txt"), world.put("b.txt"), world.put("c.txt")
    put_signed(world, "wish.wasm", wish(world), alice, bob)
    for options in ("", "--no-lockdown"):
        out, _, questions = ask_server(world, [b"always signer\n", b"never signer\n", b"no\n"],
                                       f"read {a} read {b} read {c}", options)
        assert out == ["read: text", "read: error 44", "read: error 44"], out
        assert [q["signer"] for q in questions] == ["alice, bob"] * 3, questions
        known = listed(world, "signer:alice")
        assert f"allow file {a}" in known and f"deny  file {b}" in known, known
        world.run("permissions revoke signer:alice", code=0)
    (world.work / "wish.wasm").write_bytes((world.work / "wish.wasm").read_bytes() + section("x", b""))
    out, _, questions = ask_server(world, [b"always signer\n"], f"read {a}")
    assert out == ["read: error 44"] and questions[0]["signer"] == "", questions


def test_the_audit_log_names_signers(world):
    alice, bob = trusted(world, "alice", "bob")
    path = world.put("a.txt")
    put_signed(world, "signed.wasm", wish(world), bob, alice)
    world.run(f"permissions grant --signer bob --file {path}:ro", code=0)
    world.run(f"run --audit log signed.wasm read {path}", code=0)
    world.run("run --audit log wish.wasm say x", code=0)
    log = [json.loads(line) for line in (world.work / "log").read_text().splitlines()]
    assert [e["signer"] for e in log if e["event"] == "start"] == ["alice, bob", ""]
    because = [e["because"] for e in log if e["event"] == "decision"]
    assert because[0].startswith(f"file {path}:ro (decided by signer bob 20"), because


def test_a_damaged_signer_stops_the_run(world):
    trusted(world, "alice")
    text = world.store.read_text()
    for broken in (text.replace("ed25519:", "ed25519:0"), text.replace("alice", "a,b"),
                   text.replace('name = "alice"\n', "")):
        world.store.write_text(broken)
        _, err = world.run("wish.wasm say x", code=125)
        assert str(world.store) in err and "nacre permissions reset" in err, err


def test_an_answer_for_one_who_is_distrusted_meanwhile(world):
    alice, = trusted(world, "alice")
    path = world.put("a.txt")
    put_signed(world, "signed.wasm", wish(world), alice)
    run = world.terminal(f"signed.wasm read {path} read {path}")
    asked = run.question()
    world.run("permissions distrust alice", code=0)
    run.type(with_letters("always signer", asked) + "\n")
    out, _ = run.end()
    assert 'not remembered beyond this run' in out and '"alice" is not trusted any more' in out, out
    assert out.count("read: text") == 2 and listed(world) == "nothing is remembered\n"


def test_trusting_and_deciding_at_once_loses_nothing(world):
    signers = [Signer(world, f"s{i}") for i in range(8)]
    trusted(world, "first")
    commands = [["permissions", "trust", s.name, str(s.public)] for s in signers]
    commands += [f"permissions grant --signer first --file /w/{i}:ro".split() for i in range(8)]
    commands += [f"permissions grant --file /m/{i}:ro wish.wasm".split() for i in range(8)]
    for process in [world.start(words) for words in commands]:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    out = listed(world)
    for i in range(8):
        assert f'signer "s{i}"' in out and f"/w/{i}:ro" in out and f"/m/{i}:ro" in out, i
