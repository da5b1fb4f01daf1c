# How the installers speak and give up. Sourced, not run.

say() { echo "$*" >&2; }

# The last word of an installer: one sentence that says what to do.
give_up() {
  say "polytape: $*"
  exit 1
}

# Whether version $1 is at least version $2.
version_reaches() {
  [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Whether packages can be installed here without asking anybody.
can_apt_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

APT_LISTS_FRESH=
apt_refresh() {
  [ -n "$APT_LISTS_FRESH" ] && return 0
  APT_LISTS_FRESH=yes
  apt-get update -qq >/dev/null 2>&1 || true
}

# Upstream version that apt would install for package $1; nothing when it knows none.
apt_candidate() {
  apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '(none)' | sed 's/^[0-9]*://; s/[-~+].*//'
}

apt_install() {
  say "installing $* with apt-get"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

# A private cache when the home folder of whoever runs this cannot be written to.
home_is_writable() { [ -n "${HOME:-}" ] && [ -d "$HOME" ] && [ -w "$HOME" ]; }
