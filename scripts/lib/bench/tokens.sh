# shellcheck shell=bash
# `scripts/bench tokens`: POST /api/livekit/token beside the peers, beside a constant, and while others log in.
# Sourced by scripts/bench.
# The server has one core, the load the other. All servers run all the time; they are under load in turns, in short
# windows, because a machine's speed drifts.

token_path=/api/livekit/token
jwt_secret=0123456789abcdef0123456789abcdef
login='{"username":"bench","password":"a password for the bench"}'
connections=16
token_rows=(constant bare least urbania lookup express keyobject fastapi)

# bench_tokens ROUNDS
bench_tokens() {
  local round server seconds=2
  [ "$1" -gt 2 ] || seconds=1
  declare -gA pid=() port=() bearer=() user=() rps=() p50=() p99=() cpu=() paced=()
  token_servers
  for server in "${token_rows[@]}"; do answers "$server"; done
  for server in "${token_rows[@]}"; do forget_peak "$server"; done
  for ((round = 0; round <= $1; round++)); do
    for server in "${token_rows[@]}"; do
      window "$server" "$round" "$seconds"
    done
  done
  for server in urbania bare least express keyobject fastapi; do pace "$server" "$seconds"; done
  token_table "$1"
  beside_logins "$seconds"
  end_token_servers
}

# token_servers: starts all of them on the first core.
token_servers() {
  local next=$((api_port + 100))
  install_peers
  trap 'end_token_servers; clean_up' EXIT

  port[constant]=$((next + 1))
  started constant "$(constant_route)" "${port[constant]}"

  port[express]=$((next + 2)) port[keyobject]=$((next + 3)) port[fastapi]=$((next + 4)) port[bare]=$((next + 5))
  port[least]=$((next + 6))
  export JWT_SECRET=$jwt_secret NODE_ENV=production
  LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=$jwt_secret LIVEKIT_URL=ws://localhost:7880 \
    started bare "$(constant_route)" "${port[bare]}" mint
  LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=$jwt_secret LIVEKIT_URL=ws://localhost:7880 \
    started least "$(constant_route)" "${port[least]}" least
  PORT=${port[express]} started express node "$peers/express/server.mjs"
  PORT=${port[keyobject]} JWT_KEYOBJECT=1 started keyobject node "$peers/express/server.mjs"
  started fastapi "$peers/venv/bin/uvicorn" --app-dir "$peers/fastapi" app:app --port "${port[fastapi]}" \
    --no-access-log --log-level warning
  local peer
  for peer in bare least express keyobject fastapi; do
    user[$peer]=user123
    bearer[$peer]=$(python3 "$repo/benches/peers/mint.py" "$jwt_secret" user123)
  done
  user[constant]=user123 bearer[constant]=${bearer[express]}

  serve_urbania
  # The same process asked for a room that it has not looked up yet, each time.
  port[lookup]=${port[urbania]} pid[lookup]=${pid[urbania]} user[lookup]=${user[urbania]} bearer[lookup]=${bearer[urbania]}
}

# started NAME COMMAND…: in the background, on the first core.
started() {
  local name=$1
  shift
  taskset -c 0 "$@" >"$dir/$name.log" 2>&1 &
  pid[$name]=$!
}

# serve_urbania: with everything on, and users in SQLite. Only the limit is out of reach.
serve_urbania() {
  cat >"$dir/urbania.yaml" <<YAML
name: $name
services: {mongodb: {enabled: false}}
api:
  listen: '127.0.0.1:$api_port'
  limits: {tokens_per_minute: 100000000, tokens_per_minute_by_address: 100000000, logins_per_minute: 0}
YAML
  printf 'a password for the bench\n' | "$urbania" --project "$dir" --quiet user add bench --password-stdin
  port[urbania]=$api_port
  started urbania "$urbania" serve --project "$dir"
  within 10 curl -sf "http://127.0.0.1:$api_port/healthz" || die "urbania serve does not answer" "$(tail -n 3 "$dir/urbania.log")"
  bearer[urbania]=$(curl -sf -H 'Content-Type: application/json' \
    -d "$login" \
    "http://127.0.0.1:$api_port/api/auth/login" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  user[urbania]=$(curl -sf -H "Authorization: Bearer ${bearer[urbania]}" "http://127.0.0.1:$api_port/api/auth/me" |
    sed 's/.*"id":"\([^"]*\)".*/\1/')
}

# answers SERVER: it does the job before it is measured.
answers() {
  local url=http://127.0.0.1:${port[$1]}$token_path
  within 20 curl -sf -o /dev/null -X POST -H "Authorization: Bearer ${bearer[$1]}" -H 'Content-Type: application/json' \
    -d "{\"room_name\":\"my-room-0\",\"user_id\":\"${user[$1]}\",\"username\":\"John Doe\"}" "$url" ||
    die "$1 gives no token" "$(tail -n 3 "$dir/$1.log")"
  [[ $1 != express && $1 != keyobject && $1 != fastapi ]] ||
    (cd "$repo/benches/peers" && python3 -B check.py "${port[$1]}" >/dev/null) || die "$1 does not do the job"
}

# load SERVER SECONDS [PACE]: sets $requests $micros $half $most $errors.
load() {
  local rooms=1
  # More than any cache of rooms holds.
  [ "$1" != lookup ] || rooms=1000000
  read -r _ requests micros half most errors < <(
    BEARER=${bearer[$1]} USER_ID=${user[$1]} ROOMS=$rooms PACE=${3-0} taskset -c 1 \
      wrk -t1 -c$connections -d"$2" -s "$repo/benches/peers/load.lua" "http://127.0.0.1:${port[$1]}$token_path" |
      grep '^RESULT'
  )
  [ "$errors" -eq 0 ] || die "$1: $errors of $requests requests failed"
}

# window SERVER ROUND SECONDS: the first round warms up and is not counted.
window() {
  local before used
  before=$(ticks "${pid[$1]}")
  load "$1" "$3s"
  used=$(($(ticks "${pid[$1]}") - before))
  [ "$2" -gt 0 ] || return 0
  rps[$1]+=" $((requests * 1000000 / micros))"
  p50[$1]+=" $half" p99[$1]+=" $most"
  cpu[$1]+=" $((used * 100000000 / (clock_ticks * requests)))"
}

# pace SERVER SECONDS: the same load for everybody, far below what the slowest one can do.
pace() {
  load "$1" "$(($2 * 2))s" 40
  paced[$1]=$most
}

# beside_logins SECONDS: the paced load again, while others log in as fast as they are let: a hash takes all of
# a core, and there is one. Last of all, because of what it takes of memory.
beside_logins() {
  local url=http://127.0.0.1:$api_port/api/auth/login one logins failed wrk
  one=$(for _ in 1 2 3 4 5; do
    curl -sf -o /dev/null -w '%{time_total}\n' -H 'Content-Type: application/json' -d "$login" "$url"
  done | sort -n | awk 'NR == 3 { printf "%d", $1 * 1000000 }')
  LOGIN=$login taskset -c 1 wrk -t1 -c4 -d"$(($1 * 2 + 1))s" -s "$repo/benches/peers/login.lua" "$url" >"$dir/logins" &
  wrk=$!
  load urbania "$(($1 * 2))s" 40
  wait "$wrk"
  read -r _ logins _ _ _ failed < <(grep '^RESULT' "$dir/logins")
  [ "$failed" -eq 0 ] || die "$failed of $logins logins failed"
  awk -v p99="$most" -v one="$one" -v logins="$logins" 'BEGIN {
    printf "%-34s %8d µs   goal below a login alone, %d µs  %s (%d logins meanwhile)\n",
      "p99 at equal load, beside logins", p99, one, (p99 < one ? "met" : "MISSED"), logins }'
}

clock_ticks=$(getconf CLK_TCK)

# ticks PID: clock ticks that it and its threads have used.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# forget_peak SERVER: what a login took (a password's hash is made to need memory) is not what tokens take.
forget_peak() { echo 5 >"/proc/${pid[$1]}/clear_refs"; }

resident() { awk '/^VmHWM/ { printf "%.1f MiB", $2 / 1024 }' "/proc/$1/status"; }

middle() {
  # shellcheck disable=SC2086 # a list of numbers
  median $1
}

token_table() {
  local server what base ratio
  declare -A what=(
    [constant]="axum, a constant" [bare]="axum, jsonwebtoken alone"
    [least]="axum, prepared HMAC alone" [urbania]="urbania serve" [lookup]="urbania serve, room looked up"
    [express]="Express, string secret" [keyobject]="Express, prepared key" [fastapi]="FastAPI"
  )
  base=$(middle "${rps[constant]}")
  echo "$1 windows each, median; one core for the server, the other for the load; $connections connections"
  printf '%-30s %12s %7s %9s %9s %12s %12s %14s\n' SERVER "REQUESTS/S" RATIO P50 P99 "CPU/REQUEST" MEMORY "P99, 400/S"
  for server in "${token_rows[@]}"; do
    ratio=$(awk -v a="$(middle "${rps[$server]}")" -v b="$base" 'BEGIN { printf "%.3f", a / b }')
    printf '%-30s %12s %7s %6s µs %6s µs %9s µs %12s %14s\n' "${what[$server]}" "$(middle "${rps[$server]}")" "$ratio" \
      "$(middle "${p50[$server]}")" "$(middle "${p99[$server]}")" \
      "$(awk -v c="$(middle "${cpu[$server]}")" 'BEGIN { printf "%.1f", c / 100 }')" \
      "$(resident "${pid[$server]}")" "${paced[$server]:+${paced[$server]} µs}"
  done
  echo
  goal "urbania serve ÷ a constant" "$(middle "${rps[urbania]}")" "$base" 0.75
  goal "the same with a lookup in SQLite" "$(middle "${rps[lookup]}")" "$base" 0.5
  awk -v kib="$(awk '/^VmHWM/ { print $2 }' "/proc/${pid[urbania]}/status")" \
    'BEGIN { printf "%-34s %8.1f MiB  goal ≤ 25 MiB  %s\n", "memory under load", kib / 1024, (kib <= 25 * 1024 ? "met" : "MISSED") }'
  awk -v ours="${paced[urbania]}" -v express="${paced[keyobject]}" -v fastapi="${paced[fastapi]}" 'BEGIN {
    printf "%-34s %8d µs   goal below both peers  %s\n", "p99 at equal load", ours, (ours < express && ours < fastapi ? "met" : "MISSED") }'
}

# goal WHAT VALUE BASE LEAST
goal() {
  awk -v what="$1" -v a="$2" -v b="$3" -v least="$4" \
    'BEGIN { printf "%-34s %8.3f      goal ≥ %s  %s\n", what, a / b, least, (a / b >= least ? "met" : "MISSED") }'
}

end_token_servers() {
  local server
  for server in "${!pid[@]}"; do
    kill "${pid[$server]}" 2>/dev/null || continue
    wait "${pid[$server]}" 2>/dev/null || true
  done
}

# install_peers: their packages, in the cache; $peers is where.
install_peers() {
  need wrk=wrk curl=curl taskset=util-linux npm=npm >&2
  peers=$cache/peers
  mkdir -p "$peers/express" "$peers/fastapi"
  local lock=$repo/benches/peers/express/package-lock.json
  cp "$repo"/benches/peers/express/*.mjs "$peers/express/"
  cp "$repo/benches/peers/fastapi/app.py" "$peers/fastapi/"
  if ! cmp -s "$lock" "$peers/express/.of-lock"; then
    cp "$repo"/benches/peers/express/package*.json "$peers/express/"
    logged peers-npm npm ci --prefix "$peers/express" --ignore-scripts --no-audit --no-fund >&2 || die "cannot install the Express peer"
    cp "$lock" "$peers/express/.of-lock"
  fi
  if ! cmp -s "$repo/benches/peers/fastapi/requirements.txt" "$peers/fastapi/.of-requirements"; then
    need_venv
    python3 -m venv --clear "$peers/venv" || die "cannot make a Python environment"
    logged peers-pip "$peers/venv/bin/pip" install --quiet --disable-pip-version-check \
      -r "$repo/benches/peers/fastapi/requirements.txt" >&2 || die "cannot install the FastAPI peer"
    cp "$repo/benches/peers/fastapi/requirements.txt" "$peers/fastapi/.of-requirements"
  fi
}

# need_venv: Debian keeps it in a package of its own.
need_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null || need no-such-program=python3-venv; }

# constant_route: the program that answers a constant; its path.
constant_route() {
  local target=${CARGO_TARGET_DIR:-$cache/target}/constant
  cargo build --quiet --locked --profile "$profile" --manifest-path "$repo/benches/constant/Cargo.toml" --target-dir "$target" >&2
  echo "$target/$profile/constant"
}
