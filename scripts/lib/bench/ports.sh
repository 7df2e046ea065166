# shellcheck shell=bash
# `scripts/bench ports`. Sourced by scripts/bench.

# bench_ports ROUNDS: whole commands first, then the check that `urbania up` makes, inside one process.
bench_ports() {
  local runs=$(($1 * 20))
  row "WHOLE COMMAND" TIME "" "" "" ""
  # It also reads the project and asks the engine which ports its containers publish.
  row "urbania ports, 10,005 ports" "$(milliseconds "$(mean "$urbania --project $dir --quiet ports")")" "" "" "" ""
  row "lsof -nP -i :7880 (one port)" "$(milliseconds "$(mean 'lsof -nP -i :7880')")" "" "" "" ""
  row "ss -ltnup" "$(milliseconds "$(mean 'ss -ltnup')")" "" "" "" ""
  echo
  cargo bench --quiet --locked --profile "$compiled" --manifest-path "$repo/Cargo.toml" --bench ports
}
