#!/usr/bin/env bash
# Assembles OpenSearch (bin, lib, modules, plugins) from Maven artifacts, because a package manager's
# artifacts are verified and cached, and no archive has to be fetched by hand.
#   opensearch.sh TOOLS_FOLDER JAVA     prints the folder of the installation
# A finished folder is moved into place in one step: it is there whole or not at all. Its name carries the
# recipe's hash, so a changed recipe never pulls a library from under a running server.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/versions.sh"
. "$here/words.sh"

tools=$1
java=$2
recipe=$(cat "$0" "$here/opensearch-modules.txt" "$here/versions.sh" | sha256sum | cut -c1-8)
target=$tools/opensearch-$OPENSEARCH_VERSION-$recipe
work=$tools/.opensearch-$recipe.partial

# name|artifact|class|extends, without comments and spaces
modules() { grep -v '^#' "$here/opensearch-modules.txt" | tr -d ' '; }

dependency() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"; }

# pom NAME PACKAGE_CONTENT: a project that exists only for its dependencies to be resolved together
pom() {
  mkdir -p "$work/build/$1"
  cat >"$work/build/$1/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>polytape.local</groupId><artifactId>$1</artifactId><version>1</version><packaging>pom</packaging>
  $2
</project>
XML
}

# The server itself, and what its descriptor calls optional although it does not start without it.
server_dependencies() {
  local artifact
  for artifact in opensearch opensearch-plugin-classloader opensearch-agent-bootstrap; do
    dependency org.opensearch $artifact "$OPENSEARCH_VERSION"
  done
  dependency org.apache.logging.log4j log4j-core 2.25.4
  dependency org.locationtech.spatial4j spatial4j 0.7
  dependency org.locationtech.jts jts-core 1.15.0
}

write_projects() {
  local name artifact rest list="<module>server</module>"
  pom server "<dependencies>$(server_dependencies)</dependencies>"
  while IFS='|' read -r name artifact rest; do
    pom "$name" "<dependencies>$(dependency org.opensearch.plugin "$artifact" "$OPENSEARCH_VERSION")</dependencies>"
    list="$list<module>$name</module>"
  done < <(modules)
  pom . "<modules>$list</modules>"
  sed -i 's#<artifactId>\.</artifactId>#<artifactId>all</artifactId>#' "$work/build/pom.xml"
}

# Java homes to run Maven with: its own choice first. A Java may lack a certificate that another one trusts.
maven_java_homes() {
  echo "${JAVA_HOME:-}"
  dirname "$(dirname "$(readlink -f "$java")")"
  ls -d /usr/lib/jvm/*/ 2>/dev/null || true
}

require_maven() {
  command -v mvn >/dev/null 2>&1 && return 0
  if can_apt_install; then
    apt_refresh
    apt_install maven && return 0
  fi
  give_up "Maven is missing: install it (on Debian: apt-get install maven), then run the same command again."
}

download() {
  local home options=()
  home_is_writable || options+=("-Dmaven.repo.local=$tools/.maven")
  while read -r home; do
    if (
      cd "$work/build"
      if [ -n "$home" ]; then export JAVA_HOME=$home; else unset JAVA_HOME; fi
      timeout 900 mvn -B -q --strict-checksums "${options[@]+"${options[@]}"}" \
        "org.apache.maven.plugins:maven-dependency-plugin:$MAVEN_DEPENDENCY_PLUGIN:copy-dependencies" \
        -DincludeScope=runtime -DoutputDirectory='${project.basedir}/jars' >"$work/maven.log" 2>&1 </dev/null
    ); then return 0; fi
  done < <(maven_java_homes | sed 's#/$##' | awk '!seen[$0]++')
  grep -m 3 ERROR "$work/maven.log" >&2 || tail -n 3 "$work/maven.log" >&2
  give_up "OpenSearch could not be downloaded with Maven: see the lines above, check network and Maven's settings, then run the same command again."
}

# OpenSearch refuses to start when a class is on a module's path twice: what the server or the extended
# module has is left out.
assemble_module() {
  local name=$1 class=$2 extended=$3 jar file
  mkdir -p "$work/home/modules/$name"
  for jar in "$work/build/$name/jars"/*.jar; do
    file=$(basename "$jar")
    [ -e "$work/home/lib/$file" ] && continue
    [ -n "$extended" ] && [ -e "$work/build/$extended/jars/$file" ] && continue
    is_for_another_machine "$file" || cp "$jar" "$work/home/modules/$name/"
  done
  cat >"$work/home/modules/$name/plugin-descriptor.properties" <<PROPERTIES
name=$name
description=$name
version=$OPENSEARCH_VERSION
opensearch.version=$OPENSEARCH_VERSION
java.version=$JAVA_MIN
classname=$class
extended.plugins=$extended
has.native.controller=false
PROPERTIES
}

# Native libraries come for every system; only those of this processor's Linux are kept.
is_for_another_machine() {
  case $1 in
    *-osx-*.jar | *-windows-*.jar) return 0 ;;
    *-linux-x86_64.jar) [ "$(uname -m)" != x86_64 ] ;;
    *-linux-aarch_64.jar) [ "$(uname -m)" != aarch64 ] ;;
    *) return 1 ;;
  esac
}

assemble() {
  local name artifact class extended
  mkdir -p "$work/home"/{bin,lib,modules,plugins}
  cp "$work/build/server/jars"/*.jar "$work/home/lib/"
  while IFS='|' read -r name artifact class extended; do
    assemble_module "$name" "$class" "$extended"
  done < <(modules)
  chmod -R a+rX "$work/home"
}

if [ ! -d "$target" ]; then
  require_maven
  say "downloading OpenSearch $OPENSEARCH_VERSION"
  rm -rf "$work"
  write_projects
  download
  assemble
  mv "$work/home" "$target"
  rm -rf "$work"
fi
echo "$target"
