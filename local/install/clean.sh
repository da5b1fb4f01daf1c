#!/usr/bin/env bash
# Removes what the checkout's programs made: data, bundles, installed tools and packages. Not while they run.
# In a home only what is ours goes; the folder itself only if nothing else is in it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/words.sh"
cd "$here/../.."

remove_home() {
  # Where the servers' files went if their user could not enter the home (see local/README.md).
  rm -rf "/var/lib/polytape/$(printf %s "$1" | sha256sum | cut -c1-12)"
  (cd "$1" && rm -rf opensearch nats secrets logs run simulator-epoch simulated-world.json)
  rmdir --ignore-fail-on-non-empty "$1"
}

if [ -f local/dist/local.cjs ]; then
  if node local/dist/local.cjs status >/dev/null 2>&1; then
    give_up "the stack runs: stop it with make down, then run make clean again."
  fi
  node local/dist/local.cjs homes | tac | while read -r home; do remove_home "$home"; done
elif [ -d .polytape ]; then
  remove_home "$(cd .polytape && pwd -P)"
fi
rm -rf "${POLYTAPE_TOOLS:-.tools}" node_modules bench/out
find . -type d -name dist -prune -exec rm -rf {} +
