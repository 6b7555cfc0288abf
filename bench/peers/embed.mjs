// What embedding costs in V8, for bench/embed/small.wat; the same figures as `nacre_bench embed`:
//   node [V8 OPTIONS] embed.mjs FILE
import { readFileSync } from 'node:fs';

const bytes = readFileSync(process.argv[2]);
const imports = { host: { next: (x) => x + 1 } };
const compile = () => new WebAssembly.Module(bytes);
const instantiate = (module) => new WebAssembly.Instance(module, imports).exports;
const now = () => Number(process.hrtime.bigint());

function median(values) {
  values.sort((a, b) => a - b);
  const half = values.length >> 1;
  return values.length % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}
// Nanoseconds that `once` takes, divided by what it does so often.
function time(batches, count, once) {
  const times = [];
  for (let i = 0; i < batches; i++) {
    const begin = now();
    once();
    times.push((now() - begin) / count);
  }
  return median(times);
}
function expect(got, wanted) {
  if (got !== wanted) throw new Error(`wrong result: ${got}, not ${wanted}`);
}

const { add, call_host, call_nothing } = instantiate(compile());
const calls = 20_000;
const turns = 100_000;
const call_in = time(51, calls, () => {
  let sum = 0;
  for (let i = 0; i < calls; i++) sum = add(sum, 1);
  expect(sum, calls);
});
const turn_of = (loop) => time(51, turns, () => expect(loop(turns), turns));
const call_out = turn_of(call_host) - turn_of(call_nothing);

// From a module to the answer of its first call. Modules of the same bytes share their code in V8 while one of them
// lives, so that a first instance needs other bytes: the number in an empty custom section.
const kFirsts = 301;
const numbered = Array.from({ length: kFirsts }, (_, i) =>
  new WebAssembly.Module(Uint8Array.of(...bytes, 0, 4, 1, 0x78, i & 0xff, i >> 8)));
let turn = 0;
const first_instance = time(kFirsts, 1, () => expect(instantiate(numbered[turn++]).add(40, 2), 42));
const module = compile();
const next_instance = time(2001, 1, () => expect(instantiate(module).add(40, 2), 42));
console.log(JSON.stringify({ call_in, call_out, first_instance, next_instance }));
