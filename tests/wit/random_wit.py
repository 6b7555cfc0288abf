"""Makes folders of WIT at random: most mean something, some have a mistake in them.

write(folder, seed) makes what wasm-tools and Nacre should agree about; what they are known not to
agree about (DIFFERENCES in run) is left out.
"""

import random

KEYS = ["u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "char", "bool", "string"]
PLAIN = KEYS + ["f32", "f64"]
WORDS = ["a", "b", "red", "get", "X", "io2", "type", "list", "own", "use", "URL", "z-9"]
FEATURES = ["alpha", "beta"]


def written(name):
    keywords = {"type", "list", "own", "use"}
    return "%" + name if name in keywords else name


class Package:
    def __init__(self, name, version):
        self.name = name
        self.version = version
        self.interfaces = {}  # name: names of types that others may use
        self.worlds = []

    def path(self, item):
        return f"{self.name}/{written(item)}" + (f"@{self.version}" if self.version else "")


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.done = []  # packages that may be referred to
        self.package = None
        self.gates = True

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def fresh(self, taken, prefix="", mistakes=True):
        while True:
            name = prefix + self.random.choice(WORDS)
            if self.random.randrange(3):
                name += "-" + self.random.choice(["a", "b2", "C", "d"])
            # Now and then a name that is taken, perhaps in other letters.
            if name.lower() not in taken or (mistakes and self.chance(200)):
                taken.add(name.lower())
                return name

    def gate(self, indent, unstable=True):
        if not self.gates or not self.package.version or not self.chance(4):
            return ""
        if unstable and self.chance(3):
            return f"{indent}@unstable(feature = {self.random.choice(FEATURES)})\n"
        version = self.random.choice(["0.1.0", "0.2.0", self.package.version])
        text = f"{indent}@since(version = {version})\n"
        if self.chance(4):
            text += f"{indent}@deprecated(version = {version})\n"
        return text

    def docs(self, indent):
        if not self.chance(5):
            return ""
        return self.random.choice([
            f"{indent}/// one line\n",
            f"{indent}///two\n{indent}///   lines  \n",
            f"{indent}/** a block */\n",
            f"{indent}/** a block\n{indent}    of lines\n{indent}*/\n",
            f"{indent}///\n{indent}/// x\n{indent}///\n",
        ])

    def type(self, types, resources, depth=0):
        pick = self.random.randrange(16 if depth < 3 else 6)
        if pick < 3:
            return self.random.choice(PLAIN)
        if pick < 6:
            return written(self.random.choice(types)) if types else "u8"
        if pick < 7 and resources:
            return f"borrow<{written(self.random.choice(resources))}>"
        if pick < 8 and resources:
            return f"own<{written(self.random.choice(resources))}>"
        inside = lambda: self.type(types, resources, depth + 1)
        return self.random.choice([
            lambda: f"list<{inside()}>",
            lambda: f"list<{inside()}, {self.random.randrange(1, 9)}>",
            lambda: f"option<{inside()}>",
            lambda: f"tuple<{inside()}, {inside()}>",
            lambda: f"result<{inside()}>",
            lambda: f"result<_, {inside()}>",
            lambda: f"result<{inside()}, {inside()}>",
            lambda: "result",
            lambda: f"map<{self.random.choice(KEYS)}, {inside()}>",
            lambda: f"stream<{inside()}>",
            lambda: "stream",
            lambda: f"future<{inside()}>",
            lambda: "future",
        ])()

    def result(self, types):
        if self.chance(2):
            return ""
        return " -> " + self.type(types, [], 1)

    def function(self, types, resources):
        taken = set()
        params = []
        for _ in range(self.random.randrange(4)):
            params.append(f"{written(self.fresh(taken))}: {self.type(types, resources)}")
        comma = "," if params and self.chance(5) else ""
        is_async = "async " if self.chance(5) else ""
        return f"{is_async}func({', '.join(params)}{comma}){self.result(types)}"

    def type_def(self, name, types, resources, indent):
        some = lambda make: "".join(
            f"{self.docs(indent + '  ')}{indent}  {make(written(self.fresh(taken)))},\n"
            for _ in range(self.random.randrange(1, 5)))
        taken = set()
        text = written(name)
        pick = self.random.randrange(6)
        if pick == 0:
            return f"record {text} {{\n" + some(lambda n: f"{n}: {self.type(types, resources)}") + indent + "}\n"
        if pick == 1:
            case = lambda n: n if self.chance(2) else f"{n}({self.type(types, resources)})"
            return f"variant {text} {{\n" + some(case) + indent + "}\n"
        if pick == 2:
            return f"enum {text} {{\n" + some(lambda n: n) + indent + "}\n"
        if pick == 3:
            return f"flags {text} {{\n" + some(lambda n: n) + indent + "}\n"
        if pick == 4:
            resources.append(name)
            if self.chance(3):
                return f"resource {text};\n"
            return f"resource {text} {{\n" + self.methods(name, types, resources, indent + "  ") + indent + "}\n"
        return f"type {text} = {self.type(types, resources)};\n"

    def methods(self, name, types, resources, indent):
        text = ""
        taken = {name.lower()}
        if self.chance(2):
            fallible = f" -> result<{written(name)}>" if self.chance(4) else ""
            text += f"{self.docs(indent)}{indent}constructor(){fallible};\n"
        for _ in range(self.random.randrange(4)):
            static = "static " if self.chance(3) else ""
            text += self.docs(indent) + self.gate(indent)
            text += f"{indent}{written(self.fresh(taken))}: {static}{self.function(types, resources)};\n"
        return text

    def uses(self, taken, types, indent, interfaces):
        text = ""
        for path, names in self.random.sample(interfaces, min(len(interfaces), self.random.randrange(3))):
            if not names:
                continue
            used = []
            for name in self.random.sample(sorted(names), self.random.randrange(1, len(names) + 1)):
                if name.lower() in taken or self.chance(4):
                    new = self.fresh(taken, "u-")
                    used.append(f"{written(name)} as {written(new)}")
                    types.append(new)
                else:
                    taken.add(name.lower())
                    used.append(written(name))
                    types.append(name)
            text += f"{self.gate(indent)}{indent}use {path}.{{{', '.join(used)}}};\n"
        return text

    def reachable(self):
        """Interfaces that can be named: (path, types) of this package and of those done."""
        found = [(written(name), types) for name, types in self.package.interfaces.items()]
        for package in self.done:
            found += [(package.path(name), types) for name, types in package.interfaces.items()]
        return found

    def body(self, indent, interfaces):
        """The inside of an interface, in any order of the text, and the types in it."""
        taken, types, resources = set(), [], []
        parts = [self.uses(taken, types, indent, interfaces)]
        for _ in range(self.random.randrange(5)):
            name = self.fresh(taken)
            part = self.docs(indent) + self.gate(indent)
            parts.append(part + indent + self.type_def(name, types, resources, indent))
            types.append(name)
        for _ in range(self.random.randrange(4)):
            part = self.docs(indent) + self.gate(indent)
            parts.append(part + f"{indent}{written(self.fresh(taken))}: {self.function(types, resources)};\n")
        if self.chance(2):
            self.random.shuffle(parts)
        return "".join(parts), types

    def interface(self, taken):
        name = self.fresh(taken)
        body, types = self.body("  ", self.reachable())
        self.package.interfaces[name] = types
        return f"{self.docs('')}interface {written(name)} {{\n{body}}}\n"

    def world(self, taken):
        name = self.fresh(taken)
        names, exported, types, resources = set(), set(), [], []
        interfaces = self.reachable()
        worlds = [written(world) for world in self.package.worlds]
        for package in self.done:
            worlds += [package.path(world) for world in package.worlds]
        includes = worlds and self.chance(3)
        self.gates = False
        parts = [self.uses(names, types, "  ", interfaces)]
        for _ in range(self.random.randrange(3)):
            new = self.fresh(names, mistakes=False)
            parts.append("  " + self.type_def(new, types, resources, "  "))
            types.append(new)
        self.gates = not includes
        for verb, scope in (("import", names), ("export", exported)):
            for path, _ in self.random.sample(interfaces, min(len(interfaces), self.random.randrange(3))):
                gate = self.gate("  ", unstable=False) if verb == "import" else ""
                parts.append(f"{gate}  {verb} {path};\n")
            for _ in range(self.random.randrange(3)):
                new = written(self.fresh(scope))
                pick = self.random.randrange(3)
                if pick == 0:
                    parts.append(f"  {verb} {new}: {self.function(types, resources)};\n")
                elif pick == 1:
                    gates, self.gates = self.gates, False
                    body, _ = self.body("    ", interfaces)
                    self.gates = gates
                    parts.append(f"  {verb} {new}: interface {{\n{body}  }}\n")
                elif interfaces:
                    parts.append(f"  {verb} {new}: {self.random.choice(interfaces)[0]};\n")
        self.gates = True
        if includes:
            parts.append(f"  include {self.random.choice(worlds)};\n")
        if self.chance(2):
            self.random.shuffle(parts)
        self.package.worlds.append(name)
        return f"{self.docs('')}world {written(name)} {{\n{''.join(parts)}}}\n"

    def items(self):
        taken = set()
        items = [self.interface(taken) for _ in range(self.random.randrange(1, 5))]
        items += [self.world(taken) for _ in range(self.random.randrange(3))]
        self.random.shuffle(items)
        return items

    def start(self, name):
        self.package = Package(name, self.random.choice(["", "0.2.0", "1.0.0-rc.1", "0.3.1"]))
        version = f"@{self.package.version}" if self.package.version else ""
        return f"package {self.package.name}{version}"


def damage(text, rng):
    """A word less, twice, or another one."""
    words = text.split(" ")
    at = rng.randrange(len(words))
    if "/" in words[at]:  # comments that are no documentation any more are taken for it by wasm-tools
        return text
    words[at:at + 1] = rng.choice([[], [words[at]] * 2, [rng.choice(words)], [words[at][:-1]]])
    return " ".join(words)


def write(folder, seed):
    """Makes folder/*.wit and folder/deps."""
    maker = Maker(seed)
    (folder / "deps").mkdir(parents=True)
    for i in range(maker.random.randrange(3)):
        header = maker.start(f"dep:p{i}")
        items = "".join(maker.items())
        if maker.chance(2):
            (folder / "deps" / f"d{i}.wit").write_text(f"{header};\n{items}")
        else:
            (folder / "deps" / f"d{i}").mkdir()
            (folder / "deps" / f"d{i}" / "x.wit").write_text(f"{header};\n{items}")
        maker.done.append(maker.package)
    nested = ""
    if maker.chance(3):
        header = maker.start("nested:q")
        nested = f"{header} {{\n{''.join(maker.items())}}}\n"
        maker.done.append(maker.package)
    header = maker.start(maker.random.choice(["a:main", "zz:main"]))
    items = maker.items()
    split = maker.random.randrange(len(items) + 1)
    texts = [f"{header};\n" + "".join(items[:split]) + nested, "".join(items[split:])]
    if maker.chance(4):
        texts[0] = damage(texts[0], maker.random)
    for name, text in zip(("m.wit", maker.random.choice(["b.wit", "x.wit"])), texts):
        (folder / name).write_text(text)
