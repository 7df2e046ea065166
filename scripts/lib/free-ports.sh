# shellcheck shell=bash
# Ports to measure on. Sourced, never run.

# free_ports: four in a row that nobody listens on, so that two measurements can run side by side.
free_ports() {
  local first
  for ((first = 18000 + $$ % 250 * 4; ; first += 4)); do
    [ -n "$(ss -Hltn "sport >= :$first and sport < :$((first + 4))")" ] || break
  done
  # shellcheck disable=SC2034 # used by the scripts that source this file
  livekit_port=$first rtc_port=$((first + 1)) mongo_port=$((first + 2)) api_port=$((first + 3))
}
