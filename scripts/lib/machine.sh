# shellcheck shell=bash
# What every script here needs to know about this machine. Sourced, never run.

set -euo pipefail
shopt -s inherit_errexit

# shellcheck disable=SC2034 # used by the scripts that source this file
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/urbania
mkdir -p "$cache"

# Talk goes to stderr; stdout is for results.
say() { printf '%s\n' "$*" >&2; }

die() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf 'hint: %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: as it is for root, through sudo for others.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    die "\`$*\` needs root" "run the script as root, or install sudo"
  fi
}

# need PROGRAM=PACKAGE…: installs the Debian packages of the programs that are missing.
need() {
  local pair packages=()
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin have "${pair%%=*}" || packages+=("${pair#*=}")
  done
  [ ${#packages[@]} -eq 0 ] && return
  have apt-get || die "missing programs: ${packages[*]}" \
    "this script installs packages on Debian only; install them and run it again"
  say "installing ${packages[*]}"
  logged apt-update as_root apt-get update -q || die "cannot read the package lists"
  logged apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    "${packages[@]}" || die "cannot install ${packages[*]}"
}

# tool CRATE VERSION: a cargo subcommand, outside the user's own ~/.cargo/bin. Optimising them takes longer than
# they ever run.
tool() {
  "$cache/cargo/bin/$1" --version 2>/dev/null | grep -qw "$2" && return
  say "building $1 $2 (some minutes, once)"
  CARGO_TARGET_DIR=$cache/tools-target cargo install --quiet --locked --debug --root "$cache/cargo" --version "$2" "$1" ||
    die "cannot install $1 $2"
}

# logged LOG COMMAND…: keeps the output from the terminal unless the command fails.
logged() {
  local log=$cache/$1.log
  shift
  "$@" >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    say "the whole output is in $log"
    return 1
  }
}

# within SECONDS COMMAND…: polls until the command succeeds, every $poll seconds or every 0.1; fails at
# the deadline.
within() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep "${poll:-0.1}"
  done
}
