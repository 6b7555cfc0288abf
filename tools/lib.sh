# Shared by ./dev and the scripts it calls: saying what happens, installing what is missing, adding up results.
# Sourced, from the root of the repository.
# shellcheck shell=bash

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
jobs() { echo "${NACRE_JOBS:-$(nproc)}"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    fail "this needs root: run as root, install sudo, or run yourself: $*"
  fi
}

# need PACKAGE...: installs those Debian packages that are not there. PACKAGE?COMMAND: not needed if COMMAND is on
# PATH, wherever it came from. Asks no network if nothing is missing.
need() {
  local word package missing=()
  for word in "$@"; do
    package=${word%%\?*}
    [ "$word" != "$package" ] && command -v "${word#*\?}" > /dev/null && continue
    if ! command -v dpkg-query > /dev/null; then
      missing+=("$package")
    elif [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get > /dev/null; then
    printf 'warning: this is no Debian: install by yourself what it calls %s\n' "${missing[*]}" >&2
    return 0
  fi
  say "installing ${missing[*]}"
  if ! apt_get install "${missing[@]}"; then
    # No package lists yet, as on a fresh machine, or old ones that name versions which are gone.
    if ! { apt_get update && apt_get install "${missing[@]}"; }; then
      fail "apt-get could not install ${missing[*]}; its messages are above"
    fi
  fi
}

apt_get() {
  local command=$1 log
  shift
  log=$(mktemp)
  if as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -y -qq \
    --no-install-recommends "$command" "$@" < /dev/null > "$log" 2>&1; then
    rm -f "$log"
  else
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
}

# run_group NAME COMMAND...: runs a group of tests whose last line is `N passed, N failed, N skipped` (a command
# without that line counts as one test), shows its output and its time, and adds the counts to total_*. A group that
# exits non-zero without a failed test counts one more failure. Never stops the caller. With GROUP_IS_ONE=1 a group
# counts as one test, however many it has.
total_passed=0 total_failed=0 total_skipped=0 failed_groups=()
run_group() {
  local name=$1 log code=0 began=$SECONDS counts passed failed skipped
  shift
  say "$name: $*"
  log=$(mktemp)
  "$@" < /dev/null 2>&1 | tee "$log" | sed -u -E '/^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$/d' ||
    code=${PIPESTATUS[0]}
  counts=$(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log" | tail -n 1)
  rm -f "$log"
  if [ -n "$counts" ] && [ -z "${GROUP_IS_ONE:-}" ]; then
    read -r passed failed skipped <<< "$counts"
    [ "$code" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  else
    passed=$((code == 0)) failed=$((code != 0)) skipped=0
  fi
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  total_skipped=$((total_skipped + skipped))
  [ "$failed" -eq 0 ] || failed_groups+=("$name")
  echo "-- $name: $passed passed, $failed failed, $skipped skipped ($((SECONDS - began)) s)"
}

# The last line of a run, and its exit code.
print_totals() {
  [ ${#failed_groups[@]} -eq 0 ] || printf '\nfailed: %s\n' "${failed_groups[*]}"
  echo
  echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
  [ "$total_failed" -eq 0 ]
}
