# shellcheck shell=bash
# The same containers driven by `docker` alone, with the same waits. Sourced by scripts/bench.
# Other than urbania's: each look is a shell's own connection, every 10 ms where urbania looks every 10 to
# 40 ms; `docker` is a process for each step.

plain_up() {
  local container=$name-plain-mongodb poll=0.01
  docker create --name "$container" -p "127.0.0.1:$mongo_port:27017" -v "$name-plain:/data/db" \
    -e MONGO_INITDB_ROOT_USERNAME=urbania -e MONGO_INITDB_ROOT_PASSWORD_FILE=/etc/urbania/mongo-password \
    mongo:8.0
  upload "$container" mongo-password "$mongo_password" --owner=999 --group=999 --mode=0400
  docker start "$container"
  within 30 mongo_answers || die "MongoDB in a container of its own does not answer"

  container=$name-plain-livekit
  docker create --name "$container" --network host livekit/livekit-server:v1.13.5 \
    --config /etc/urbania/livekit.yaml
  upload "$container" livekit.yaml "$(<"$dir/livekit.yaml")"
  docker start "$container"
  within 30 sfu_answers / || die "LiveKit in a container of its own does not answer"
  within 30 sfu_answers /rtc/validate || die "LiveKit in a container of its own refuses a token of the project"
}

plain_down() {
  local service
  for service in livekit mongodb; do
    docker stop "$name-plain-$service"
    docker rm --volumes "$name-plain-$service"
  done
}

plain_remove() {
  docker rm --force --volumes "$name-plain-livekit" "$name-plain-mongodb" >/dev/null 2>&1 || true
  docker volume rm --force "$name-plain" >/dev/null 2>&1 || true
}

# upload CONTAINER FILE TEXT TAR-OPTION…: puts /etc/urbania/FILE into a container.
upload() {
  local container=$1 file=$2 staged=$dir/upload
  mkdir -p "$staged/etc/urbania"
  printf '%s' "$3" >"$staged/etc/urbania/$file"
  shift 3
  tar -c -C "$staged" "$@" "etc/urbania/$file" | docker cp - "$container:/"
  rm -rf "$staged"
}

# shellcheck disable=SC2016 # `$db` is a field
# The first bytes of any answer to `hello`: docker-proxy accepts connections that nobody answers.
mongo_answers() {
  exec {socket}<>"/dev/tcp/127.0.0.1/$mongo_port" || return
  printf '\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00' >&"$socket"
  printf '\x1f\x00\x00\x00\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00' >&"$socket"
  read -r -t 1 -N 1 -u "$socket" _
  local answered=$?
  exec {socket}>&-
  return $answered
}

sfu_answers() {
  local status
  exec {socket}<>"/dev/tcp/127.0.0.1/$livekit_port" || return
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n' "$1" "$token" >&"$socket"
  read -r -t 1 -u "$socket" _ status _
  exec {socket}>&-
  [ "${status-}" = 200 ]
}
