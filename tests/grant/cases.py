#!/usr/bin/env python3
"""Writes cases for verdicts.cc to standard output: cases.py SEED REQUESTS

Policies and requests about few paths, names and addresses, so that many of them meet; some of them damaged. The
same seed makes the same cases.
"""
import random
import sys

PATHS = ['a', 'b', 'ab', 'a b', 'a:ro', 'ä', '..', '.', '', '\u202e', 'x"y', "it's", '$HOME', 'a/b']
SUFFIXES = ['', '', '', ':ro', ':read', ':write', ':create', ':read+write', '::/g', '::g:ro', ':rw']
NAMES = ['a.example', 'b.a.example', 'example', 'localhost', 'A.Example.', '-x', '1.2']
HOSTS = NAMES + ['*.example', '*', '10.0.0.0/8', '10.1.2.3', '::1', '[::1]', '::/0', '0.0.0.0/0', '::ffff:10.1.2.3',
                 '127.0.0.0/8', '169.254.169.254', 'fd00::/8', '64:ff9b::/96', '10.0.0.1/8', '2002:a01:203::1']
ADDRESSES = ['10.1.2.3', '127.0.0.1', '169.254.169.254', '8.8.8.8', '0.0.0.0', '[::1]', '[::]', '[fd00::1]',
             '[64:ff9b::a01:203]', '[2002:a01:203::1]', '[2001:db8::1]', '[fe80::1]', '300.1.1.1']
PORTS = ['', ':80', ':*', ':1-100', ':0', ':65535', ':65536', ':2-1']
VARIABLES = ['A', 'B', 'AB', 'A_TOKEN', 'A*', '*_TOKEN', '*', 'A=1', '=', '', 'A*B']
AMOUNTS = ['1', '64', '0', '512M', '4g', '1TiB', '10s', '5m', '18446744073709551616', '17179869184G', '-1', '7x']
KINDS = {'path': ['dir', 'file'], 'variable': ['env'], 'endpoint': ['net', 'listen'], 'host': ['lookup'],
         'on_off': ['stdin', 'stdout', 'stderr', 'clock', 'random'],
         'amount': ['memory', 'tables', 'stack', 'handles', 'threads', 'written', 'time', 'cpu-time', 'fuel']}


def quote(field):
    """A field of a line; bytes that are not UTF-8 are surrogates, as Python has them."""
    text = field.replace('\\', '\\\\').replace('\n', '\\n').replace('\t', '\\t').replace('\0', '\\x00')
    return text.encode('utf-8', 'surrogateescape')


class Cases:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def write(self, *fields):
        sys.stdout.buffer.write(b'\t'.join(quote(field) for field in fields) + b'\n')

    def one_in(self, number):
        return self.random.randrange(number) == 0

    def path(self):
        top = self.pick(['', '/', '/srv', '/srv/', '~/', ''])
        return top + '/'.join(self.pick(PATHS) for _ in range(self.random.randrange(4)))

    def value(self, shape):
        if shape == 'path':
            return self.path() + self.pick(SUFFIXES)
        if shape == 'variable':
            return self.pick(VARIABLES)
        if shape == 'endpoint':
            return self.pick(['', '', 'tcp://', 'udp://']) + self.pick(HOSTS) + self.pick(PORTS)
        return self.pick(HOSTS) if shape == 'host' else self.pick(AMOUNTS)

    def damaged(self, text):
        at = self.random.randrange(len(text) + 1)
        return self.pick([
            lambda: text[:at] + self.pick('[]{}"\'=,.\n\\#:*\udc80\0\x0b') + text[at + 1:],
            lambda: text[:at] + text[at + 1 + self.random.randrange(8):],
            lambda: text[:at] + text[self.random.randrange(len(text) + 1):][:20] + text[at:]])()

    def policy(self):
        def string(value):
            return '"' + value.replace('\\', '\\\\').replace('"', '\\"') + '"'
        text = ''
        for table in ['allow', 'deny']:
            text += f'[{table}]\n'
            for shape, kinds in KINDS.items():
                for kind in kinds:
                    if shape == 'on_off':
                        text += f'{kind} = {self.pick(["true", "true", "false"])}\n' if self.one_in(4) else ''
                    elif self.one_in(2) and (table == 'allow' or shape != 'amount' or self.one_in(9)):
                        values = [string(self.value(shape)) for _ in range(self.random.randrange(4))]
                        text += f'{kind} = [{", ".join(values)}]\n'
        return self.damaged(text) if self.one_in(5) else text

    def good_policy(self):
        """Without problems, and about what requests are about."""
        text = ''
        for table in ['allow', 'deny']:
            few = range(self.random.randrange(5 if table == 'allow' else 3))
            paths = [f'"{self.object("dir")}{self.pick(["", ":read", ":write", ":read+write"])}"' for _ in few]
            ends = [f'"{self.pick(HOSTS[7:-1] + NAMES[:5])}{self.pick(PORTS[:6])}"' for _ in few]
            ends = [end for end in ends if '::' not in end or '[' in end or end.count(':') > 4]
            names = [f'"{self.pick(VARIABLES[:7])}"' for _ in few]
            text += f'[{table}]\ndir = [{", ".join(paths)}]\nfile = [{", ".join(paths[:1])}]\n'
            text += f'net = [{", ".join(ends)}]\nenv = [{", ".join(names)}]\n'
        return text

    def object(self, kind):
        if kind in KINDS['path']:
            return '/srv' + ''.join('/' + self.pick(PATHS[:5]) for _ in range(self.random.randrange(4)))
        if kind == 'env':
            return self.pick(['A', 'B', 'AB', 'A_TOKEN', 'X'])
        if kind == 'lookup':
            return self.pick(NAMES)
        if kind in KINDS['endpoint']:
            return self.pick(['tcp://', 'udp://']) + self.pick(ADDRESSES) + ':' + self.pick(['80', '443', '0', '65535'])
        return ''

    def request(self):
        shape = self.pick(['path', 'path', 'path', 'endpoint', 'endpoint', 'variable', 'host', 'on_off'])
        kind = self.pick(KINDS[shape])
        names = [self.pick(NAMES[:4]) for _ in range(self.random.randrange(3))] if kind == 'net' else []
        rights = self.random.randrange(1, 8) if shape == 'path' else 0
        self.write('request', kind, self.object(kind), str(rights), str(self.random.randrange(256)), *names)

    def rule(self):
        shape = self.pick([shape for shape in KINDS if shape != 'on_off'])
        value = self.value(shape)
        self.write('rule', self.pick(KINDS[shape]), self.pick(['allow', 'allow', 'deny']),
                   self.damaged(value) if self.one_in(4) else value)

    def decisions(self):
        text = ''
        for table in ['"sha256:' + '0a' * 32 + '"', '"ed25519:' + '1b' * 32 + '"']:
            text += f'[{table}]\n' + ('name = "alice"\n' if 'ed' in table else 'place = "/p"\nsize = 1\nreaches = []\n')
            text += 'decisions = [\n'
            for _ in range(self.random.randrange(4)):
                kind = self.pick(['dir', 'file'])
                expires = self.pick(['', '', ', expires = 2027-01-01T00:00:00Z', ', expires = 2060-02-30T00:00:00Z',
                                     ', expires = 2059-12-31T23:59:59-01:30'])
                text += f'  {{ {self.pick(["allow", "deny"])} = "{kind} {self.object(kind)}", '
                text += f'made = 2026-11-25T15:10:00Z{expires} }},\n'
            text += ']\n'
        self.write('decisions', self.damaged(text) if self.one_in(3) else text)


def main():
    cases, requests = Cases(int(sys.argv[1])), int(sys.argv[2])
    while requests > 0:
        cases.write('place', '/srv', '/home/me' if cases.one_in(2) else '')
        cases.write('policy', cases.good_policy() if cases.one_in(2) else cases.policy())
        for _ in range(min(requests, 50)):
            cases.request()
            requests -= 1
        for _ in range(20):
            cases.rule()
        cases.decisions()


if __name__ == '__main__':
    main()
