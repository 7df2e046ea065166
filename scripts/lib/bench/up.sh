# shellcheck shell=bash
# `scripts/bench up`. Sourced by scripts/bench.

# bench_up ROUNDS: ours and the plain way take turns; the first turn warms up and is not counted.
bench_up() {
  local round ours_up=() ours_down=() plain_up=() plain_down=() memory=()
  mongo_password=$(sed -n 's|^MONGODB_URI=.*//urbania:\([^@]*\)@.*|\1|p' "$dir/.env")
  for ((round = 0; round <= $1; round++)); do
    timed "$urbania" --project "$dir" --quiet up
    [ "$round" -eq 0 ] || ours_up+=("$took")
    token=$("$urbania" --project "$dir" --quiet token create --room bench --identity bench)
    memory+=("$(api_memory)")
    timed "$urbania" --project "$dir" --quiet down
    [ "$round" -eq 0 ] || ours_down+=("$took")
    timed plain_up
    [ "$round" -eq 0 ] || plain_up+=("$took")
    timed plain_down
    [ "$round" -eq 0 ] || plain_down+=("$took")
  done

  echo "$1 rounds, median (smallest to largest); the engine's stop and start themselves differ from run to run"
  row FIGURE URBANIA "PLAIN DOCKER" OVERHEAD GOAL ""
  compare up "$(median "${ours_up[@]}")" "$(median "${plain_up[@]}")" 100 \
    "$(spread "${ours_up[@]}")" "$(spread "${plain_up[@]}")"
  compare down "$(median "${ours_down[@]}")" "$(median "${plain_down[@]}")" 50 \
    "$(spread "${ours_down[@]}")" "$(spread "${plain_down[@]}")"
  embedded_up "$1"
  start_time
  local kib
  kib=$(median "${memory[@]}")
  row "urbania serve, idle: memory" "$(awk -v k="$kib" 'BEGIN { printf "%.1f MiB", k / 1024 }')" "" "" "max. 15 MiB" \
    "$(verdict "$kib" $((15 * 1024)))"
}

# compare WHAT OURS PLAIN GOAL SPREAD SPREAD
compare() {
  local over=$(($2 - $3))
  row "urbania $1 ($5 ms)" "$(milliseconds "$2")" "$(milliseconds "$3") ($6)" "$(milliseconds "$over")" "max. $4 ms" \
    "$(verdict "$over" $(($4 * 1000)))"
}

# embedded_up ROUNDS: the same project where there is no Docker and nothing else either.
embedded_up() {
  local round up=() down=()
  for ((round = 0; round <= $1; round++)); do
    timed "$urbania" --project "$dir" --quiet up --engine embedded
    [ "$round" -eq 0 ] || up+=("$took")
    timed "$urbania" --project "$dir" --quiet down
    [ "$round" -eq 0 ] || down+=("$took")
  done
  local us
  us=$(median "${up[@]}")
  row "urbania up --engine embedded" "$(milliseconds "$us")" "($(spread "${up[@]}") ms)" "" "max. 500 ms" "$(verdict "$us" 500000)"
  row "urbania down" "$(milliseconds "$(median "${down[@]}")")" "($(spread "${down[@]}") ms)" "" "" ""
}

start_time() {
  local runs=200 us
  us=$(mean "$urbania --version")
  row "urbania --version" "$(milliseconds "$us")" "" "" "max. 5 ms" "$(verdict "$us" 5000)"
}

# api_memory: resident KiB of the API process.
api_memory() {
  local pid
  pid=$(grep -oE '"pid": *[0-9]+' "$dir/.urbania/api.pid" | grep -oE '[0-9]+')
  awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
}
