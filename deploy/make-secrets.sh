#!/usr/bin/env bash
# Makes what a deployment must not share with another one: certificates, passwords, their hashes; and puts the
# servers' configuration beside them.
#
#   deploy/make-secrets.sh FOLDER [FOLDER OF THE GATEWAY'S SECRETS]
#
# May be run again at any moment: what is there stays (delete a password's file to get a new one), configuration is
# brought up to date. No password is ever an argument, a variable of the environment or a line of output.
set -euo pipefail
umask 077

here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: deploy/make-secrets.sh FOLDER [FOLDER OF THE GATEWAY\'S SECRETS]}
gateway_secrets=${2:-}
# Who the servers run as, in containers and as services: they read their own files and no others.
owner=${SERVICE_UID:-1000}
# Where functions and the operator reach the servers: the bridge of faasd.
address=${BRIDGE_ADDRESS:-10.62.0.1}

die() { echo "make-secrets: $1" >&2; exit 1; }
command -v openssl >/dev/null || die "openssl is missing: apt-get install openssl"
command -v htpasswd >/dev/null || die "htpasswd is missing: apt-get install apache2-utils"

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
secrets=$folder/secrets
mkdir -p "$secrets" "$folder/authority" "$folder/nats/config" "$folder/nats/data" "$folder/trigger" \
  "$folder/opensearch/config/certificates" "$folder/opensearch/config/opensearch-security" \
  "$folder/opensearch/data" "$folder/opensearch/snapshots"

# 256 random bits; written in one step, so that an end in the middle leaves no half of a password.
password() {
  [ -s "$secrets/$1" ] && return 0
  openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n' >"$secrets/$1.new"
  mv "$secrets/$1.new" "$secrets/$1"
  echo "made the password $1"
}

# The password comes by standard input. Random passwords need no slow hash: 10 keeps a login under a tenth of a second.
hash_of() { htpasswd -niB -C 10 x <"$secrets/$1" | head -n 1 | cut -d: -f2-; }

authority() {
  [ -s "$folder/authority/ca.pem" ] && return 0
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=polytape-authority" \
    -keyout "$folder/authority/ca-key.pem" -out "$folder/authority/ca.pem" 2>/dev/null
  echo "made the certificate authority, for ten years"
}

# certificate NAME SUBJECT-ALTERNATIVE-NAMES USAGE
certificate() {
  local file=$folder/authority/$1 request
  if [ -s "$file.pem" ] && openssl x509 -checkend 2592000 -noout -in "$file.pem" >/dev/null 2>&1; then return 0; fi
  request=$(mktemp -d)
  openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$file-key.new" -out "$request/csr" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' "$2" "$3" >"$request/more"
  openssl x509 -req -in "$request/csr" -CA "$folder/authority/ca.pem" -CAkey "$folder/authority/ca-key.pem" \
    -CAcreateserial -days 825 -sha256 -extfile "$request/more" -out "$request/pem" 2>/dev/null
  # The security plugin reads PKCS#8 only.
  openssl pkcs8 -topk8 -nocrypt -in "$file-key.new" -out "$file-key.pem"
  mv "$request/pem" "$file.pem"
  rm -rf "$request" "$file-key.new"
  echo "made the certificate of $1, for 825 days; run again a month before its end"
}

for name in opensearch-ingest opensearch-query opensearch-keeper nats-ingest nats-query nats-trigger nats-operator; do
  password "$name-password"
done
authority
certificate polytape-opensearch \
  "DNS:polytape-opensearch,DNS:localhost,IP:127.0.0.1,IP:$address" "serverAuth,clientAuth"
certificate polytape-admin "DNS:polytape-admin" clientAuth
cp "$folder/authority/ca.pem" "$secrets/opensearch-ca"

cp "$here/opensearch/opensearch.yml" "$folder/opensearch/config/opensearch.yml"
cp "$here"/opensearch/security/*.yml "$folder/opensearch/config/opensearch-security/"
cp "$folder/authority/ca.pem" "$folder/opensearch/config/certificates/ca.pem"
cp "$folder/authority/polytape-opensearch.pem" "$folder/opensearch/config/certificates/node.pem"
cp "$folder/authority/polytape-opensearch-key.pem" "$folder/opensearch/config/certificates/node-key.pem"
{
  echo "_meta: { type: internalusers, config_version: 2 }"
  for user in ingest query keeper; do
    printf '%s: { hash: "%s", reserved: true }\n' "$user" "$(hash_of "opensearch-$user-password")"
  done
} >"$folder/opensearch/config/opensearch-security/internal_users.yml"

cp "$here/nats/nats-server.conf" "$folder/nats/config/nats-server.conf"
# In one file: nats-server does not hand variables from one included file to the next.
{
  for user in ingest query trigger operator; do
    printf '%s_HASH: "%s"\n' "$(echo "$user" | tr a-z A-Z)" "$(hash_of "nats-$user-password")"
  done
  cat "$here/nats/accounts.conf"
} >"$folder/nats/config/accounts.conf"

cp "$secrets/nats-trigger-password" "$folder/trigger/nats-password"
if [ -n "$gateway_secrets" ]; then
  for name in basic-auth-user basic-auth-password; do
    [ -s "$gateway_secrets/$name" ] || die "$gateway_secrets/$name is missing: is that the gateway's folder of secrets?"
    cp "$gateway_secrets/$name" "$folder/trigger/$name"
    cp "$gateway_secrets/$name" "$secrets/$name"
  done
elif [ ! -s "$folder/trigger/basic-auth-password" ]; then
  echo "function-trigger has no login yet: run again with the folder of the gateway's secrets (faasd: /var/lib/faasd/secrets)"
fi

chmod -R go= "$folder"
if [ "$(id -u)" = 0 ]; then
  # The way in is open for the servers, what lies beside their own folders is not.
  chmod 711 "$folder"
  chown -R "$owner:$owner" "$folder/opensearch" "$folder/nats" "$folder/trigger"
else
  echo "not root: give $folder/opensearch, nats and trigger to the user that runs the servers (uid $owner)"
fi
echo "ready: $folder"
