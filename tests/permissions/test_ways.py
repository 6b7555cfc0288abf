"""What Nacre opens by name, and what its user denied by a name: guests attack every name on the way there."""

import os
import socket

EVIL = 'module = "evil"\n[allow]\ndir = "/"\n'
NO_BROKER = ["--no-lockdown"]


def look(path):
    """What is there by this name itself."""
    if os.path.islink(path):
        return "link to " + os.readlink(path)
    if os.path.isdir(path):
        return "directory"
    if os.path.isfile(path):
        return "file " + open(path).read()
    return "something" if os.path.exists(path) else "nothing"


def attacks(names, decoy):
    """Everything that a guest can do to names: take away, move, put in their place, give second names to."""
    words = []
    for name in names:
        words += ["remove", name, "rmdir", name, "rename", name, name + ".moved", "put", name, EVIL,
                  "put", f"{name}/permissions.toml", EVIL, "mkdir", name, "symlink", "decoy", name,
                  "rename", decoy, name, "link", name, name + ".second", "put", name + ".second", EVIL]
    return words


def attack(world, flags, names, translate, top):
    """Attacks `names` by a guest with these rights; says which of them are not as they were."""
    decoy = f"{top}/decoy"
    if os.path.lexists(decoy):
        os.remove(decoy)
    with open(decoy, "w") as file:
        file.write(EVIL)
    before = {name: look(name) for name in names}
    world.run(["run", "--no-ask", *flags, "wish.wasm",
               *attacks([translate(name) for name in names], translate(decoy))])
    changed = [f"{name}: {before[name]!r} became {look(name)!r}" for name in names if look(name) != before[name]]
    changed += [name + " has a second name" for name in names if os.path.isfile(name) and os.stat(name).st_nlink != 1]
    assert not changed, (flags, changed)


def rights_over(world, names):
    """Grants that could reach the names, with how a guest spells them."""
    base = str(world.base)
    yield ["--dir", f"{base}::/w"], lambda path: "/w" + path[len(base):], base
    yield ["--dir", "/::/r"], lambda path: "/r" + path, base
    yield ["--allow-all"], lambda path: path, base
    for folder in sorted({os.path.realpath(os.path.dirname(name)) for name in names}):
        if not os.path.isdir(folder) or folder == "/" or folder.endswith("/nacre"):
            continue

        # From elsewhere the guest cannot even spell the others: they stay what they are.
        def spelt(path, folder=folder):
            return "/p" + path[len(folder):] if path.startswith(folder + "/") else "/p/elsewhere"
        yield ["--dir", f"{folder}::/p"], spelt, folder


def attack_all(world, names, flags=()):
    for rights, translate, top in list(rights_over(world, names)):
        for lockdown in ([], NO_BROKER):
            attack(world, [*flags, *rights, *lockdown], names, translate, top)


# How the folder of decisions, or the file, is reached through links: what to make, and the names on the way.

def folder_is_a_link(world):
    os.makedirs(world.base / "dot/nacre", 0o700)
    os.makedirs(world.home / ".config")
    os.symlink("../../dot/nacre", world.home / ".config/nacre")
    return ["home/.config", "home/.config/nacre", "dot", "dot/nacre"], "dot/nacre/permissions.toml"


def folder_above_is_a_link(world):
    os.makedirs(world.base / "dot/deep/config")
    os.symlink(world.base / "dot/deep/config", world.home / ".config")
    return ["home/.config", "dot", "dot/deep", "dot/deep/config"], "dot/deep/config/nacre/permissions.toml"


def home_is_a_link(world):
    os.symlink("home", world.base / "me")
    world.environment["HOME"] = str(world.base / "me")
    os.makedirs(world.home / ".config")
    return ["me", "home", "home/.config"], "home/.config/nacre/permissions.toml"


def file_is_a_link(world):
    os.makedirs(world.home / ".config/nacre", 0o700)
    os.makedirs(world.base / "dot/files", 0o700)
    os.symlink("../../../dot/files/decided.toml", world.home / ".config/nacre/permissions.toml")
    return ["home/.config/nacre", "dot", "dot/files"], "dot/files/decided.toml"


def links_in_a_chain(world):
    """Relative and absolute ones, through `..`, at several levels."""
    os.makedirs(world.home / ".config")
    os.makedirs(world.base / "a/b")
    os.makedirs(world.base / "v1/nacre", 0o700)
    os.symlink(f"{world.base}/a/b/../first", world.home / ".config/nacre")
    os.symlink("b/../../current/nacre", world.base / "a/first")
    os.symlink("v1", world.base / "current")
    return (["home/.config/nacre", "a", "a/b", "a/first", "current", "v1", "v1/nacre"],
            "v1/nacre/permissions.toml")


def directories_are_left_again(world):
    """By `..` in a link and in what the environment says: a link in their place would lead elsewhere."""
    os.makedirs(world.base / "dot/x/y")
    os.makedirs(world.base / "dot/nacre", 0o700)
    os.makedirs(world.base / "xdg/z")
    os.symlink("../dot/x/y/../../nacre", world.base / "xdg/nacre")
    world.environment["XDG_CONFIG_HOME"] = f"{world.base}/xdg/z/.."
    return ["xdg", "xdg/z", "xdg/nacre", "dot", "dot/x", "dot/x/y"], "dot/nacre/permissions.toml"


def chosen_folder_is_a_link(world):
    os.makedirs(world.base / "chosen")
    os.symlink("chosen", world.base / "xdg")
    world.environment["XDG_CONFIG_HOME"] = str(world.base / "xdg")
    return ["xdg", "chosen"], "chosen/nacre/permissions.toml"


LAYOUTS = (folder_is_a_link, folder_above_is_a_link, home_is_a_link, file_is_a_link, links_in_a_chain,
           chosen_folder_is_a_link, directories_are_left_again)


def on_layout(world, layout):
    """The layout in a place of its own: as if it was a world."""
    place = world.base / layout.__name__
    place.mkdir()
    world.base, world.home = place, place / "home"
    world.home.mkdir()
    world.environment["HOME"] = str(world.home)
    world.environment.pop("XDG_CONFIG_HOME", None)
    names, store = layout(world)
    return [f"{place}/{name}" for name in names], f"{place}/{store}"


def test_no_guest_gives_itself_a_right_through_links(world):
    secret = world.put("secret", "secret\n")
    bottom = world.base
    for layout in LAYOUTS:
        names, store = on_layout(world, layout)
        world.run(f"permissions grant --file {world.path('nothing')} wish.wasm", code=0)
        assert os.path.isfile(store) and not os.path.islink(store), "it is written where the links lead"
        attack_all(world, [*names, store, store + ".new"])
        assert "nothing" in world.run("permissions list wish.wasm", code=0)[0]
        assert world.run(f"wish.wasm read {secret}")[0] == "read: error 44\n", layout
        world.base = bottom


def test_no_guest_makes_what_a_link_will_lead_to(world):
    """Links to what does not exist yet, at every level."""
    secret = world.put("secret", "secret\n")
    bottom = world.base
    for name, link, target in (("folder", ".config/nacre", "../../dot/nacre"), ("above", ".config", "../dot/config"),
                               ("file", ".config/nacre/permissions.toml", "../../../dot/decided.toml"),
                               ("deep", ".config", "../missing/dot/config")):
        world.base = bottom / name
        world.home = world.base / "home"
        os.makedirs((world.home / link).parent, 0o700)
        os.makedirs(world.base / "dot", 0o700)
        os.symlink(target, world.home / link)
        world.environment["HOME"] = str(world.home)
        end = os.path.realpath(world.home / ".config/nacre/permissions.toml")
        names = [str(world.home / link), end]
        while not os.path.exists(os.path.dirname(names[-1])):
            names.append(os.path.dirname(names[-1]))
        attack_all(world, names)
        assert world.run(f"wish.wasm read {secret}")[0] == "read: error 44\n", name
        world.run(f"permissions grant --file {secret} wish.wasm", code=0)
        assert os.path.isfile(end) and os.path.islink(world.home / link), "the user makes it by deciding"
    world.base = bottom


def test_no_guest_reaches_the_other_folder_of_decisions(world):
    """The next run may be without XDG_CONFIG_HOME, or with it."""
    os.makedirs(world.base / "xdg")
    world.environment["XDG_CONFIG_HOME"] = str(world.base / "xdg")
    attack_all(world, [f"{world.home}/.config/nacre", f"{world.home}/.config/nacre/permissions.toml",
                       f"{world.base}/xdg/nacre"])


def through_links(world, name, text):
    """A file of that text, by way of a link to its folder and one to itself: its name, and those on the way."""
    files = world.base / "files"
    files.mkdir(exist_ok=True)
    (files / name).write_text(text)
    if not os.path.lexists(world.base / "to"):
        os.symlink("files", world.base / "to")
        (world.base / "by").mkdir()
    os.symlink(f"../to/{name}", world.base / f"by/{name}")
    names = [f"{world.base}/{part}" for part in (f"by/{name}", "by", "to", "files", f"files/{name}")]
    return names[0], names


def test_no_guest_changes_what_the_next_run_reads(world):
    wish = world.path("wish.wasm")
    for flag, text in (("--policy", "[allow]\nclock = true\n"), ("--signature", "none")):
        path, names = through_links(world, flag[2:], text)
        attack_all(world, names, [flag, path])
    path, names = through_links(world, "library", "[deny]\nclock = true\n")
    attack_all(world, names, ["--module", f"x={world.path('library.wasm')}", "--module-policy", f"x={path}"])
    assert os.path.exists(wish), "modules are files like others, but these lie elsewhere"


def test_no_guest_changes_logs_and_recordings(world):
    path, names = through_links(world, "audit", "")
    for rights, translate, top in list(rights_over(world, names)):
        attack_log(world, ["--audit", path, *rights], names, translate, top)
    path, names = through_links(world, "record", "before\n")
    for rights, translate, top in list(rights_over(world, names)):
        for lockdown in ([], NO_BROKER):
            attack_log(world, ["--record", path, *rights, *lockdown], names, translate, top)
            world.run(["permissions", "check", names[-1]], code=0)
            assert not os.path.lexists(names[-1] + ".new")


def attack_log(world, flags, names, translate, top):
    """The file itself changes, by Nacre alone."""
    with open(f"{top}/decoy", "w") as file:
        file.write(EVIL)
    before = [look(name) for name in names[:-1]]
    every = [*names, names[-1] + ".new"]
    world.run(["run", "--no-ask", *flags, "wish.wasm",
               *attacks([translate(name) for name in every], translate(f"{top}/decoy"))], code=0)
    assert [look(name) for name in names[:-1]] == before, flags
    text = look(names[-1])
    assert text.startswith("file ") and 'module = "evil"' not in text, (flags, text)


def test_no_guest_takes_the_policy_servers_place(world):
    os.makedirs(world.base / "run")
    os.symlink("run", world.base / "to")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(world.base / "run/s"))
    listener.listen()
    names = [f"{world.base}/{name}" for name in ("to", "run", "run/s")]
    inode = os.stat(names[-1]).st_ino
    for rights, translate, top in list(rights_over(world, names)):
        # Nobody accepts: what is not decided by a rule would wait for an answer.
        listener.listen()
        process = world.start(["run", "--ask-server", f"{world.base}/to/s", *rights, "wish.wasm", "remove",
                               translate(names[0]), "remove", translate(names[2]), "rename",
                               translate(names[1]), translate(names[1]) + ".moved", "rename",
                               translate(names[2]), translate(names[2]) + ".moved"])
        listener.settimeout(30)
        while process.poll() is None:
            try:
                listener.settimeout(0.2)
                listener.accept()[0].close()
            except TimeoutError:
                pass
        process.communicate()
        assert [look(name) for name in names] == ["link to run", "directory", "something"], rights
        assert os.stat(names[-1]).st_ino == inode, rights
    listener.close()


def test_a_recording_goes_where_its_name_led_at_the_start(world):
    os.makedirs(world.path("there"))
    world.put("elsewhere/p.toml", "other\n")
    for flags in ([], NO_BROKER):
        for link, first, then in (("to", "there", "elsewhere"), ("there/p.toml", "q.toml", "../elsewhere/p.toml")):
            os.symlink(first, world.path(link))
            path = "there/p.toml" if link.startswith("there") else "to/p.toml"
            process = world.start(["run", "--no-ask", "--record", path, *flags, "wish.wasm", "say", "ready", "input"])
            assert process.stdout.readline() == "say: ready\n"
            os.remove(world.path(link))
            os.symlink(then, world.path(link))
            process.communicate("go\n")
            assert process.returncode == 0
            assert (world.work / "elsewhere/p.toml").read_text() == "other\n", (flags, link)
            written = world.path("there/q.toml" if link.startswith("there") else "there/p.toml")
            assert "What wish.wasm used" in open(written).read(), (flags, link)
            os.remove(world.path(link))
            if os.path.exists(written):
                os.remove(written)
    _, err = world.run("run --record nowhere/p.toml wish.wasm say hello", code=125)
    assert "nowhere/p.toml: No such file or directory" in err, err
    out, _ = world.run("run --record nowhere/p.toml wish.wasm say hello")
    assert out == "", "said before the program runs"


def test_what_is_denied_by_way_of_links_stays_denied(world):
    """In this run by every name, and in the next: guests change no link on the way."""
    secret = world.put("real/deep/secret", "secret\n")
    os.symlink("real", world.path("one"))
    os.symlink(world.path("one/deep"), world.path("two"))
    os.symlink("two/../deep/secret", world.path("three"))
    policy = world.base / "outside/p.toml"
    policy.write_text(f'[deny]\nfile = "{world.path("three")}"\n')
    links, folders = ["one", "two"], ["real", "real/deep"]
    for denial, names in ((["--deny-file", "three"], [*links, "three", *folders, "real/deep/secret"]),
                          (["--policy", str(policy)], [*links, "three", *folders, "real/deep/secret"]),
                          (["--deny-dir", "two"], [*links, *folders, "real/deep/secret"]),
                          (["--deny-file", "two/secret:read"], [*links, *folders])):
        attack_all(world, [world.path(name) for name in names], denial)
        for name in ("one/deep/secret", "two/secret", "three", "real/deep/secret"):
            out, _ = world.run(["run", "--no-ask", "--allow-all", *denial, "wish.wasm", "read", name])
            assert out == "read: error 44\n", (denial, name, out)
    os.symlink("later/secret", world.path("dangling"))
    attack_all(world, [world.path(name) for name in ("dangling", "later", "later/secret")],
               ["--deny-file", world.path("dangling")])
    assert open(secret).read() == "secret\n"


def test_programs_work_beside_links_on_the_way(world):
    """What leads to the decisions can be looked at and used to reach everything else."""
    names, _ = on_layout(world, folder_above_is_a_link)
    world.run("permissions grant --clock wish.wasm", code=0)
    out, err = world.run(["run", "--no-ask", "--dir", f"{world.base}::/w", "wish.wasm", "stat", "/w/home/.config",
                          "list", "/w/dot/deep/config", "mkdir", "/w/dot/deep/config/app", "put",
                          "/w/dot/deep/config/app/file", "text", "read", "/w/dot/deep/config/app/file",
                          "rename", "/w/dot/deep/config/app", "/w/dot/deep/config/other", "mkdir", "/w/dot/deep",
                          "rmdir", "/w/dot/deep/config/none"])
    results = [line.split(": ")[1] for line in out.splitlines()]
    assert results[2:6] == ["done", "done", "text", "done"], out + err
    assert results[6] == "error 20", f"it is there already: {out}"
    assert names


def test_a_decision_is_about_the_path_as_it_was(world):
    """A guest puts a link where something was decided for good: what that leads to was not."""
    secret = f"{world.base}/outside/secret"
    path = world.put("d/a.txt")
    world.run(f"permissions grant --file {path} --file {world.path('d/sub/x')} wish.wasm", code=0)
    up = "../" * str(world.work / "d").count("/")
    out, _ = world.run(["wish.wasm", "remove", path, "symlink", f"{up[:-1]}{secret}", path])
    assert out == "remove: done\nsymlink: done\n", out
    assert open(path).read() == "secret\n", "the link is there"
    for flags in ([], NO_BROKER):
        out, _ = world.run(["run", *flags, "wish.wasm", "read", path, "read", secret, "put", secret, "x"])
        assert out == "read: error 44\n" * 2 + "put: error 44\n", out
    assert f"allow file {path}" in world.run("permissions list", code=0)[0], "it counts again without the link"
    os.remove(path)
    world.put("d/a.txt")
    assert world.run(f"wish.wasm read {path}")[0] == "read: text\n"


def test_a_denial_counts_where_it_was_and_where_links_lead_from_there(world):
    world.put("d/secret/key", "key\n")
    world.run("permissions grant --deny-dir d/secret wish.wasm", code=0)
    os.rename(world.path("d/secret"), world.path("d/moved"))
    os.symlink("moved", world.path("d/secret"))
    out, _ = world.run("run --dir d wish.wasm read d/secret/key read d/moved/key remove d/secret")
    assert out == "read: error 44\n" * 2 + "remove: error 44\n", out


def refused(world, *parts):
    _, err = world.run("run wish.wasm say hello", code=125)
    for part in ("permissions.toml", "chmod go-w", *parts):
        assert part in err, err
    assert err.count("\n") == 1, err


def test_decisions_behind_a_folder_of_others_are_refused(world):
    """Whoever may write a directory on the way chooses the decisions."""
    shared = world.base / "shared"
    os.makedirs(shared / "mine/nacre", 0o700)
    os.makedirs(world.home / ".config/nacre", 0o700)
    link = world.home / ".config/nacre/permissions.toml"
    os.symlink(shared / "permissions.toml", link)
    (shared / "permissions.toml").write_text("")
    os.chmod(shared / "permissions.toml", 0o600)
    world.run("run wish.wasm say hello", code=0)
    for mode in (0o777, 0o770, 0o1777):
        os.chmod(shared, mode)
        _, err = world.run("run wish.wasm say hello", code=125)
        assert f"{shared}: others may write it (chmod go-w)" in err, err
    os.chmod(shared, 0o755)
    # The same by a link on the way, and by a directory above the folder.
    os.remove(link)
    (shared / "mine/nacre/permissions.toml").write_text("")
    os.chmod(shared / "mine/nacre/permissions.toml", 0o600)
    os.symlink("mine", shared / "way")
    os.symlink(shared / "way/nacre/permissions.toml", link)
    world.run("run wish.wasm say hello", code=0)
    os.chmod(shared, 0o777)
    refused(world, f"it leads through {shared}")
    os.chmod(shared, 0o1777)
    world.run("run wish.wasm say hello", code=0)  # as in /tmp, others cannot rename what is the user's
    os.chmod(shared, 0o755)
    os.chmod(world.home / ".config", 0o777)
    refused(world, f"it leads through {world.home}/.config")
    os.chmod(world.home / ".config", 0o755)
    if os.geteuid() == 0:
        os.lchown(shared / "way", 65534, 65534)
        os.chmod(shared, 0o1777)
        refused(world, f"it leads through {shared}")


def test_a_file_of_others_is_refused_behind_a_link_too(world):
    os.makedirs(world.home / ".config/nacre", 0o700)
    target = world.base / "outside/p.toml"
    target.write_text("")
    os.symlink(target, world.home / ".config/nacre/permissions.toml")
    os.chmod(target, 0o666)
    assert "others may write it" in world.run("run wish.wasm say hello", code=125)[1]
    os.chmod(target, 0o600)
    world.run("run wish.wasm say hello", code=0)
    if os.geteuid() == 0:
        os.chown(target, 65534, 65534)
        assert "it belongs to another user" in world.run("run wish.wasm say hello", code=125)[1]


def test_a_module_beside_a_program_changes_no_way_either(world):
    """Its directory is a part of the program's, with the same denials."""
    world.put("library.toml", '[allow]\ndir = ["d/sub"]\n')
    os.makedirs(world.path("d/sub"))
    os.makedirs(world.path("dot"), 0o700)
    os.symlink("../../dot", world.path("d/sub/a.txt"))
    os.makedirs(world.home / ".config")
    os.symlink(world.path("d/sub/a.txt"), world.home / ".config/nacre")
    for flags in ([], NO_BROKER):
        out, _ = world.run(["run", *flags, "--dir", "d", "--module", "library=library.wasm", "--module-policy",
                            "library=library.toml", "program.wat"], code=0)
        assert look(world.path("d/sub/a.txt")) == "link to ../../dot", out
        assert out[-2] == "|", "it is there to be seen, but not to be removed"
