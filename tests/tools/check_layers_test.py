"""tools/check_layers against small trees, each with one thing wrong."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent.parent / 'tools' / 'check_layers'
DOCUMENT = '''
```layers
base    ->
os      -> base
wasm    -> base
runtime -> wasm os
api     -> runtime
cli     => api
```
```headers
llvm/           llvm
unistd.h sys/   os
```
```processors
wasm   machine.h
```
'''


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write('docs/architecture.md', DOCUMENT)
        self.write('src/base/result.h', '#pragma once\n#include <vector>\n')
        self.write('src/os/file.h', '#include "base/result.h"\n#include <unistd.h>\n')
        self.write('src/wasm/module.h', '#include "base/result.h"\n')
        self.write('src/runtime/store.h', '#include "wasm/module.h"\n  #  include "base/result.h"\n')
        self.write('src/api/api.h', '#include "runtime/store.h"\n')
        self.write('src/cli/main.cc', '#include "api/api.h"\n')
        self.write('CMakeLists.txt', 'nacre_folder(base)\nnacre_folder(runtime DEPENDS wasm os)\n')

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run_tool(self):
        done = subprocess.run([sys.executable, TOOL, self.root], stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout

    def assert_refused(self, *said):
        code, output = self.run_tool()
        self.assertEqual(code, 1, output)
        for text in said:
            self.assertIn(text, output)
        self.assertEqual(output.count('error: '), 1, output)

    def test_a_tree_in_order_passes(self):
        self.assertEqual(self.run_tool(), (0, 'layers: 6 files, 0 violations\n'))

    def test_a_processor_is_chosen_in_one_file(self):
        self.write('src/wasm/x64/registers.h', '#include "wasm/x64/more.h"\nenum class Gpr { rax, r11 };\n')
        self.write('src/wasm/x64/more.h', '')
        self.write('src/wasm/machine.h', '#include "wasm/x64/registers.h"\n')
        self.write('src/runtime/stubs.cc', '// a folder that is not in the block: rax\n#include "wasm/x64/more.h"\n')
        self.assertEqual(self.run_tool(), (0, 'layers: 10 files, 0 violations\n'))
        self.write('src/wasm/module.cc', '#include "wasm/machine.h"\n#include "wasm/x64/more.h"\n')
        self.assert_refused('src/wasm/module.cc:2:', 'only machine.h may choose a processor')

    def test_a_register_outside_its_processor(self):
        for name in 'rax', 'r11', 'xmm15', 'ecx', 'rsp':
            self.write('src/wasm/module.cc', f'#include "wasm/module.h"\n// the result is in {name}\n')
            self.assert_refused('src/wasm/module.cc:2:', f'names the register {name}')
        self.write('src/wasm/module.cc', '// r16, maximum, dxf and sprite are none\n')
        self.assertEqual(self.run_tool()[0], 0)

    def test_upward_include(self):
        self.write('src/wasm/bad.cc', '\n#include "runtime/store.h"\n')
        self.assert_refused('src/wasm/bad.cc:2:', 'wasm may not include "runtime/store.h"')

    def test_sideways_include(self):
        self.write('src/os/bad.cc', '#include "wasm/module.h"\n')
        self.assert_refused('src/os/bad.cc:1:')

    def test_double_arrow_is_not_transitive(self):
        self.write('src/cli/bad.cc', '#include "runtime/store.h"\n')
        self.assert_refused('src/cli/bad.cc:1:', 'it may know api')

    def test_tests_keep_to_layers_but_may_use_system_headers(self):
        self.write('src/wasm/module_test.cc', '#include <unistd.h>\n#include "runtime/store.h"\n')
        self.assert_refused('src/wasm/module_test.cc:2:')

    def test_header_of_another_folder(self):
        self.write('src/runtime/bad.h', '#include <sys/mman.h>\n')
        self.assert_refused('src/runtime/bad.h:1: <sys/mman.h> belongs to os')

    def test_first_row_that_names_a_header_decides(self):
        self.write('docs/architecture.md', DOCUMENT.replace('unistd.h sys/', 'sys/types.h os wasm\nunistd.h sys/'))
        self.write('src/wasm/fine.h', '#include <sys/types.h>\n')
        self.write('src/wasm/bad.h', '#include <sys/stat.h>\n')
        self.assert_refused('src/wasm/bad.h:1: <sys/stat.h>')

    def test_quoted_header_of_someone_else(self):
        self.write('docs/architecture.md', DOCUMENT.replace('llvm/           llvm', 'llvm/  cli'))
        self.write('src/cli/fine.cc', '#include "llvm/IR.h"\n')
        self.assertEqual(self.run_tool()[0], 0)

    def test_include_that_is_not_relative_to_src(self):
        self.write('src/wasm/bad.h', '#include "module.h"\n')
        self.assert_refused('src/wasm/bad.h:1: there is no src/module.h')

    def test_folder_without_row(self):
        self.write('src/extra/new.h', '')
        self.assert_refused('src/extra: this folder has no row')

    def test_cmake_dependency(self):
        self.write('CMakeLists.txt', 'nacre_folder(wasm DEPENDS base runtime)\n')
        self.assert_refused('CMakeLists.txt:1: wasm may not depend on runtime')

    def test_cycle_in_the_table(self):
        self.write('docs/architecture.md', DOCUMENT.replace('base    ->', 'base    -> runtime'))
        code, output = self.run_tool()
        self.assertEqual(code, 1)
        self.assertIn('a cycle:', output)

    def test_long_file_is_a_warning(self):
        self.write('src/base/long.h', '\n' * 901)
        code, output = self.run_tool()
        self.assertEqual(code, 0)
        self.assertIn('warning: src/base/long.h: 901 lines', output)


if __name__ == '__main__':
    unittest.main()
