# Finds a Java that runs OpenSearch. Sourced, not run; needs versions.sh and words.sh.

# Prints the binary of the first Java that is new enough and that the servers' user may execute.
find_java() {
  local binary
  while read -r binary; do
    [ -x "$binary" ] || continue
    version_reaches "$(java_version "$binary")" "$JAVA_MIN" || continue
    runs_as_server_user "$binary" && { echo "$binary"; return 0; }
  done <<EOF
$(java_candidates)
EOF
  return 1
}

# The wish of the operator first, then what the shell would run, then what lies in the usual places, newest first.
java_candidates() {
  [ -n "${JAVA_HOME:-}" ] && echo "$JAVA_HOME/bin/java"
  command -v java || true
  ls -d /usr/lib/jvm/*/bin/java /opt/*/bin/java "${HOME:-/nonexistent}"/.sdkman/candidates/java/*/bin/java \
    "${HOME:-/nonexistent}"/.jdks/*/bin/java 2>/dev/null | sort -Vr || true
}

# Major version; read from the `release` file where there is one, because starting a Java takes a while.
java_version() {
  local release
  release="$(dirname "$(dirname "$(readlink -f "$1")")")/release"
  if [ -r "$release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release"
  else
    "$1" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'
  fi
}

runs_as_server_user() {
  if [ -z "${SERVER_UID:-}" ]; then [ -x "$1" ]; else
    setpriv --reuid="$SERVER_UID" --regid="$SERVER_UID" --clear-groups test -x "$(readlink -f "$1")"
  fi
}

require_java() {
  local package
  find_java && return 0
  if can_apt_install; then
    apt_refresh
    for package in openjdk-25-jre-headless openjdk-21-jre-headless; do
      [ -n "$(apt_candidate "$package")" ] && apt_install "$package" && find_java && return 0
    done
  fi
  give_up "Java $JAVA_MIN or newer is missing (looked at JAVA_HOME, PATH and /usr/lib/jvm): install any JDK or JRE from version $JAVA_MIN on and set JAVA_HOME to its folder, then run the same command again."
}
