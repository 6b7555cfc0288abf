// How long V8 takes for a module:
//   node [V8 OPTIONS] load.mjs compile|validate FILE
// Prints {"seconds": S}, of processor time. The options say what compiling means: which compiler, all functions or none, how many threads.
import { readFileSync } from 'node:fs';

const [what, file] = process.argv.slice(2);
const bytes = readFileSync(file);
const begin = process.cpuUsage();
if (what === 'compile') {
  new WebAssembly.Module(bytes);
} else if (what !== 'validate' || !WebAssembly.validate(bytes)) {
  console.error(`usage: load.mjs compile|validate FILE; or ${file} is not valid`);
  process.exit(2);
}
const { user, system } = process.cpuUsage(begin); // microseconds
console.log(JSON.stringify({ seconds: (user + system) / 1e6 }));
