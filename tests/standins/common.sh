# What `engine`, `images` and `tools` share. Sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the names below are for the scripts that source this file

cache=${XDG_CACHE_HOME:-$HOME/.cache}/bayplan/standins
os_release=${STANDIN_OS_RELEASE:-/etc/os-release}

say() { printf '%s\n' "$*"; }

stop() { # stop CODE MESSAGE: 3 something is missing on this machine, 4 another program failed
  printf '%s\n' "$2" >&2
  exit "$1"
}

os_field() { # os_field ID: one value of os-release, in a subshell, for the file is shell
  # shellcheck source=/dev/null
  (. "$os_release" 2>/dev/null && printf '%s' "${!1-}") || true
}

apt_install() {
  local said
  export DEBIAN_FRONTEND=noninteractive
  said=$(apt-get -qq update 2>&1 && apt-get -qq install -y --no-install-recommends "$@" 2>&1) ||
    stop 4 "$said"$'\n'"apt-get could not install: $*"
}

debian_mirror() { # the mirror this machine installs from; apt itself reads both formats of sources
  # shellcheck disable=SC2016  # the dollars are apt's
  apt-get indextargets --format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' |
    awk -v codename="$(os_field VERSION_CODENAME)" \
      '$1 == "Packages" && $2 == "main" && ($3 == codename || $3 ~ /^(old)*stable$/) { print $4; exit }'
}

apt_suite() { # apt_suite SUITE: fills `apt` with options for another release of the same mirror, apart from the machine's own
  local suite=$1 dir=$cache/apt/$1 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  apt=(-qq -oDir::Etc::SourceList="$dir/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::Cache="$dir"
    -oDir::State::Lists="$dir/lists" -oDir::State::status=/dev/null -oAcquire::Languages=none
    -oDir::Cache::pkgcache=pkgcache.bin -oDir::Cache::srcpkgcache=srcpkgcache.bin # empty in container images: each call would parse anew
    -oAPT::Sandbox::User="$(id -un)" -oAPT::Install-Recommends=false)
  [ -z "$(find "$dir/updated" -mmin -720 2>/dev/null)" ] || return 0
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || stop 3 "apt's sources name no Debian mirror (component main of $(os_field VERSION_CODENAME)): add one to /etc/apt/sources.list.d"
  mkdir -p "$dir/lists/partial" "$dir/archives/partial"
  [ -e "$keyring" ] && keyring="[signed-by=$keyring] " || keyring=
  say "deb $keyring$mirror $suite main" >"$dir/sources.list"
  apt-get "${apt[@]}" update
  touch "$dir/updated"
}
