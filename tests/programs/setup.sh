#!/usr/bin/env bash
# Prepares the guest programs that tests and measurements run: fetches them by package name or
# compiles them, with their inputs, into $NACRE_PROGRAMS_DIR (build/programs). Nothing of it is
# committed. Installs the Debian packages that this needs and the machine lacks (root or sudo).
# A program that was prepared by the same recipe is left alone.
#
#   tests/programs/setup.sh [--native] [NAME...]     all programs if none is named
#   --native   also build, for this machine, those that ./dev bench compares with
set -u
REPO=$(cd "$(dirname "$0")/../.." && pwd)
PROGRAMS=${NACRE_PROGRAMS_DIR:-$REPO/build/programs}
TESTS=$REPO/tests/programs
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
export npm_config_update_notifier=false PIP_DISABLE_PIP_VERSION_CHECK=1

native=
names=()
for argument in "$@"; do
  case $argument in
    --native) native=yes ;;
    -*) echo "setup.sh: unknown option $argument; it takes [--native] [NAME...]" >&2; exit 2 ;;
    *) names+=("$argument") ;;
  esac
done
if [ ${#names[@]} -eq 0 ]; then
  for recipe in "$TESTS"/*/recipe.sh; do names+=("$(basename "$(dirname "$recipe")")"); done
fi
for name in "${names[@]}"; do
  if [ ! -f "$TESTS/$name/recipe.sh" ]; then
    echo "setup.sh: no program is called '$name'; there are: $(cd "$TESTS" && echo */ | tr -d /)" >&2
    exit 2
  fi
done
mkdir -p "$PROGRAMS"
PROGRAMS=$(cd "$PROGRAMS" && pwd)
. "$TESTS/lib.sh"

# Everything that decides what a recipe makes: itself and the files it says it reads.
key_of() { # NAME KIND
  (
    . "$TESTS/$1/recipe.sh"
    cd "$REPO" || exit 1
    echo "$2"
    find "tests/programs/$1/recipe.sh" tests/programs/lib.sh tests/programs/inputs.py \
      ${sources:-} -type f | sort | xargs sha256sum
  ) | sha256sum | cut -d' ' -f1
}
out_of() { [ "$2" = native ] && echo "$PROGRAMS/native/$1" || echo "$PROGRAMS/$1"; }
has_native() { (. "$TESTS/$1/recipe.sh"; declare -F build_native > /dev/null); }

work=() # NAME:KIND of what is not there yet
for name in "${names[@]}"; do
  for kind in guest ${native:+native}; do
    [ "$kind" = native ] && ! has_native "$name" && continue
    stamp=$(out_of "$name" "$kind")/.stamp
    [ "$(cat "$stamp" 2> /dev/null)" = "$(key_of "$name" "$kind")" ] || work+=("$name:$kind")
  done
done
if [ ${#work[@]} -eq 0 ]; then
  echo "programs: all ${#names[@]} are ready in $PROGRAMS"
  exit 0
fi

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -E "$@"; fi; }
missing=()
for package in $(for item in "${work[@]}"; do
  (
    . "$TESTS/${item%:*}/recipe.sh"
    echo "python3 ${apt_packages:-}"
    [ "${item#*:}" = native ] && echo "${apt_native:-}"
  )
done | tr ' ' '\n' | sort -u); do
  status=$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null)
  case $status in *' installed') continue ;; esac
  # npm and pip also come from elsewhere than Debian, and are then used as they are.
  case $package in
    npm) command -v npm > /dev/null && continue ;;
    python3-pip) python3 -m pip --version > /dev/null 2>&1 && continue ;;
    python3) command -v python3 > /dev/null && continue ;;
  esac
  missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "programs: installing ${missing[*]}"
  install() { as_root apt-get install -qq -y --no-install-recommends "${missing[@]}" > "$PROGRAMS/apt.log" 2>&1; }
  if ! install && ! { as_root apt-get update -qq && install; }; then
    tail -n 20 "$PROGRAMS/apt.log" >&2
    echo "setup.sh: apt-get could not install ${missing[*]} (whole output: $PROGRAMS/apt.log)" >&2
    exit 1
  fi
fi

prepare() { # NAME KIND
  local name=$1 kind=$2 out key start=$SECONDS
  out=$(out_of "$name" "$kind")
  key=$(key_of "$name" "$kind")
  local log=$PROGRAMS/$name.$kind.log
  rm -rf "$out" "$out.new" "$out.scratch"
  mkdir -p "$out.new" "$out.scratch"
  (
    set -eu
    OUT=$out.new HERE=$TESTS/$name
    . "$HERE/recipe.sh"
    cd "$out.scratch"
    if [ "$kind" = native ]; then build_native; else build; fi
  ) > "$log" 2>&1 < /dev/null
  local status=$?
  rm -rf "$out.scratch"
  if [ $status -ne 0 ]; then
    rm -rf "$out.new"
    echo "programs: $name ($kind) FAILED; the end of $log:"
    tail -n 15 "$log" | sed 's/^/    /'
    return 1
  fi
  echo "$key" > "$out.new/.stamp"
  mv "$out.new" "$out"
  echo "programs: $name ($kind) ready after $((SECONDS - start)) s"
}

failed=0
running=0
for item in "${work[@]}"; do
  if [ $running -ge "$(nproc)" ]; then
    wait -n || failed=$((failed + 1))
    running=$((running - 1))
  fi
  prepare "${item%:*}" "${item#*:}" &
  running=$((running + 1))
done
while [ $running -gt 0 ]; do
  wait -n || failed=$((failed + 1))
  running=$((running - 1))
done
if [ $failed -gt 0 ]; then
  echo "setup.sh: $failed of ${#work[@]} could not be prepared" >&2
  exit 1
fi
echo "programs: ${#work[@]} prepared in $PROGRAMS"
