#!/usr/bin/env bash
# Writes faasd's docker-compose.yaml with our services in it, to standard output. Ours are replaced where they stand
# already, so that it may be run again after an update of either side. Of theirs two things are changed, both of the
# gateway: it listens on loopback, because /function/* knows no logins, and it waits as long as our longest call takes.
#
#   IMAGE_PREFIX=… IMAGE_TAG=… deploy/faasd/add-services.sh /var/lib/faasd/docker-compose.yaml >new.yaml
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
theirs=${1:?usage: deploy/faasd/add-services.sh DOCKER-COMPOSE.YAML}
: "${IMAGE_PREFIX:?where the images are: registry and owner, as given to make deploy}" "${IMAGE_TAG:?the tag of the images}"

# Everything but our own services; `services:` is the last block of faasd's file, so ours go to its end.
awk '
  /^[^ #]/ { block = $1 }
  /^  [a-zA-Z0-9_-]+:/ { ours = (block == "services:" && $1 ~ /^polytape-/) }
  /^[^ ]/ { ours = 0 }
  /^# polytape: / { next }
  /^  [a-zA-Z0-9_-]+:/ { service = $1 }
  block == "services:" && service == "gateway:" {
    if (/- (read|write|upstream)_timeout=/) sub(/=.*/, "=2m")
    if (/- "?8080:8080"?$/) sub(/8080:8080/, "127.0.0.1:8080:8080")
  }
  !ours
' "$theirs" | awk '{ kept[NR] = $0; if ($0 != "") last = NR } /^[^ #]/ { block = $1 }
  END {
    if (block != "services:") { print "add-services: `services:` is not the last block" > "/dev/stderr"; exit 1 }
    for (i = 1; i <= last; i++) print kept[i]
  }'
echo
sed -n '/^services:/,$p' "$here/services.yaml" | tail -n +2 |
  sed -e "s|\${IMAGE_PREFIX}|$IMAGE_PREFIX|" -e "s|\${IMAGE_TAG}|$IMAGE_TAG|"
