"""tools/check_citations against small trees, each with one thing wrong."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent.parent / 'tools' / 'check_citations'


class CheckCitations(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write('docs/invariants.md', '# Invariants\n\n- **one-reader**: One.\n- **bounded-counts**: Two.\n')
        self.write('docs/security.md', '# Security\n\n## The network\n')
        self.write('docs/architecture.md', '| see | `src/wasm/reader.h` |\n| later | `src/llvm/` (planned) |\n')
        self.write('src/wasm/reader.h', '// One (invariants.md: one-reader), two (invariants.md:\n'
                   '// bounded-counts), see docs/security.md#the-network and https://example.com/some/README.md.\n')

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run_tool(self):
        done = subprocess.run([sys.executable, TOOL, self.root], stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout

    def assert_refused(self, said):
        code, output = self.run_tool()
        self.assertEqual(code, 1, output)
        self.assertIn(said, output)
        self.assertEqual(output.count('error: '), 1, output)

    def test_a_tree_in_order_passes(self):
        self.assertEqual(self.run_tool(), (0, 'citations: 4 files, 0 that lead nowhere\n'))

    def test_a_label_that_is_not_there(self):
        self.write('src/os/file.h', '// As it must be\n// (invariants.md: two-readers).\n')
        self.assert_refused('src/os/file.h:2: docs/invariants.md has no label two-readers')

    def test_a_label_that_nobody_cites(self):
        self.write('docs/invariants.md', '- **one-reader**: One.\n- **bounded-counts**: Two.\n- **three**: Three.\n')
        self.assert_refused('docs/invariants.md:3: no source cites three')

    def test_documents_do_not_count_as_sources(self):
        self.write('src/wasm/reader.h', '// (invariants.md: one-reader)\n')
        self.write('docs/security.md', '## The network\n(invariants.md: bounded-counts)\n')
        self.assert_refused('no source cites bounded-counts')

    def test_labels_of_plans(self):
        for label in ('F5', ', rule 4', ' 2g'):
            self.write('src/os/file.h', f'// Said elsewhere (security.md{label if label[0] in ", " else " " + label}).\n')
            self.assert_refused('src/os/file.h:1: security.md has no label')

    def test_a_heading_that_is_not_there(self):
        self.write('src/os/file.h', '// See docs/security.md#the-net.\n')
        self.assert_refused('src/os/file.h:1: docs/security.md has no heading #the-net')

    def test_a_document_that_is_not_there(self):
        self.write('src/os/file.h', '// See engine.md.\n')
        self.assert_refused('src/os/file.h:1: there is no document engine.md')

    def test_an_index_that_differs(self):
        self.write('docs/RATIONALE.md', '## Index\n- **[Code](#code)**\n  - [Why so?](#why-so)\n\n## Code\n### Why so?\n')
        self.assertEqual(self.run_tool()[0], 0)
        self.write('docs/RATIONALE.md', '## Index\n- **[Code](#code)**\n\n## Code\n### Why so?\n')
        self.assert_refused('docs/RATIONALE.md: the index lacks "Why so?"')
        self.write('docs/RATIONALE.md', '## Index\n  - [Why so?](#why-so)\n- **[Code](#code)**\n\n## Code\n### Why so?\n')
        self.assert_refused('another order')

    def test_a_path_that_is_not_there(self):
        self.write('docs/security.md', '## The network\nHeld by `src/host/network.h`.\n')
        self.assert_refused('docs/security.md:2: there is no src/host/network.h')


if __name__ == '__main__':
    unittest.main()
