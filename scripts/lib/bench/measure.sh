# shellcheck shell=bash
# A project to measure with, times, and the table. Sourced by scripts/bench.

# build PROFILE: the binary, in $urbania.
build() {
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
  urbania=${URBANIA-}
  [ -z "$urbania" ] || return 0
  cargo build --quiet --profile "$1" --locked --manifest-path "$repo/Cargo.toml" --bin urbania
  urbania=$CARGO_TARGET_DIR/$1/urbania
}

# project: a fresh one in $dir on ports that are not the usual ones; removed at the end, however that comes.
project() {
  name=bench-$$
  dir=$(mktemp -d)
  trap clean_up EXIT
  free_ports
  cat >"$dir/urbania.yaml" <<EOF
name: $name
services: {mongodb: {port: $mongo_port}}
api: {listen: '127.0.0.1:$api_port'}
EOF
  cp "$dir/urbania.yaml" "$dir.yaml"
  "$urbania" --quiet init --force "$dir" >/dev/null
  mv "$dir.yaml" "$dir/urbania.yaml"
  sed -i "s/7880/$livekit_port/; s/7881/$rtc_port/; s/27017/$mongo_port/" "$dir/livekit.yaml" "$dir/.env"
}

clean_up() {
  plain_remove
  "$urbania" --project "$dir" --quiet down --volumes --yes >&2 || true
  rm -rf "$dir"
  trap - EXIT
}

# now: microseconds.
now() { printf '%s' "${EPOCHREALTIME/[.,]/}"; }

# timed COMMAND…: runs it and leaves its microseconds in $took.
timed() {
  local start
  start=$(now)
  "$@" >/dev/null
  took=$(($(now) - start))
}

# median NUMBER…
median() { printf '%s\n' "$@" | sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'; }

# spread NUMBER…: smallest to largest microseconds, in milliseconds.
spread() { printf '%s\n' "$@" | sort -n | awk 'NR == 1 { low = $1 } { high = $1 } END { printf "%.0f to %.0f", low / 1000, high / 1000 }'; }

milliseconds() { awk -v us="$1" 'BEGIN { printf "%.1f ms", us / 1000 }'; }

# mean COMMAND: microseconds of one run, by hyperfine, without a shell.
mean() {
  local json
  json=$(mktemp)
  hyperfine -N --ignore-failure --warmup 5 --runs "$runs" --export-json "$json" "$1" >/dev/null 2>&1
  awk '/"mean"/ { printf "%d", $2 * 1000000 }' "$json"
  rm -f "$json"
}

# row FIGURE VALUE BESIDE OVER GOAL VERDICT
row() { printf '%-36s %-12s %-28s %-12s %-12s %s\n' "$@"; }

# verdict VALUE GOAL
verdict() { if [ "$1" -le "$2" ]; then echo met; else echo MISSED; fi; }
