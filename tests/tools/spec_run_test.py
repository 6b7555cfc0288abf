"""tests/spec/run against a stand-in for `nacre wast` that prints what the script file itself holds."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

RUNNER = Path(__file__).resolve().parent.parent / 'spec' / 'run'
# The last argument is the script. Its first line is how to end: `exit N`, `kill` or `hang`; the rest is printed.
STAND_IN = r'''#!/bin/bash
script=${!#}
read -r how code < "$script"
tail -n +2 "$script"
case $how in kill) kill -SEGV $$ ;; hang) sleep 60 ;; *) exit "$code" ;; esac
'''


class SpecRun(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write('nacre', STAND_IN).chmod(0o755)
        self.write('shared/spec-testsuite/core/good.wast', 'exit 0\n3 passed, 0 failed, 1 skipped\n')

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def script(self, text):
        self.write('shared/spec-testsuite/core/bad.wast', text)

    def run_it(self, expected='', options=('--tier', 'interp')):
        self.write('expected.txt', expected)
        done = subprocess.run(
            [sys.executable, RUNNER, '--nacre', self.root / 'nacre', '--seconds', '2', '--jobs', '1',
             '--expected', self.root / 'expected.txt', *options, 'core'],
            env=dict(os.environ, NACRE_SHARED=str(self.root / 'shared')), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False)
        lines = done.stdout.splitlines()
        return done.returncode, lines[-1], done.stdout

    FAILS = 'exit 1\ncore/bad.wast:7: wanted 1, got 2\ncore/bad.wast:9: no trap\n5 passed, 2 failed, 0 skipped\n'

    def test_all_pass(self):
        self.assertEqual(self.run_it()[:2], (0, '3 passed, 0 failed, 1 skipped'))

    def test_every_tier_and_checked_build_is_run_and_counted(self):
        code, last, output = self.run_it(options=())
        self.assertEqual((code, last), (0, '21 passed, 0 failed, 7 skipped'))
        for run in ('tier interp,', 'tier baseline,', 'tier baseline with checks dirty,merges,edge,',
                    'tier baseline with checks dirty,merges,edge,mix,', 'tier baseline, its code from files,'):
            self.assertIn(run, output)

    def test_failures_are_shown(self):
        self.script(self.FAILS)
        code, last, output = self.run_it()
        self.assertEqual((code, last), (1, '8 passed, 2 failed, 1 skipped'))
        self.assertIn('core/bad.wast:7: wanted 1, got 2', output)

    def test_expected_file(self):
        self.script(self.FAILS)
        self.assertEqual(self.run_it('# why\ncore/bad.wast  gc\n')[:2], (0, '8 passed, 0 failed, 3 skipped'))

    def test_expected_lines(self):
        self.script(self.FAILS)
        self.assertEqual(self.run_it('core/bad.wast:7  gc\ncore/bad.wast:9  gc\n')[:2],
                         (0, '8 passed, 0 failed, 3 skipped'))

    def test_line_that_is_not_listed_fails(self):
        self.script(self.FAILS)
        code, last, output = self.run_it('core/bad.wast:7  gc\n')
        self.assertEqual((code, last), (1, '8 passed, 1 failed, 2 skipped'))
        self.assertIn('core/bad.wast:9: no trap', output)

    def test_unexpected_pass_of_a_file(self):
        code, last, output = self.run_it('core/good.wast  gc\n')
        self.assertEqual((code, last), (1, '3 passed, 1 failed, 1 skipped'))
        self.assertIn('unlist it', output)

    def test_unexpected_pass_of_a_line(self):
        self.script(self.FAILS)
        code, last, output = self.run_it('core/bad.wast:7 gc\ncore/bad.wast:9 gc\ncore/bad.wast:11 gc\n')
        self.assertEqual((code, last), (1, '8 passed, 1 failed, 3 skipped'))
        self.assertIn('core/bad.wast:11: expected to fail, but passes', output)

    def test_crash_and_hang_fail_even_where_failure_is_expected(self):
        for how, said in (('kill', 'SIGSEGV'), ('hang', 'no end after 2 s')):
            self.script(how + '\n')
            code, last, output = self.run_it('core/bad.wast  gc\n')
            self.assertEqual((code, last), (1, '3 passed, 1 failed, 1 skipped'), how)
            self.assertIn(said, output)

    def test_no_count_or_a_wrong_exit_code_fails(self):
        for text in ('exit 0\nhello\n', 'exit 1\n2 passed, 0 failed, 0 skipped\n'):
            self.script(text)
            self.assertEqual(self.run_it()[:2], (1, '3 passed, 1 failed, 1 skipped'), text)

    def test_a_bad_or_double_entry_is_refused(self):
        for text in ('core/bad.wast\n', 'core/bad.wast a\ncore/bad.wast:3 b\n'):
            self.assertNotEqual(self.run_it(text)[0], 0, text)


if __name__ == '__main__':
    unittest.main()
