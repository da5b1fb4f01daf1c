#!/usr/bin/env bash
# Makes sure that a Node that is new enough is on the PATH: everything else here is written for it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/versions.sh"
. "$here/words.sh"

node_is_new_enough() {
  command -v npm >/dev/null 2>&1 && version_reaches "$(node --version 2>/dev/null | sed 's/^v//')" "$NODE_MIN"
}

node_is_new_enough && exit 0
if can_apt_install; then
  apt_refresh
  version_reaches "$(apt_candidate nodejs)" "$NODE_MIN" && apt_install nodejs npm && node_is_new_enough && exit 0
fi
give_up "Node $NODE_MIN or newer with npm is missing: install it and put it on the PATH, then run the same command again."
