// The package keeps Yosys's data files as strings in a JavaScript object; writes them as files.
// (Large ones are kept as addresses of files of their own, for parts that no test uses.)
import fs from 'node:fs';
import path from 'node:path';

const [resources, target] = process.argv.slice(2);
const {filesystem} = await import(resources);

function write(tree, directory) {
  fs.mkdirSync(directory, {recursive: true});
  for (const [name, entry] of Object.entries(tree)) {
    if (typeof entry === 'string') {
      fs.writeFileSync(path.join(directory, name), entry);
    } else if (!(entry instanceof URL) && !(entry instanceof Uint8Array)) {
      write(entry, path.join(directory, name));
    }
  }
}
write(filesystem.share, target);
