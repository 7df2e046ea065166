# shellcheck shell=bash
# `scripts/bench ports`. Sourced by scripts/bench.

# bench_ports ROUNDS: whole processes, so that all three pay for their own start.
bench_ports() {
  local runs=$(($1 * 20)) start check
  start=$(mean "$urbania --version")
  check=$(mean "$urbania --project $dir --quiet ports")
  row FIGURE TIME "" "" GOAL ""
  row "urbania ports, 10,004 ports" "$(milliseconds "$check")" "" "" "" ""
  row "  without the process's own start" "$(milliseconds $((check - start)))" "" "" "≤ 2 ms" \
    "$(verdict $((check - start)) 2000)"
  row "lsof -nP -i :7880 (one port)" "$(milliseconds "$(mean 'lsof -nP -i :7880')")" "" "" "" ""
  row "ss -ltnup" "$(milliseconds "$(mean 'ss -ltnup')")" "" "" "" ""
  say "inside the process, with other sockets and processes around"
  cargo bench --quiet --locked --profile "$profile" --manifest-path "$repo/Cargo.toml" --bench ports
}
