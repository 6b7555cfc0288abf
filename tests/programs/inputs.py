#!/usr/bin/env python3
"""Makes the inputs of the test programs: the same bytes on every machine.

    inputs.py text BYTES [SEED]    prose-like English-looking text
    inputs.py lines COUNT [SEED]   one record a line: a word and a number, unsorted, with repeats
    inputs.py csv COUNT [SEED]     region,product,units,cents (with a header line)
    inputs.py json COUNT [SEED]    an array of nested records, some text not ASCII
    inputs.py sql COUNT [SEED]     SQL that creates and fills two tables
    inputs.py binary BYTES [SEED]  bytes, half of them repetitive
"""

import json
import sys


class Numbers:
    """A small generator of our own (xorshift64*), so that no library version changes the inputs."""

    def __init__(self, seed):
        self.state = seed * 0x9E3779B97F4A7C15 % 2**64 or 1

    def below(self, limit):
        x = self.state
        x ^= x >> 12
        x ^= x << 25 & (2**64 - 1)
        x ^= x >> 27
        self.state = x
        return (x * 0x2545F4914F6CDD1D % 2**64 >> 32) % limit


SYLLABLES = "ba be bi bo ca co da de di do fa fe ga go ha hi la le li lo ma me mi mo na ne no pa " \
    "pe po ra re ri ro sa se si so ta te ti to va ve vi wa we za".split()


def vocabulary(numbers, count):
    words = []
    for _ in range(count):
        words.append("".join(SYLLABLES[numbers.below(len(SYLLABLES))]
                             for _ in range(1 + numbers.below(4))))
    return words


def text(numbers, size):
    words = vocabulary(numbers, 2000)
    out = []
    length = 0
    while length < size:
        # A product of two draws favours the front of the list, as real text favours few words.
        chosen = [words[numbers.below(2000) * numbers.below(1000) // 1000]
                  for _ in range(4 + numbers.below(12))]
        sentence = " ".join(chosen).capitalize() + (". ", ", ", "? ", ".\n")[numbers.below(4)]
        out.append(sentence)
        length += len(sentence)
    return "".join(out)[:size - 1] + "\n"


def lines(numbers, count):
    words = vocabulary(numbers, 500)
    return "".join("%s %d\n" % (words[numbers.below(500)], numbers.below(100000))
                   for _ in range(count))


def csv(numbers, count):
    regions = "north south east west".split()
    products = vocabulary(numbers, 12)
    rows = ["region,product,units,cents\n"]
    for _ in range(count):
        rows.append("%s,%s,%d,%d\n" % (regions[numbers.below(4)], products[numbers.below(12)],
                                       1 + numbers.below(40), 5 + numbers.below(20000)))
    return "".join(rows)


def records(numbers, count):
    words = vocabulary(numbers, 200) + ["na\u00efve", "\u65e5\u672c", "\U0001f980", "tab\t\"quoted\""]
    result = []
    for index in range(count):
        result.append({
            "id": index,
            "name": words[numbers.below(len(words))],
            "tags": [words[numbers.below(len(words))] for _ in range(numbers.below(5))],
            "size": {"width": numbers.below(2000) - 1000, "height": numbers.below(800) / 4},
            "live": numbers.below(2) == 0,
            "parent": numbers.below(index) if index and numbers.below(3) else None,
        })
    return json.dumps(result, ensure_ascii=bool(count % 2)) + "\n"


def sql(numbers, count):
    cities = vocabulary(numbers, 40)
    out = ["CREATE TABLE city(id INTEGER PRIMARY KEY, name TEXT, size INTEGER);\n",
           "CREATE TABLE trip(id INTEGER PRIMARY KEY, origin INTEGER REFERENCES city,\n"
           "  target INTEGER REFERENCES city, km INTEGER, day TEXT);\nBEGIN;\n"]
    for index, name in enumerate(cities):
        out.append("INSERT INTO city VALUES(%d,'%s',%d);\n" % (index, name, numbers.below(90000)))
    for index in range(count):
        out.append("INSERT INTO trip VALUES(%d,%d,%d,%d,'2024-%02d-%02d');\n" % (
            index, numbers.below(40), numbers.below(40), 1 + numbers.below(3000),
            1 + numbers.below(12), 1 + numbers.below(28)))
    out.append("COMMIT;\n")
    return "".join(out)


def binary(numbers, size):
    out = bytearray()
    while len(out) < size:
        if numbers.below(2):
            out += bytes(numbers.below(256) for _ in range(64))
        else:
            out += bytes([numbers.below(256)]) * (16 + numbers.below(112))
    return bytes(out[:size])


def main():
    kinds = {"text": text, "lines": lines, "csv": csv, "json": records, "sql": sql,
             "binary": binary}
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in kinds or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    numbers = Numbers(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    made = kinds[sys.argv[1]](numbers, int(sys.argv[2]))
    sys.stdout.buffer.write(made if isinstance(made, bytes) else made.encode())


if __name__ == "__main__":
    main()
