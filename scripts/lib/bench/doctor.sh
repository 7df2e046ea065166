# shellcheck shell=bash
# `scripts/bench doctor`. Sourced by scripts/bench.

# bench_doctor ROUNDS: all checks beside a healthy stack; the first round warms up and is not counted.
bench_doctor() {
  local round all=()
  "$urbania" --project "$dir" --quiet up >/dev/null
  for ((round = 0; round <= $1; round++)); do
    timed "$urbania" --project "$dir" doctor
    [ "$round" -eq 0 ] || all+=("$took")
  done
  echo "$1 rounds, median (smallest to largest)"
  row FIGURE URBANIA "" "" GOAL ""
  row "urbania doctor ($(spread "${all[@]}") ms)" "$(milliseconds "$(median "${all[@]}")")" "" "" "max. 3000 ms" \
    "$(verdict "$(median "${all[@]}")" 3000000)"
  "$urbania" --project "$dir" --quiet down
}
