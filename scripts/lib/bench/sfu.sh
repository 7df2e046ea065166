# shellcheck shell=bash
# `scripts/bench sfu`: the embedded SFU and LiveKit's server, with one config, in turns, under the calls of one and the
# same lab. Sourced by scripts/bench.
# A machine's speed drifts: within a round both carry the same calls one right after the other, and what is compared is
# the median of all rounds.

# bench_sfu ROUNDS: half as many, for a round takes a minute and a half; the first one warms up and is not counted.
bench_sfu() {
  local round server size sizes=(3 6) rounds=$((($1 + 1) / 2)) first=0 starts=5
  settling=4 window=10
  if [ "$1" -le 2 ]; then
    sizes=(3) first=1 starts=3 settling=2 window=4
  fi
  declare -gA sfu=()
  read -r livekit_server < <("$here/engine" --programs)
  sfu_files
  for ((round = first; round <= rounds; round++)); do
    for server in embedded livekit; do
      sfu_starts "$server" "$starts"
      for size in "${sizes[@]}"; do sfu_call "$server" "$size"; done
      end_sfu
    done
    # What was measured so far warmed up.
    [ "$round" -gt 0 ] || sfu=()
  done
  sfu_table "$rounds"
}

# sfu_files: the config of both, and the call. Small pictures, so that it is not the browsers that need the machine.
sfu_files() {
  sfu_secret=$(head -c 24 /dev/urandom | base64)
  (umask 077 && cat >"$dir/sfu.yaml") <<YAML
port: $livekit_port
bind_addresses: [127.0.0.1]
keys: {APIbench: '$sfu_secret'}
rtc: {tcp_port: $rtc_port, udp_port: $mongo_port, node_ip: 127.0.0.1, enable_loopback_candidate: true}
YAML
  cat >"$dir/call.yaml" <<YAML
name: bench
seconds: $((settling + window + 2))
roles: [{count: 3, grows: true}]
picture: {width: 320, height: 180, fps: 15}
YAML
}

# sfu_starts SERVER TIMES: starts it so often, each time until it answers; the last one stays.
sfu_starts() {
  local time start program=("$urbania" sfu)
  [ "$1" = embedded ] || program=("$livekit_server")
  for ((time = 1; time <= $2; time++)); do
    end_sfu
    start=$(now)
    "${program[@]}" --config "$dir/sfu.yaml" >"$dir/sfu-$1.log" 2>&1 &
    sfu_pid=$!
    trap 'end_sfu; clean_up' EXIT
    poll=0.002 within 20 sfu_is_up || die "the $1 SFU does not answer" "$(tail -n 3 "$dir/sfu-$1.log")"
    note "$1" ready $(($(now) - start))
  done
  sleep 1
  note "$1" idle "$(resident_now)"
}

sfu_is_up() {
  local status
  exec {socket}<>"/dev/tcp/127.0.0.1/$livekit_port" || return
  printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&"$socket"
  read -r -t 1 -u "$socket" _ status _
  exec {socket}>&-
  [ "${status-}" = 200 ]
}

end_sfu() {
  [ -n "${sfu_pid-}" ] || return 0
  # LiveKit waits for participants at the first signal; the calls are over.
  kill -KILL "$sfu_pid" 2>/dev/null || true
  wait "$sfu_pid" 2>/dev/null || true
  sfu_pid=
  trap clean_up EXIT
}

# sfu_call SERVER SIZE: a call; what the server needs for it is counted when it has settled.
sfu_call() {
  local call before start log=$dir/call.log
  LIVEKIT_API_KEY=APIbench LIVEKIT_API_SECRET=$sfu_secret "$urbania" call "$dir/call.yaml" --participants "$2" \
    --url "ws://127.0.0.1:$livekit_port" -o json >"$dir/call.json" 2>"$log" &
  call=$!
  within 60 all_joined "$2" "$log" || die "$2 participants do not get into a call on the $1 SFU" "$(tail -n 3 "$log")"
  sleep "$settling"
  before=$(ticks "$sfu_pid") start=$(now)
  sleep "$window"
  note "$1" "cpu$2" $((($(ticks "$sfu_pid") - before) * 1000000000 / clock_ticks / ($(now) - start)))
  note "$1" "memory$2" "$(resident_now)"
  # A busy machine may make a call worse than the lab wants it: that is said, and counted all the same.
  wait "$call" || note "$1" "faults$2" 1
  sfu_lab "$1" "$2" || say "somebody saw nobody in a call on the $1 SFU: $(tail -n 1 "$log")"
}

all_joined() { [ "$(grep -c ' has joined in ' "$2")" -eq "$1" ]; }

# sfu_lab SERVER SIZE: what the browsers have measured: microseconds, kilobits, frames a hundred seconds, packets lost
# of a million.
sfu_lab() {
  local join frame kbps fps lost
  read -r join frame kbps fps lost < <(python3 "$repo/scripts/lib/bench/call_figures.py" "$dir/call.json") || return
  note "$1" "join$2" "$join"
  note "$1" "frame$2" "$frame"
  note "$1" "kbps$2" "$kbps"
  note "$1" "fps$2" "$fps"
  note "$1" "lost$2" "$lost"
}

# note SERVER FIGURE NUMBER
note() { sfu[$1.$2]+=" $3"; }

resident_now() { awk '/^VmRSS/ { print $2 }' "/proc/$sfu_pid/status"; }

# sfu_table ROUNDS
sfu_table() {
  local size
  echo "$1 rounds in turns, median; pictures of 320 × 180, 15 a second, and sound"
  sfu_row FIGURE EMBEDDED LIVEKIT RATIO GOAL "" "SMALLEST TO LARGEST"
  beside "start until it answers" ready 1000 1 ms 0.5
  beside "memory without a call" idle 1024 1 MiB 0.4
  for size in "${sizes[@]}"; do
    beside "$size participants: connect()" "join$size" 1000 0 ms 1.0
    beside "$size participants: first frame" "frame$size" 1000 0 ms 1.0
    beside "$size participants: CPU of one core" "cpu$size" 10 1 % 1.0
    beside "$size participants: memory" "memory$size" 1024 1 MiB 0.4
    # Nobody wins who sends less.
    beside "$size participants: sent to all" "kbps$size" 1 0 kbit/s
    beside "$size participants: pictures/s" "fps$size" 100 1 ""
    beside "$size participants: packets lost" "lost$size" 10000 3 %
    faults "$size"
  done
}

# beside WHAT FIGURE DIVISOR DIGITS UNIT [GOAL]
beside() {
  local ours=${sfu[embedded.$2]} theirs=${sfu[livekit.$2]} unit=${5:+ $5} ratio
  ratio=$(awk -v a="$(middle "$ours")" -v b="$(middle "$theirs")" 'BEGIN { if (b > 0) printf "%.2f", a / b }')
  sfu_row "$1" "$(scaled "$3" "$4" "$(middle "$ours")")$unit" "$(scaled "$3" "$4" "$(middle "$theirs")")$unit" "$ratio" \
    "${6:+max. $6}" "${6:+$(awk -v r="$ratio" -v g="$6" 'BEGIN { print (r <= g ? "met" : "MISSED") }')}" \
    "$(scaled "$3" "$4" "$ours"); $(scaled "$3" "$4" "$theirs")"
}

# scaled DIVISOR DIGITS NUMBERS: one of them, or the smallest and the largest.
scaled() {
  # shellcheck disable=SC2086 # a list of numbers
  printf '%s\n' $3 | sort -n | awk -v d="$1" -v digits="$2" 'NR == 1 { low = $1 } { high = $1 }
    END { printf NR == 1 ? "%.*f" : "%.*f to %.*f", digits, low / d, digits, high / d }'
}

# faults SIZE: calls that the lab did not take for good.
faults() {
  local server count
  for server in embedded livekit; do
    count=$(wc -w <<<"${sfu[$server.faults$1]-}")
    [ "$count" -eq 0 ] || echo "$1 participants, $server: the lab found a fault in $count of the calls"
  done
}

# sfu_row FIGURE EMBEDDED LIVEKIT RATIO GOAL VERDICT RANGES
sfu_row() { printf '%-34s %-12s %-12s %-6s %-9s %-7s %s\n' "$@"; }
