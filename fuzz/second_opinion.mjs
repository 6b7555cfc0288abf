// Node's opinion on modules that nacre-fuzz --dump wrote: node second_opinion.mjs DIR
//
// For N.wasm with N.txt: whether it is valid, or what running it did, in the words of execute.h.
// Prints every disagreement; the last line is `N passed, N failed, N skipped`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const mask64 = (1n << 64n) - 1n;

function fnv1a(bytes) {
  // In two 32-bit halves: BigInt per byte would take minutes.
  let low = 0x84222325, high = 0xcbf29ce4;
  for (let i = 0; i < bytes.length; ++i) {
    low = (low ^ bytes[i]) >>> 0;
    // times 0x100000001b3 modulo 2^64
    const a = (low & 0xffff) * 0x1b3, b = (low >>> 16) * 0x1b3 + Math.floor(a / 65536);
    const carry = Math.floor(b / 65536);
    const newLow = (((b & 0xffff) << 16) | (a & 0xffff)) >>> 0;
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = newLow;
  }
  return ((BigInt(high) << 32n) | BigInt(low)).toString(16);
}

const scratch = new DataView(new ArrayBuffer(8));

// The type of a global is not visible from JavaScript: take it from the module's own bytes.
function globalText(value, type) {
  if (typeof value === 'bigint') return (value & mask64).toString(16);
  if (type === 0x7f) return (value >>> 0).toString(16);
  if (Number.isNaN(value)) return 'nan';
  if (type === 0x7d) {
    scratch.setFloat32(0, value);
    return scratch.getUint32(0).toString(16);
  }
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0).toString(16);
}

// Value types of the globals that nacre-fuzz generates, in their order.
const globalTypes = [0x7f, 0x7f, 0x7e, 0x7d, 0x7c];

function observe(bytes) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  let text = '';
  for (const [name, item] of Object.entries(exports)) {
    if (typeof item !== 'function') continue;
    try {
      item();
      text += `${name} returns\n`;
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
      text += `${name} traps\n`;
    }
  }
  for (const [name, item] of Object.entries(exports)) {
    if (item instanceof WebAssembly.Memory) {
      const bytes = new Uint8Array(item.buffer);
      text += `${name} ${bytes.length / 65536} ${fnv1a(bytes)}\n`;
    } else if (item instanceof WebAssembly.Global) {
      text += `${name} ${globalText(item.value, globalTypes[Number(name.slice(1))])}\n`;
    }
  }
  return text;
}

const directory = process.argv[2];
let passed = 0, failed = 0;
for (const file of readdirSync(directory).filter((name) => name.endsWith('.wasm'))) {
  const bytes = readFileSync(join(directory, file));
  const ours = readFileSync(join(directory, file.replace(/\.wasm$/, '.txt')), 'utf8');
  let theirs, same;
  if (/^(in)?valid/.test(ours)) {
    theirs = WebAssembly.validate(bytes) ? 'valid' : 'invalid';
    same = theirs === ours.match(/^\w+/)[0];
    if (!same && theirs === 'invalid') {
      try {
        new WebAssembly.Module(bytes);
      } catch (error) {
        theirs += `: ${error.message}`;
      }
    }
  } else {
    try {
      theirs = observe(bytes);
    } catch (error) {
      theirs = `refused: ${error.message}`;
    }
    same = ours === theirs;
  }
  if (same) {
    ++passed;
  } else {
    ++failed;
    console.log(`${file}: Nacre and Node disagree\n  Nacre: ${ours.trim()}\n  Node: ${theirs.trim()}`);
  }
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
