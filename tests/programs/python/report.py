"""Reads a file and does with it what scripts do; prints the same on every Python from 3.9."""

import collections
import dataclasses
import fractions
import functools
import hashlib
import itertools
import json
import re
import sys


@dataclasses.dataclass(order=True)
class Entry:
    count: int
    word: str = dataclasses.field(compare=False)


def queens(size):
    def place(row, columns, falling, rising):
        if row == size:
            return 1
        return sum(place(row + 1, columns | {c}, falling | {row - c}, rising | {row + c})
                   for c in range(size)
                   if c not in columns and row - c not in falling and row + c not in rising)
    return place(0, frozenset(), frozenset(), frozenset())


def partitions(total):
    ways = [1] + [0] * total
    for part in range(1, total + 1):
        for amount in range(part, total + 1):
            ways[amount] += ways[amount - part]
    return ways[total]


@functools.lru_cache(maxsize=None)
def steps(number):
    return 0 if number == 1 else 1 + steps(number // 2 if number % 2 == 0 else 3 * number + 1)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    print("sha256", hashlib.sha256(text.encode()).hexdigest())
    words = collections.Counter(re.findall(r"[a-z_]+", text.lower()))
    entries = sorted((Entry(count, word) for word, count in sorted(words.items())), reverse=True)
    print(json.dumps([dataclasses.astuple(entry) for entry in entries[:8]]))
    print("queens", [queens(size) for size in range(1, 7)])
    print("partitions", partitions(120), "steps", max(steps(number) for number in range(1, 26)))
    print("power", str(3 ** 700 % 10 ** 40), float(fractions.Fraction(22, 7)))
    print("groups", [(key, len(list(group))) for key, group in itertools.groupby("aaabbcaa")])
    print("text", "{:>8.3f}|{:<6}|{:^9}|{:#x}".format(2 / 3, "ab", "mid", 255), "\u00e9\u65e5".encode())
    try:
        json.loads('{"a": [1, 2}')
    except json.JSONDecodeError as error:
        print("error", error)
    sys.exit(len(words) % 5 + 1)


main()
