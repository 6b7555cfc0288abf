#!/usr/bin/env bash
# Finds the conformance data that tests read, and prints its folder, for NACRE_SHARED:
# $NACRE_SHARED, then ../shared, then build/shared, which it fills from upstream if it is not there.
# Everything else it says goes to stderr.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usable() { [ -d "$1/spec-testsuite/core" ]; }

if [ -n "${NACRE_SHARED:-}" ]; then
  usable "$NACRE_SHARED" || { echo "error: NACRE_SHARED=$NACRE_SHARED has no spec-testsuite/core" >&2; exit 1; }
  (cd "$NACRE_SHARED" && pwd)
  exit 0
fi
target=build/shared
if usable ../shared; then (cd ../shared && pwd); exit 0; fi
if [ -f $target/.complete ] && [ -d $target/component-testsuite ]; then (cd $target && pwd); exit 0; fi

# folder of ours | repository of github.com/WebAssembly | commit | folder there, or a file that is in it
table='
spec-testsuite/core                             spec                   285a9032950cbad6a9f84de11183008e286092a2  test/core
spec-testsuite/custom                           spec                   285a9032950cbad6a9f84de11183008e286092a2  test/custom
spec-testsuite/legacy/exceptions                spec                   285a9032950cbad6a9f84de11183008e286092a2  test/legacy/exceptions/core
spec-testsuite/proposals/custom-page-sizes      testsuite              193e551ff22663995b1ac95dc62344133669e14b  proposals/custom-page-sizes
spec-testsuite/proposals/wide-arithmetic        testsuite              193e551ff22663995b1ac95dc62344133669e14b  proposals/wide-arithmetic
spec-testsuite/proposals/custom-descriptors     testsuite              193e551ff22663995b1ac95dc62344133669e14b  proposals/custom-descriptors
spec-testsuite/proposals/threads                threads                979d0fcb994439423d63b2f0a8a7332d6285dd84  test/core/threads
spec-testsuite/proposals/stack-switching        stack-switching        c5f2622c776dcd20e36badf6a2fe972f4180e47c  test/core/stack-switching
spec-testsuite/proposals/compact-import-section compact-import-section baa86dc09c869a4ae7beefa0f2749335502a8668  test/core/compact-import-section
component-testsuite                             component-model        6d281648bd89caf885a7adcc412962dbd2425ab7  test
wit/preview0                                    WASI                   fae981bae14809d91f9bc2d63852d461f331d161  wasi_unstable.witx
wit/preview1                                    WASI                   fae981bae14809d91f9bc2d63852d461f331d161  wasi_snapshot_preview1.witx
'
work=$target/.fetch
mkdir -p "$work"
while read -r folder repository commit path; do
  [ -n "$folder" ] || continue
  [ ! -d "$target/$folder" ] || continue
  clone=$work/$repository-${commit:0:12}
  if [ ! -f "$clone/.fetched" ]; then
    echo "fetching WebAssembly/$repository at ${commit:0:12}" >&2
    rm -rf "$clone"
    git init -q "$clone"
    git -C "$clone" fetch -q --depth 1 "https://github.com/WebAssembly/$repository.git" "$commit" >&2 || {
      echo "error: cannot fetch WebAssembly/$repository; with the data elsewhere, set NACRE_SHARED to its folder" >&2
      exit 1
    }
    git -C "$clone" checkout -q FETCH_HEAD
    touch "$clone/.fetched"
  fi
  case $path in
    *.witx) path=$(git -C "$clone" ls-files -- "$path" "**/$path" | head -n 1) path=$(dirname "${path:-none/none}") ;;
  esac
  [ -d "$clone/$path" ] || { echo "error: WebAssembly/$repository at $commit has no $path" >&2; exit 1; }
  mkdir -p "$(dirname "$target/$folder")"
  cp -R "$clone/$path" "$target/$folder.part"
  mv "$target/$folder.part" "$target/$folder"
done <<< "$table"
rm -rf "$work"
touch $target/.complete
(cd "$target" && pwd)
