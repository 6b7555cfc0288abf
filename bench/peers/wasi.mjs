// Runs a WASI command in Node as `nacre run` would:
//   node [V8 OPTIONS] wasi.mjs [--dir HOST[::GUEST]]... APP [ARGS]
// and says on standard error how long what takes, in the words of `nacre run --stats`.
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const args = process.argv.slice(2);
const preopens = {};
while (args[0] === '--dir') {
  const [host, guest = host] = args[1].split('::');
  preopens[guest] = host;
  args.splice(0, 2);
}
if (args.length === 0 || args[0].startsWith('-')) {
  console.error('usage: wasi.mjs [--dir HOST[::GUEST]]... APP [ARGS]');
  process.exit(2);
}

const begin = performance.now();
const module = new WebAssembly.Module(readFileSync(args[0]));
const loaded = performance.now();
const wasi = new WASI({ version: 'preview1', args, preopens, returnOnExit: true });
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
const instantiated = performance.now();
process.exitCode = wasi.start(instance);
const ended = performance.now();
const ms = (from, to) => `${(to - from).toFixed(3)} ms`;
console.error(`load and validate ${ms(begin, loaded)}, instantiate ${ms(loaded, instantiated)}, ` +
  `run ${ms(instantiated, ended)}`);
