#!/usr/bin/env bash
# Removes what the checkout's programs made: bundles, data, installed tools and packages. Not while they run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/words.sh"
cd "$here/../.."

home=${POLYTAPE_HOME:-.polytape}
if [ -f local/dist/local.cjs ] && node local/dist/local.cjs status >/dev/null 2>&1; then
  give_up "the stack runs: stop it with make down, then run make clean again."
fi
# Where the servers' files went if their user could not enter the home (see local/README.md).
if [ -d "$home" ]; then
  rm -rf "/var/lib/polytape/$(printf %s "$(cd "$home" && pwd -P)" | sha256sum | cut -c1-12)"
fi
rm -rf "$home" "${POLYTAPE_TOOLS:-.tools}"
find . -name node_modules -prune -o -type d -name dist -prune -print0 | xargs -0 -r rm -rf
rm -rf node_modules bench/out
