// Reads CSV from standard input and prints, for each value of one column, how many rows have it and
// the sum, least and greatest of another column. AssemblyScript, with WASI through wasi-shim.
//
//   asc examples/totals.ts --config node_modules/@assemblyscript/wasi-shim/asconfig.json \
//     -O --exportStart _start -o totals.wasm
//   nacre run totals.wasm KEY-COLUMN SUM-COLUMN < FILE.csv

class Group {
  rows: i64 = 0;
  sum: i64 = 0;
  least: i64 = i64.MAX_VALUE;
  greatest: i64 = i64.MIN_VALUE;

  add(value: i64): void {
    this.rows += 1;
    this.sum += value;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
  }
}

function fail(message: string): void {
  process.stderr.write("totals: " + message + "\n");
  process.exit(1);
}

function readAll(): string {
  const chunks: ArrayBuffer[] = [];
  let total = 0;
  const buffer = new ArrayBuffer(16384);
  for (;;) {
    const got = process.stdin.read(buffer) as i32;
    if (got <= 0) break;
    chunks.push(buffer.slice(0, got));
    total += got;
  }
  const all = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < chunks.length; ++i) {
    all.set(Uint8Array.wrap(chunks[i]), at);
    at += chunks[i].byteLength;
  }
  return String.UTF8.decode(all.buffer);
}

function main(): void {
  if (process.argv.length != 3) {
    fail("usage: totals KEY-COLUMN SUM-COLUMN < FILE.csv");
    return;
  }
  const lines = readAll().split("\n");
  const names = lines[0].split(",");
  const keyColumn = names.indexOf(process.argv[1]);
  const sumColumn = names.indexOf(process.argv[2]);
  if (keyColumn < 0 || sumColumn < 0) {
    fail("the first line names the columns: " + lines[0]);
    return;
  }

  const groups = new Map<string, Group>();
  for (let i = 1; i < lines.length; ++i) {
    if (lines[i].length == 0) continue;
    const fields = lines[i].split(",");
    if (fields.length != names.length) {
      fail("line " + (i + 1).toString() + " has " + fields.length.toString() + " columns");
      return;
    }
    const key = fields[keyColumn];
    if (!groups.has(key)) groups.set(key, new Group());
    groups.get(key).add(I64.parseInt(fields[sumColumn]));
  }

  const keys = groups.keys().sort();
  let out = "";
  for (let i = 0; i < keys.length; ++i) {
    const group = groups.get(keys[i]);
    out += keys[i] + " " + group.rows.toString() + " " + group.sum.toString() + " " +
        group.least.toString() + " " + group.greatest.toString() + "\n";
  }
  process.stdout.write(out);
}

main();
