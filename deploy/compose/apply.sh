#!/bin/sh
# What compose.yaml runs once: the secrets that functions list (empty: the servers of development have no logins), a
# password for the gateway that is made once, and what the servers must hold.
set -eu
umask 077
secrets=/home-of-polytape/secrets
mkdir -p "$secrets"
for name in opensearch-password opensearch-ca nats-password; do : >"$secrets/$name"; done
printf admin >"$secrets/basic-auth-user"
[ -s "$secrets/basic-auth-password" ] || head -c 24 /dev/urandom | base64 | tr -d '\n' >"$secrets/basic-auth-password"
export SECRETS_FOLDER="$secrets"
node opensearch/dist/apply.cjs
node nats/dist/apply.cjs
