"""The parts of deploy/<environment>.sh, in the shell of the machine. `@name@` is filled in."""

HEAD = """\
#!/bin/sh
# One release of @stack@ on the machine that runs @environment@.
# @workflow@ copies it here and starts it:
#   deploy   pulls@jobs@ and replaces what runs; when that fails, what ran before runs again
#   again    starts this release as it is: the way back by hand, from an older one in releases/
set -eu
umask 077

fail() {
  printf '%s\\n' "$*" >&2
  exit 1
}

release=$(cd "$(dirname "$0")/@up@" && pwd -P)
folder=${release%/releases/*}
[ "$folder" != "$release" ] || fail "$0 is part of a release: it runs on the machine, in its folder of releases."

# A variable of this shell would count more than the same one in the file.
while IFS='=' read -r name _; do
  case $name in
    PATH | HOME | *[!A-Z0-9_]*) ;;
    *) unset "$name" ;;
  esac
done <"$release"/@env_file@
"""
COMPOSE = """\
# Mounts are named by way of `current`: their paths stay the same from one release to the next.
compose() {
  docker compose --project-directory "$folder/current"@below@ \\
    --file "$release"/@compose@ --env-file "$release"/@env_file@ "$@"
}
"""
TOOLS = """\
point() { # LINK RELEASE
  ln -sfn "releases/${2##*/}" "$folder/$1.new"
  mv -T "$folder/$1.new" "$folder/$1"
}

lock() {
  exec 9>"$folder/lock"
  flock -w 900 9 || fail 'Another deployment is still running.'
}
"""
START = """\
# Starts these services and nothing else: what waits for them goes on, and jobs have been run.
start() {
  compose up --detach --no-deps --quiet-pull --wait --wait-timeout 300 "$@" && return
  set -- @all@
  for service; do
    case $(compose ps --all --format '{{.State}} {{.Health}}' "$service") in
      'running healthy' | 'running ') ;;
      *) compose logs --no-color --tail 100 "$service" ;;
    esac
  done
  return 1
}
"""
PUBLISH = """\
publish() { # SERVICE: hands its files over to the proxy, and ends
  compose up --detach --no-deps "$1"
  [ "$(docker wait "$(compose ps --all --quiet "$1")")" = 0 ] && return
  compose logs --no-color --tail 100 "$1"
  return 1
}
"""
STAYS = """\
# Without a health check, a service is well when it was not started anew for some seconds.
stays() { # SERVICE...
  began=$(state "$@")
  sleep 5
  [ "$(state "$@")" = "$began" ] && ! state "$@" | grep -qv '^running ' && return
  compose logs --no-color --tail 100 "$@"
  fail "Does not stay up: $*"
}

state() {
  compose ps --all --quiet "$@" | xargs docker inspect --format '{{.State.Status}} {{.State.StartedAt}}'
}
"""
ANSWERS = """\
@comment@answers() { # URL LIMIT: the first status that is wrong
  status=$(curl --silent --show-error@insecure@ --output /dev/null --write-out '%{http_code}' --max-time 30 \\
    --retry 12 --retry-delay 5 --retry-max-time 60 --retry-all-errors --connect-to "::$proxy" "$1") || true
  [ "${status:-0}" -ge 100 ] && [ "$status" -lt "$2" ] && return
  compose logs --no-color --tail 20 @proxy@
  fail "$1 answers ${status:-nothing}."
}
"""
FORGET = """\
# Removes a release, but never the one to go back to, and its images where no other release has them. Docker itself
# keeps those that are in use.
forget() {
  [ "releases/${1##*/}" != "$before" ] || return 0
  images=$(cat "$1/images" 2>/dev/null || true)
  rm -rf "$1"
  for image in $images; do
    cat "$folder"/releases/*/images | grep -qxF "$image" || docker image rm "$image" >/dev/null 2>&1 || true
  done
}
"""
REFUSE = """\
refuse() {
  forget "$release"
  fail "$* Nothing was touched."
}
"""
DEPLOYED = """\
  if @steps@ &&
    sh "$release"/@path@ again locked@after@; then
    set -- "$folder"/releases/*
    while [ $# -gt @kept@ ]; do
      forget "$1"
      shift
    done
    return
  fi
  [ -n "$before" ] || fail 'No release before this one is known to work: what was started is left as it is.'
  echo "Going back to $before."
  sh "$folder/$before"/@path@ again locked ||
    fail "It did not come up, and neither did $before: somebody must look at it."
  forget "$release"
  fail "It did not come up, and $before runs again."
}
"""
MAIN = """\
case ${1-} in
  again)
    [ "${2-}" = locked ] || lock
    again
    ;;
  deploy)
    IFS= read -r user
    IFS= read -r password
    lock
    # It is carried through in the background, also when the connection breaks or somebody cancels the run.
    : >"$folder/deploy.log"
    deploy >"$folder/deploy.log" 2>&1 </dev/null &
    deployment=$!
    tail -n +1 -f "$folder/deploy.log" &
    shown=$!
    result=0
    wait "$deployment" || result=$?
    sleep 1
    kill "$shown" || true
    exit "$result"
    ;;
  *) fail "usage: sh $0 deploy | again" ;;
esac
"""
