#!/usr/bin/env bash
# Brings a deployment to what this checkout says: images, index templates and migrations, streams and schedules,
# secrets, functions, then a look from outside. In this order, because a function may ask for anything before it. May
# be run again at any moment; stops at the first step that fails and says what to do. DRY_RUN=1 says what each step
# would do and does none; IMAGES=only builds and pushes, where no gateway is. Settings come from the environment
# (deploy/README.md lists them); passwords come from files and are handed on as files.
set -uo pipefail
cd "$(dirname "$0")/.."

images=${IMAGES:-build}
[ "$images" = only ] || : "${GATEWAY:?the address of the gateway, such as http://127.0.0.1:8080}"
GATEWAY=${GATEWAY%/}
secrets=${POLYTAPE_SECRETS:-/var/lib/faasd/polytape/secrets}
# As functions reach them, and the host as well: the bridge of faasd.
export OPENSEARCH_URL=${OPENSEARCH_URL:-https://10.62.0.1:9200}
export NATS_URL=${NATS_URL:-nats://10.62.0.1:4222}
export IMAGE_PREFIX=${IMAGE_PREFIX:-polytape}
export IMAGE_TAG=${IMAGE_TAG:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo latest)}
# What was used, for deploy/polytape.sh: whoever looks at a deployment must know how it was made.
deployed=${POLYTAPE_DEPLOYED:-$(dirname "$secrets")/deployed.env}
check_within=${DEPLOY_CHECK_SECONDS:-90}
dry=
[ "${DRY_RUN:-0}" = 0 ] || dry=--dry-run
# A password in the environment would win over its file, and everybody could read it there.
unset OPENSEARCH_PASSWORD OPENSEARCH_CA NATS_PASSWORD BASIC_AUTH_PASSWORD OPENSEARCH_USER NATS_USER

log=$(mktemp)
answer=$(mktemp)
trap 'rm -f "$log" "$answer"' EXIT
step=0
steps=6
[ "$images" != only ] || steps=1

say() { printf '[%d/%d] %s\n' "$step" "$steps" "$1"; }
stop() {
  tail -n 15 "$log" >&2
  printf '[%d/%d] %s failed. %s\n' "$step" "$steps" "$1" "$2" >&2
  exit 1
}
# list NAME…: with commas; none of them is said, too.
list() { [ $# = 0 ] && echo none || printf '%s\n' "$@" | paste -sd, - | sed 's/,/, /g'; }
# From here on a failure belongs to the next step.
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

# Where the template comes from, as stack.yml pins it. faas-cli leaves a template alone that is there already, so what
# is there is written down beside it.
pinned=$(awk '$1 == "source:" { print $2; exit }' stack.yml)
template_is_pinned() { [ -d template/node20 ] && [ "$(cat template/node20.source 2>/dev/null)" = "$pinned" ]; }
fetch_template() {
  rm -rf template/node20 template/node20.source
  faas-cli template pull stack -f stack.yml && echo "$pinned" >template/node20.source
}

# applied AREA: the last line of an apply command; dry, also what would change, by name.
applied() {
  say "$1: $(tail -n 1 "$log" | sed "s/^[^ ]* info $1-apply //")"
  sed -n 's/^[^ ]* info [a-z]*-apply would-be-\(created\|updated\|removed\) /      would be \1: /p' "$log"
}

# Every setting of stack.yml as it was used, but what differs from role to role; no login of an address is in it.
write_deployed() (
  umask 077
  for name in GATEWAY $(grep -o '\${[A-Z_]*' stack.yml | tr -d '${' | sort -u | grep -Ev '_(USER|SECRET)$|^OPENFAAS_URL$'); do
    [ -z "${!name:-}" ] || printf "[ -n \"\${%s:-}\" ] || export %s='%s'\n" "$name" "$name" \
      "$(printf %s "${!name}" | sed "s#//[^/,]*@#//#g; s/'/'\\\\''/g")"
  done >"$deployed.new" && mv "$deployed.new" "$deployed"
)

for tool in faas-cli node curl; do
  command -v "$tool" >/dev/null || { echo "make deploy needs $tool on the PATH" >&2; exit 2; }
done
[ "$images" = only ] || [ -r "$secrets/opensearch-ca" ] || {
  echo "no secrets in $secrets: run deploy/make-secrets.sh, or name their folder in POLYTAPE_SECRETS" >&2
  exit 2
}
[ "$images" = only ] || faas-cli list --gateway "$GATEWAY" >"$log" 2>&1 || {
  tail -n 5 "$log" >&2
  echo "the gateway $GATEWAY does not answer or does not know you: faas-cli login --password-stdin --gateway $GATEWAY" >&2
  exit 2
}

begin
if [ "$images" = ready ]; then
  say "images: taken as they are, tag $IMAGE_TAG"
elif [ -n "$dry" ]; then
  say "images: would $(template_is_pinned || echo "fetch $pinned, ")build and push $IMAGE_PREFIX/*:$IMAGE_TAG"
else
  template_is_pinned || fetch_template >>"$log" 2>&1 ||
    stop images "The template could not be fetched: is the network open?"
  for file in stack.yml deploy/images.yml; do
    faas-cli build -f "$file" >>"$log" 2>&1 || stop images "Docker must run where images are built; IMAGES=ready takes what was pushed before."
    faas-cli push -f "$file" >>"$log" 2>&1 || stop images "Log in to the registry of IMAGE_PREFIX=$IMAGE_PREFIX (docker login)."
  done
  say "images: built and pushed, tag $IMAGE_TAG"
fi
[ "$images" != only ] || exit 0

begin
as keeper node opensearch/dist/apply.cjs $dry >>"$log" 2>&1 ||
  stop opensearch "Is OpenSearch up at $OPENSEARCH_URL, and are its users those of $secrets? A migration that failed left what was there."
applied opensearch

begin
as keeper node nats/dist/apply.cjs $dry >>"$log" 2>&1 ||
  stop nats "Is nats-server up at $NATS_URL, and are its users those of $secrets?"
applied nats

begin
known=$(faas-cli secret list --gateway "$GATEWAY" 2>>"$log") || stop secrets "The gateway did not list its secrets."
created=()
updated=()
for name in opensearch-ca opensearch-ingest-password opensearch-query-password opensearch-keeper-password \
  nats-ingest-password nats-query-password; do
  if printf '%s\n' "$known" | awk '{ print $1 }' | grep -qx "$name"; then
    verb=update
    updated+=("$name")
  else
    verb=create
    created+=("$name")
  fi
  [ -n "$dry" ] || faas-cli secret "$verb" "$name" --from-file="$secrets/$name" --gateway "$GATEWAY" >>"$log" 2>&1 ||
    stop secrets "The secret $name was not taken."
done
if [ -n "$dry" ]; then
  say "secrets: would create $(list "${created[@]}"); would update $(list "${updated[@]}")"
else
  say "secrets: ${#created[@]} created, ${#updated[@]} updated"
fi

begin
count=$(roles | wc -l | tr -d ' ')
as_roles=$(roles | cut -f1 | sort -u | paste -sd, -)
if [ -n "$dry" ]; then
  say "functions: would deploy $count, as $as_roles"
  for role in ${as_roles//,/ }; do echo "      as $role: $(functions_of "$role" | sed 's/|/, /g')"; done
  begin
  say "check: left out, because nothing was changed"
  exit 0
fi
for role in ${as_roles//,/ }; do
  names=$(functions_of "$role")
  as "$role" faas-cli deploy -f stack.yml --gateway "$GATEWAY" --regex "^($names)\$" >>"$log" 2>&1 ||
    stop functions "Of the role $role ($names). What was deployed before it stays; run again when the reason is gone."
done
write_deployed 2>>"$log" ||
  echo "not written: $deployed; without it polytape doctor cannot compare images and schedules (POLYTAPE_DEPLOYED names another place)" >&2
say "functions: $count deployed, as $as_roles"

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
