"""bench/: what runs mean, when goals are met, which engines take part; and one run of everything with stand-ins."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent.parent / 'bench'
sys.path.insert(0, str(BENCH))
import engines  # noqa: E402
import figures  # noqa: E402
import measure  # noqa: E402
import table  # noqa: E402


def run(wall, inside=None, processor=None):
    return {'wall': wall, 'processor': wall if processor is None else processor, 'inside': inside}


KERNELS = {
    'one': {'native': [run(1.0, 0.9)], 'a': [run(3.0, 1.8), run(99.0, 90.0), run(2.0, 0.9)]},
    'two': {'native': [run(2.0, 2.0)], 'a': [run(16.0, 16.0)], 'b': [run(2.0)]},
}


class Figures(unittest.TestCase):
    def test_medians_and_geometric_mean_of_quotients(self):
        found = figures.of({'kernels': KERNELS}, 'wall')
        self.assertEqual(found['kernels.process.one', 'a'], 3.0)
        self.assertEqual(found['kernels.inside.one', 'a'], 1.8)
        self.assertAlmostEqual(found['kernels.inside.mean', 'a'], 4.0)  # of 2 and 8
        self.assertAlmostEqual(found['kernels.process.mean', 'a'], (3 * 8) ** 0.5)

    def test_a_mean_needs_every_item(self):
        found = figures.of({'kernels': KERNELS}, 'wall')
        self.assertEqual(found['kernels.process.two', 'b'], 2.0)
        self.assertNotIn(('kernels.process.mean', 'b'), found)
        self.assertNotIn(('kernels.inside.two', 'b'), found)

    def test_native_without_a_clock_of_its_own_is_taken_whole(self):
        found = figures.of({'programs': {'p': {'native': [run(2.0)], 'a': [run(9.0, 8.0)]}}}, 'wall')
        self.assertAlmostEqual(found['programs.inside.mean', 'a'], 4.0)

    def test_processor_clock_scales_what_was_measured_inside(self):
        waited = {'k': {'native': [run(2.0, 2.0, processor=1.0)], 'a': [run(8.0, 6.0, processor=4.0)],
                        'threads': [run(2.0, 1.5, processor=3.0)]}}
        found = figures.of({'kernels': waited}, 'processor')
        self.assertEqual(found['kernels.process.k', 'a'], 4.0)
        self.assertEqual(found['kernels.inside.k', 'a'], 3.0)
        self.assertEqual(found['kernels.inside.k', 'threads'], 1.5)
        self.assertEqual(figures.processor_share({'kernels': waited}), 0.5)

    def test_throughput(self):
        measured = {'compile': {'m': {'a': [{'seconds': 0.5}]}, 'n': {'a': [{'seconds': 0.25}], 'b': [{'seconds': 1}]}},
                    'code_bytes': {'m': 2_000_000, 'n': 4_000_000}}
        found = figures.of(measured, 'wall')
        self.assertAlmostEqual(found['compile.m', 'a'], 4.0)
        self.assertAlmostEqual(found['compile.mean', 'a'], 8.0)
        self.assertNotIn(('compile.mean', 'b'), found)

    def test_start_and_embedding_units(self):
        found = figures.of({'start': {'hello': {'a': [{'wall': 0.002, 'processor': 0.001, 'memory_kb': 2048}]}},
                            'embed': {'a': [{'call_in': 7.0, 'first_instance': 5000.0}]}}, 'wall')
        self.assertEqual(found, {('start.hello.time', 'a'): 2.0, ('start.hello.memory', 'a'): 2.0,
                                 ('embed.call_in', 'a'): 7.0, ('embed.first_instance', 'a'): 5.0})

    def test_code_section(self):
        header = b'\0asm\1\0\0\0'
        long = b'\0\x80\x01' + b'x' * 128  # a custom section with a size of two bytes
        self.assertEqual(figures.code_section_bytes(header + long + b'\x0a\x81\x00c'), 1)
        self.assertEqual(figures.code_section_bytes(header + long), 0)
        with self.assertRaises(ValueError):
            figures.code_section_bytes(b'(module)')


class Goals(unittest.TestCase):
    FOUND = {('x.mean', 'a'): 6.0, ('x.mean', 'b'): 4.0}

    def judge(self, partial=(), **goal):
        return figures.judge(dict(goal, figure='x.mean', engine='a'), self.FOUND, partial)

    def test_met_and_missed(self):
        self.assertEqual(self.judge(at_most=6), (6.0, True))
        self.assertEqual(self.judge(at_most=5.9), (6.0, False))
        self.assertEqual(self.judge(at_least=7), (6.0, False))
        self.assertEqual(self.judge(at_least=1.5, times='b'), (1.5, True))
        self.assertEqual(self.judge(at_most=1, above='b'), (2.0, False))

    def test_not_measured(self):
        self.assertEqual(self.judge(at_most=9, times='nobody'), (None, None))
        self.assertEqual(self.judge(partial=('x',), at_most=9), (None, None))
        self.assertEqual(figures.judge({'figure': 'y.mean', 'engine': 'a', 'at_most': 1}, self.FOUND), (None, None))

    def test_a_missed_goal_is_shown(self):
        text = '\n'.join(table.goal_table(self.FOUND, [{'says': 'this', 'figure': 'x.mean', 'engine': 'a', 'at_most': 5}],
                                          ()))
        self.assertRegex(text, r'this +<= 5 +6\.00 +MISSED')

    def test_every_goal_is_about_an_engine_and_a_figure_that_exist(self):
        rows = engines.load('engines.toml')['engine']
        names = {row['name'].replace('{tier}', tier) for row in rows for tier in row.get('tiers', [''])}
        for goal in engines.load('goals.toml')['goal']:
            self.assertEqual(len({'at_most', 'at_least'} & set(goal)), 1, goal)
            self.assertLessEqual({goal['engine']} | {goal[k] for k in ('times', 'above') if k in goal}, names, goal)
            self.assertRegex(goal['figure'], r'^((kernels|programs)\.(inside|process)|compile|validate)\.mean$'
                                             r'|^start\.(hello|ruby)\.(time|memory)$'
                                             r'|^embed\.(call_in|call_out|(first|next|pooled)_instance)$')


class Engines(unittest.TestCase):
    def engines(self, *tiers):
        row = {'name': 'n-{tier}', 'label': '{tier}', 'colour': '#000000', 'run': ['{nacre}', '--tier={tier}'],
               'slow_tiers': ['interp']}
        return [engines.Engine(row, tier) for tier in tiers]

    def names(self, found):
        return [engine.name for engine in found]

    def test_words_are_filled_in(self):
        engine = self.engines('interp')[0]
        self.assertEqual(engine.commands['run'], [engines.TOOLS['nacre'], '--tier=interp'])
        self.assertEqual(engine.commands['start'], engine.commands['run'])

    def test_a_slow_tier_steps_back_only_for_another_and_only_in_a_quick_run(self):
        both = self.engines('interp', 'baseline')
        self.assertEqual(self.names(engines.worth_running(both, quick=True)), ['n-baseline'])
        self.assertEqual(self.names(engines.worth_running(both, quick=False)), ['n-interp', 'n-baseline'])
        self.assertEqual(self.names(engines.worth_running(both[:1], quick=True)), ['n-interp'])


class Interleaving(unittest.TestCase):
    def cell(self, name, log, fails_at=None, error=measure.Failed):
        def once():
            log.append(name)
            if log.count(name) == fails_at:
                raise error('broken')
            return {}
        return measure.Cell(self.engines[0], once)

    engines = Engines().engines('interp')
    LIMITS = {'times': 3, 'cell_seconds': 60}

    def test_by_turns(self):
        log = []
        measure.interleave([self.cell('a', log), self.cell('b', log)], self.LIMITS)
        self.assertEqual(''.join(log), 'ababab')

    def test_who_fails_runs_no_more(self):
        log = []
        cells = [self.cell('a', log, fails_at=2), self.cell('b', log, fails_at=1, error=measure.NotOffered),
                 self.cell('c', log)]
        measure.interleave(cells, self.LIMITS)
        self.assertEqual(''.join(log), 'abcacc')
        self.assertEqual([(cell.failed, cell.offered) for cell in cells],
                         [('broken', True), (None, False), (None, True)])

    def test_a_cell_that_took_its_time_stops_after_its_first_run_at_the_earliest(self):
        cell = self.cell('a', [])
        measure.interleave([cell], {'times': 3, 'cell_seconds': 0})
        self.assertEqual(len(cell.runs), 1)
        cell.spent = 1.0
        self.assertFalse(cell.wants_another({'times': 3, 'cell_seconds': 1.9}))
        self.assertTrue(cell.wants_another({'times': 3, 'cell_seconds': 2.1}))


class Drawing(unittest.TestCase):
    def test_table_of_an_earlier_run(self):
        results = {'measured': {'kernels': KERNELS}, 'clock': 'wall', 'failures': [], 'absent': {'c': 'gone'},
                   'partial': [], 'engines': {name: {'label': name} for name in ('native', 'a', 'b')}}
        text = table.show(json.loads(json.dumps(results)), [])
        self.assertRegex(text, r'one +0\.900 +2\.00\n')
        self.assertRegex(text, r'geometric mean +4\.00\n')
        self.assertIn('not here: c: gone', text)

    def test_kernels_check_themselves(self):
        source = (BENCH / 'kernels' / 'fib.c').read_text()
        with tempfile.TemporaryDirectory() as folder:
            for name, text, code in (('right', source, 0), ('wrong', source.replace('n < 2 ? n', 'n < 2 ? 1'), 1)):
                path = Path(folder) / (name + '.c')
                path.write_text(text.replace('160,', '2,').replace('107701520', '1346269'))
                subprocess.run(['clang-19', '-O2', '-I', BENCH / 'kernels', path, '-o', Path(folder) / name], check=True)
                done = subprocess.run([Path(folder) / name], stdout=subprocess.PIPE, text=True, check=False)
                self.assertEqual(done.returncode, code, done.stdout)
                self.assertRegex(done.stdout, r'^\d+ ns\n$' if code == 0 else '^wrong result')


if __name__ == '__main__':
    unittest.main()
