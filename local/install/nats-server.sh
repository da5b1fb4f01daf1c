#!/usr/bin/env bash
# Builds nats-server with Go.
#   nats-server.sh TOOLS_FOLDER     prints the binary
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/versions.sh"
. "$here/words.sh"

tools=$1
target=$tools/nats-server-$NATS_SERVER_VERSION
work=$tools/.nats-server.partial

# Go is often unpacked into a folder that no PATH names.
go_candidates() {
  command -v go || true
  ls -d /usr/local/go/bin/go /usr/lib/go-*/bin/go "${HOME:-/nonexistent}"/sdk/go*/bin/go \
    "${HOME:-/nonexistent}"/go/bin/go /opt/go*/bin/go /snap/bin/go 2>/dev/null | sort -Vr || true
}

find_go() {
  local binary
  while read -r binary; do
    version_reaches "$("$binary" env GOVERSION 2>/dev/null | sed 's/^go//')" "$GO_MIN" && { echo "$binary"; return 0; }
  done < <(go_candidates)
  return 1
}

require_go() {
  local package
  find_go && return 0
  if can_apt_install; then
    apt_refresh
    for package in golang-go $(apt-cache pkgnames golang-1. | grep -E '^golang-1\.[0-9]+-go$' | sort -Vr); do
      version_reaches "$(apt_candidate "$package")" "$GO_MIN" && apt_install "$package" && find_go && return 0
    done
  fi
  give_up "Go $GO_MIN or newer is missing (looked at PATH and /usr/local/go): install it, for example into /usr/local/go, then run the same command again."
}

build() {
  local go=$1
  home_is_writable || export GOPATH=$tools/.go GOCACHE=$tools/.go/cache
  GOBIN=$work CGO_ENABLED=0 timeout 900 "$go" install "github.com/nats-io/nats-server/v2@v$NATS_SERVER_VERSION" \
    >"$work/go.log" 2>&1 </dev/null && return 0
  tail -n 3 "$work/go.log" >&2
  give_up "nats-server could not be built with $go: see the lines above, then run the same command again."
}

if [ ! -x "$target/nats-server" ]; then
  go=$(require_go)
  say "building nats-server $NATS_SERVER_VERSION"
  rm -rf "$work" "$target"
  mkdir -p "$work"
  build "$go"
  rm -f "$work/go.log"
  chmod 755 "$work" "$work/nats-server"
  mv "$work" "$target"
fi
echo "$target/nats-server"
