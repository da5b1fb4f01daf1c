#!/usr/bin/env bash
# Installs what the local profile runs, once; a second run finds it and takes no time.
#   install.sh TOOLS_FOLDER [SERVER_UID]
# SERVER_UID is the unprivileged user that the servers will run as (only when this is root).
# Progress goes to stderr; stdout gets `java=…`, `opensearch=…` and `nats_server=…`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/versions.sh"
. "$here/words.sh"
. "$here/java.sh"

umask 022
mkdir -p "$1" || give_up "the folder $1 cannot be made: set POLYTAPE_TOOLS to a folder that can be written to."
tools=$(cd "$1" && pwd)
SERVER_UID=${2:-}

# Two installations at once wait for each other; the lock ends with the process that holds it.
exec 9>"$tools/.lock"
flock -n 9 || { say "waiting for another installation in $tools"; flock -w 1800 9; }

java=$(require_java)

# Both at once: one waits for the network, the other for the processor.
answer=$(mktemp "$tools/.opensearch.XXXXXX")
trap 'rm -f "$answer"' EXIT
"$here/opensearch.sh" "$tools" "$java" >"$answer" &
failed=
nats_server=$("$here/nats-server.sh" "$tools") || failed=yes
wait $! || failed=yes
[ -z "$failed" ] || exit 1

echo "java=$java"
echo "opensearch=$(cat "$answer")"
echo "nats_server=$nats_server"
