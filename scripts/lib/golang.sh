# shellcheck shell=bash
# A Go new enough for the LiveKit server. Sourced after machine.sh, never run.

go_version=1.26.8
go_minimum=1.26

# use_go: puts such a Go in front of PATH. Debian's is older, but it can fetch the right one, which the Go
# project publishes as a module like any other.
use_go() {
  export GOTOOLCHAIN=local GOFLAGS="-modcacherw -buildvcs=false"
  new_enough go && return
  local arch dir
  arch=$(dpkg --print-architecture)
  # shellcheck disable=SC2154 # set by machine.sh
  dir=$cache/go/pkg/mod/golang.org/toolchain@v0.0.1-go$go_version.linux-$arch
  if ! new_enough "$dir/bin/go"; then
    need go=golang-go
    say "fetching Go $go_version"
    # Elsewhere there could be a module, whose go.mod this would change.
    (cd "$cache" && GO111MODULE=on GOPATH=$cache/go logged go-toolchain \
      go mod download "golang.org/toolchain@v0.0.1-go$go_version.linux-$arch") ||
      die "cannot fetch Go $go_version" "install Go $go_minimum or newer and run the script again"
    # Modules carry no execute bits; old Go versions do not restore them.
    chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
  fi
  PATH=$dir/bin:$PATH
}

# new_enough GO: whether it runs and is at least the minimum.
new_enough() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  printf '%s\n' "$go_minimum" "${version#go}" | sort -CV
}
