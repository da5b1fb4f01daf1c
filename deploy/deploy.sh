#!/usr/bin/env bash
# Brings a deployment to what this checkout says: images, index templates and migrations, streams and schedules,
# secrets, functions, then a look from outside. In this order, because a function may ask for anything before it. May
# be run again at any moment; stops at the first step that fails and says what to do. Settings come from the
# environment (deploy/README.md lists them); passwords come from files and are handed on as files.
set -uo pipefail
cd "$(dirname "$0")/.."

: "${GATEWAY:?the address of the gateway, such as http://127.0.0.1:8080}"
GATEWAY=${GATEWAY%/}
secrets=${POLYTAPE_SECRETS:-/var/lib/faasd/polytape/secrets}
# As functions reach them, and the host as well: the bridge of faasd.
export OPENSEARCH_URL=${OPENSEARCH_URL:-https://10.62.0.1:9200}
export NATS_URL=${NATS_URL:-nats://10.62.0.1:4222}
export IMAGE_PREFIX=${IMAGE_PREFIX:-polytape}
export IMAGE_TAG=${IMAGE_TAG:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo latest)}
check_within=${DEPLOY_CHECK_SECONDS:-90}
# A password in the environment would win over its file, and everybody could read it there.
unset OPENSEARCH_PASSWORD OPENSEARCH_CA NATS_PASSWORD BASIC_AUTH_PASSWORD OPENSEARCH_USER NATS_USER

log=$(mktemp)
answer=$(mktemp)
trap 'rm -f "$log" "$answer"' EXIT
step=0
steps=6

say() { printf '[%d/%d] %s\n' "$step" "$steps" "$1"; }
stop() {
  tail -n 15 "$log" >&2
  printf '[%d/%d] %s failed. %s\n' "$step" "$steps" "$1" "$2" >&2
  exit 1
}
# begin WHAT: from here on a failure belongs to it.
begin() { step=$((step + 1)); : >"$log"; }

# as ROLE COMMAND…: the users of a role, and which secrets hold their passwords. The table of deploy/README.md.
as() {
  local opensearch nats
  case $1 in
    ingest) opensearch=ingest nats=ingest ;;
    query) opensearch=query nats=query ;;
    # The operator's programs; enforce-retention, of the same role, has no NATS.
    keeper) opensearch=keeper nats=operator ;;
    *) echo "stack.yml names a role that nobody has: $1" >&2; return 1 ;;
  esac
  shift
  OPENSEARCH_USER=$opensearch OPENSEARCH_PASSWORD_SECRET=opensearch-$opensearch-password \
    NATS_USER=$nats NATS_PASSWORD_SECRET=nats-$nats-password SECRETS_FOLDER=$secrets "$@"
}

# role<TAB>function, of stack.yml
roles() {
  awk '/^functions:/ { inside = 1; next } /^[^ #]/ { inside = 0 }
    inside && /^  [a-z0-9-]+:/ { name = $1; sub(":", "", name) }
    inside && $1 == "polytape.role:" { print $2 "\t" name }' stack.yml
}

functions_of() { roles | awk -F '\t' -v role="$1" '$1 == role { print $2 }' | paste -sd '|' -; }

for tool in faas-cli node curl; do
  command -v "$tool" >/dev/null || { echo "make deploy needs $tool on the PATH" >&2; exit 2; }
done
[ -r "$secrets/opensearch-ca" ] || {
  echo "no secrets in $secrets: run deploy/make-secrets.sh, or name their folder in POLYTAPE_SECRETS" >&2
  exit 2
}
faas-cli list --gateway "$GATEWAY" >"$log" 2>&1 || {
  tail -n 5 "$log" >&2
  echo "the gateway $GATEWAY does not answer or does not know you: faas-cli login --password-stdin --gateway $GATEWAY" >&2
  exit 2
}

begin
if [ "${IMAGES:-build}" = ready ]; then
  say "images: taken as they are, tag $IMAGE_TAG"
else
  { [ -d template/node20 ] || faas-cli template pull stack -f stack.yml; } >>"$log" 2>&1 ||
    stop images "The template could not be fetched: is the network open?"
  for file in stack.yml deploy/images.yml; do
    faas-cli build -f "$file" >>"$log" 2>&1 || stop images "Docker must run where images are built; IMAGES=ready takes what was pushed before."
    faas-cli push -f "$file" >>"$log" 2>&1 || stop images "Log in to the registry of IMAGE_PREFIX=$IMAGE_PREFIX (docker login)."
  done
  say "images: built and pushed, tag $IMAGE_TAG"
fi

begin
as keeper node opensearch/dist/apply.cjs >>"$log" 2>&1 ||
  stop opensearch "Is OpenSearch up at $OPENSEARCH_URL, and are its users those of $secrets? A migration that failed left what was there."
say "opensearch: $(tail -n 1 "$log" | sed 's/^[^ ]* info opensearch-apply //')"

begin
as keeper node nats/dist/apply.cjs >>"$log" 2>&1 ||
  stop nats "Is nats-server up at $NATS_URL, and are its users those of $secrets?"
say "nats: $(tail -n 1 "$log" | sed 's/^[^ ]* info nats-apply //')"

begin
known=$(faas-cli secret list --gateway "$GATEWAY" 2>>"$log") || stop secrets "The gateway did not list its secrets."
created=0
updated=0
for name in opensearch-ca opensearch-ingest-password opensearch-query-password opensearch-keeper-password \
  nats-ingest-password nats-query-password; do
  if printf '%s\n' "$known" | awk '{ print $1 }' | grep -qx "$name"; then
    verb=update updated=$((updated + 1))
  else
    verb=create created=$((created + 1))
  fi
  faas-cli secret "$verb" "$name" --from-file="$secrets/$name" --gateway "$GATEWAY" >>"$log" 2>&1 ||
    stop secrets "The secret $name was not taken."
done
say "secrets: $created created, $updated updated"

begin
for role in $(roles | cut -f1 | sort -u); do
  names=$(functions_of "$role")
  as "$role" faas-cli deploy -f stack.yml --gateway "$GATEWAY" --regex "^($names)\$" >>"$log" 2>&1 ||
    stop functions "Of the role $role ($names). What was deployed before it stays; run again when the reason is gone."
done
say "functions: $(roles | wc -l | tr -d ' ') deployed, as $(roles | cut -f1 | sort -u | paste -sd, -)"

begin
api=$GATEWAY/function/query-api
deadline=$((SECONDS + check_within))
until curl -fsS -m 10 -o "$answer" "$api/health" 2>>"$log"; do
  [ "$SECONDS" -lt "$deadline" ] || stop check "$api/health is not 200 after $check_within s: faas-cli logs query-api --gateway $GATEWAY"
  sleep 1
done
made=
key=${POLYTAPE_API_KEY:-}
if [ -z "$key" ]; then
  key=$(as keeper node cli/dist/polytape.cjs keys create --plan weekly --label deploy-check 2>>"$log" | tail -n 1)
  made=$key
  [ -n "$key" ] || stop check "No key could be made to read with."
fi
# The key comes by standard input: arguments are seen by everybody.
status=000
until [ "$status" = 200 ] || [ "$SECONDS" -ge "$deadline" ]; do
  status=$(printf 'X-API-Key: %s\n' "$key" | curl -sS -m 10 -H @- -o "$answer" -w '%{http_code}' "$api/v1/markets?limit=1" 2>>"$log")
  [ "$status" = 200 ] || sleep 1
done
[ -z "$made" ] || printf '%s' "$made" | as keeper node cli/dist/polytape.cjs keys revoke - >>"$log" 2>&1 ||
  stop check "The key that was made for the check is not revoked: polytape keys list names it deploy-check."
[ "$status" = 200 ] || { cat "$answer" >>"$log"; stop check "Reading with a key answered $status."; }
say "check: $api answers, and reads with a key"
echo "function-trigger runs beside the functions: give it this image with deploy/faasd/add-services.sh (IMAGE_TAG=$IMAGE_TAG)"
