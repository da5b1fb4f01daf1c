#!/bin/sh
# The operator's command on a server: `polytape` with the operator's accounts, passwords read from their files, and the
# settings that the last `make deploy` used, where the environment has no others.
#   deploy/polytape.sh doctor
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
export SECRETS_FOLDER="${POLYTAPE_SECRETS:-/var/lib/faasd/polytape/secrets}"
export POLYTAPE_HOME="${POLYTAPE_HOME:-$(dirname "$SECRETS_FOLDER")}"
deployed=${POLYTAPE_DEPLOYED:-$POLYTAPE_HOME/deployed.env}
[ ! -r "$deployed" ] || . "$deployed"
export POLYTAPE_STACK="${POLYTAPE_STACK:-$here/stack.yml}"
export OPENSEARCH_URL="${OPENSEARCH_URL:-https://10.62.0.1:9200}" OPENSEARCH_USER=keeper
export OPENSEARCH_PASSWORD_SECRET=opensearch-keeper-password
export NATS_URL="${NATS_URL:-nats://10.62.0.1:4222}" NATS_USER=operator NATS_PASSWORD_SECRET=nats-operator-password
export OPENFAAS_URL="${GATEWAY:-http://127.0.0.1:8080}"
exec node "$here/cli/dist/polytape.cjs" "$@"
