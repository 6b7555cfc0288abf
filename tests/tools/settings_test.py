"""The table of settings, and what include/nacre/nacre.h says of each."""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Settings(unittest.TestCase):
    def test_header_explains_each_that_programs_can_say(self):
        table = (ROOT / 'src/grant/settings.def').read_text()
        rows = re.findall(r'^SETTING\((\w+), (\w+),', table, re.M)
        self.assertGreater(len(rows), 8)
        said = {name.replace('_', '-') for name, said_by in rows if said_by != 'file'}
        header = (ROOT / 'include/nacre/nacre.h').read_text()
        comment = header[header.index('/* One grant in the words of the command line'):]
        comment = comment[:comment.index('*/')]
        self.assertEqual(set(re.findall(r'^ \*   "([\w-]+)"', comment, re.M)), said)


if __name__ == '__main__':
    unittest.main()
