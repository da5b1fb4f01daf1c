#!/usr/bin/env bash
# Builds the bundle of every workspace that has a tsup.config.ts, two at a time; what is up to date is left alone.
# A bundle is older than its sources when a source file, or a folder that lost one, is newer than its stamp.
set -euo pipefail
cd "$(dirname "$0")/../.."
stamps=node_modules/.cache/polytape
mkdir -p "$stamps"

# Whatever ends up in bundles of others.
packages_changed() {
  find packages tsup.preset.ts package-lock.json -name node_modules -prune -o -name '*.test.ts' -prune -o -newer "$1" -print -quit
}

own_changed() {
  find "$1" \( -name node_modules -o -name dist -o -name '*.test.ts' -o -name '*.md' \) -prune -o \
    \( -type f -o ! -path "$1" -type d \) -newer "$2" -print -quit
}

# Sources of other workspaces that this one bundles beside packages/: whatever its package.json names.
neighbours() {
  local name
  for name in polymarket-simulator local nats opensearch functions/*; do
    [ "$name" != "$1" ] && grep -q "\"@polytape/${name##*/}\"" "$1/package.json" && echo "$name"
  done
  return 0
}

needs_build() {
  local workspace=$1 stamp=$2 each
  [ -f "$stamp" ] && [ -d "$workspace/dist" ] || return 0
  [ -n "$(packages_changed "$stamp")" ] && return 0
  for each in "$workspace" $(neighbours "$workspace"); do
    [ -n "$(own_changed "$each" "$stamp")" ] && return 0
  done
  return 1
}

build_one() {
  local workspace=$1 stamp log
  stamp=$stamps/${workspace//\//-}
  needs_build "$workspace" "$stamp" || return 0
  touch "$stamp.new"
  log=$stamp.log
  if (cd "$workspace" && ../"$(root_of "$workspace")"node_modules/.bin/tsup) >"$log" 2>&1; then
    mv "$stamp.new" "$stamp"
    echo "built $workspace"
  else
    cat "$log" >&2
    echo "could not build $workspace" >&2
    return 1
  fi
}

root_of() { case $1 in */*) echo "../" ;; esac; }

export -f packages_changed own_changed neighbours needs_build build_one root_of
export stamps
git ls-files --cached --others --exclude-standard '*tsup.config.ts' 2>/dev/null | grep . >"$stamps/.list" ||
  find . -name tsup.config.ts -not -path '*/node_modules/*' | sed 's#^\./##' >"$stamps/.list"
xargs -r -P 2 -I{} bash -c 'set -euo pipefail; build_one "$(dirname {})"' <"$stamps/.list"
