#!/usr/bin/env bash
# Asks the deployed build-candles for a rebuild and repeats the request until it is done: FROM TO [MARKET].
# Each call is short and the function remembers where it stopped, so this may be ended and started again.
set -euo pipefail
gateway=${GATEWAY:-http://127.0.0.1:${API_BIND_PORT:-8080}}
market=${3:+,\"market_id\":\"$3\"}
body="{\"rebuild\":{\"from\":\"$1\",\"to\":\"$2\"$market}}"

failures=0
while [ "$failures" -lt 5 ]; do
  answer=$(curl -sS --max-time 65 -w '\n%{http_code}' -H 'content-type: application/json' -d "$body" \
    "$gateway/function/build-candles") || answer=$'\n000'
  status=${answer##*$'\n'}
  echo "${answer%$'\n'*}"
  case $status in
    200)
      failures=0
      case $answer in *'"next":null'*) exit 0 ;; esac
      ;;
    4*) exit 2 ;;
    *)
      failures=$((failures + 1))
      sleep 2
      ;;
  esac
done
echo "The function keeps failing; the same command goes on where it stopped." >&2
exit 1
