# What the recipes (NAME/recipe.sh) may use; sourced by setup.sh, never run by itself.
#
# A recipe sets `apt_packages` (Debian packages it needs) and `sources` (files of the repository that
# it reads: when they change it is followed again). It defines build(), which puts the program, any
# inputs too large to commit, and nothing else into $OUT. It may define build_native(), which puts
# the same program built for this machine into $OUT (with the Debian packages of `apt_native`); that
# one is the baseline of ./dev bench. Both run with `set -e`, in an empty scratch directory.
#   $OUT    what to fill                 $HERE   the recipe's own folder
#   $REPO   the repository               $INPUTS makes test inputs: see inputs.py
# Nothing that a recipe fetches is committed, and nothing here names a host: packages come by name
# through apt, npm and pip, whatever mirrors the machine has set for them.

INPUTS=$REPO/tests/programs/inputs.py
CACHE=$PROGRAMS/.fetched

apt_wasm_c="clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32"
apt_wasm_cxx="$apt_wasm_c libc++-19-dev-wasm32 libc++abi-19-dev-wasm32"

# clang runs any wasm-opt it finds after linking, so that what it writes depends on the machine;
# first on PATH stands one that leaves the file alone.
wasm_clang() { # COMPILER ARGS...
  mkdir -p "$CACHE/bin"
  if [ ! -x "$CACHE/bin/wasm-opt" ]; then
    printf '#!/bin/sh\nexit 0\n' > "$CACHE/bin/wasm-opt.$BASHPID"
    chmod +x "$CACHE/bin/wasm-opt.$BASHPID"
    mv "$CACHE/bin/wasm-opt.$BASHPID" "$CACHE/bin/wasm-opt"
  fi
  local compiler=$1
  shift
  PATH=$CACHE/bin:$PATH "$compiler" --target=wasm32-wasi -O2 "$@"
}
wasm_cc() { wasm_clang clang-19 "$@"; }
wasm_cxx() { wasm_clang clang++-19 "$@"; }
native_cc() { clang-19 -O3 "$@"; }
native_cxx() { clang++-19 -O3 "$@"; }

# Definitions and libraries with which wasi-libc stands in for a few POSIX functions.
wasi_emulation="-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID
  -D_WASI_EMULATED_MMAN -lwasi-emulated-signal -lwasi-emulated-process-clocks
  -lwasi-emulated-getpid -lwasi-emulated-mman"

# Runs "$2 $3..." once for all recipes that ask for the same key: it fills a directory, whose path
# is printed. Recipes run side by side; a lock per key keeps one from seeing the other's half.
fetch_once() { # KEY FUNCTION ARGS...
  local dir=$CACHE/$1
  shift
  mkdir -p "$CACHE"
  (
    flock 9
    if [ ! -e "$dir/.complete" ]; then
      rm -rf "$dir"
      mkdir -p "$dir" && cd "$dir" && retry "$@" >&2 && touch .complete
    fi
  ) 9> "$dir.lock" || return 1
  echo "$dir"
}

retry() { # COMMAND ARGS... : registries are now and then away for a moment
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    sleep $((attempt * 3))
  done
  return 1
}

npm_pack() { npm pack --silent "$1" > name && tar xzf "$(tail -n 1 name)" && rm -f ./*.tgz; }
npm_install() { npm install --silent --ignore-scripts --no-audit --no-fund --prefix . "$@"; }
pip_install() { python3 -m pip --quiet install --no-deps --only-binary=:all: --target . "$1"; }

# Unpacked files of one npm package, without its dependencies: prints DIR (files in DIR/package).
npm_package() { fetch_once "npm-${1//\//-}-$2" npm_pack "$1@$2"; }
# npm packages installed together: prints DIR (files in DIR/node_modules).
npm_packages() { # KEY NAME@VERSION...
  local key=$1
  shift
  fetch_once "npm-$key-$(sha256sum <<< "$*" | cut -c1-12)" npm_install "$@"
}
# Files of a wheel, without its dependencies.
pip_package() { fetch_once "pip-$1-$2" pip_install "$1==$2"; }

# Upstream sources of a Debian source package, unpacked below the printed directory. The machine
# may have no deb-src lines: its own lines, turned into such ones, are used from aside, and its
# package lists stay as they are.
debian_source() { fetch_once "deb-$1" debian_unpack "$1"; }
debian_unpack() {
  local apt=$CACHE/apt
  (
    flock 9
    if [ ! -e "$apt/.complete" ]; then
      rm -rf "$apt"
      mkdir -p "$apt/parts" "$apt/lists/partial"
      local file
      for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] && sed -E 's/^Types:.*/Types: deb-src/' "$file" > "$apt/parts/${file##*/}"
      done
      for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] && sed -nE 's/^deb /deb-src /p' "$file" > "$apt/parts/${file##*/}"
      done
      apt_aside update && touch "$apt/.complete"
    fi
  ) 9> "$CACHE/apt.lock" || return 1
  apt_aside source --download-only "$1" || return 1
  local archive
  for archive in *.orig.tar.*; do
    case $archive in *.asc) ;; *) tar xf "$archive" ;; esac
  done
}
apt_aside() {
  local apt=$CACHE/apt
  apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/parts" \
    -o "Dir::State::lists=$apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root "$@"
}
