#!/bin/sh
# One release of cipherbox on the machine that runs staging.
# .github/workflows/deploy-staging.yml copies it here and starts it:
#   deploy   pulls, runs migrate and replaces what runs; when that fails, what ran before runs again
#   again    starts this release as it is: the way back by hand, from an older one in releases/
set -eu
umask 077

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

release=$(cd "$(dirname "$0")/.." && pwd -P)
folder=${release%/releases/*}
[ "$folder" != "$release" ] || fail "$0 is part of a release: it runs on the machine, in its folder of releases."

# A variable of this shell would count more than the same one in the file.
while IFS='=' read -r name _; do
  case $name in
    PATH | HOME | *[!A-Z0-9_]*) ;;
    *) unset "$name" ;;
  esac
done <"$release"/docker/.env.staging

# Mounts are named by way of `current`: their paths stay the same from one release to the next.
compose() {
  docker compose --project-directory "$folder/current"/docker \
    --file "$release"/docker/docker-compose.staging.yml --env-file "$release"/docker/.env.staging "$@"
}

point() { # LINK RELEASE
  ln -sfn "releases/${2##*/}" "$folder/$1.new"
  mv -T "$folder/$1.new" "$folder/$1"
}

lock() {
  exec 9>"$folder/lock"
  flock -w 900 9 || fail 'Another deployment is still running.'
}

# Starts these services and nothing else: what waits for them goes on, and jobs have been run.
start() {
  compose up --detach --no-deps --quiet-pull --wait --wait-timeout 300 "$@" && return
  set -- ipfs postgres redis api tee-worker caddy
  for service; do
    case $(compose ps --all --format '{{.State}} {{.Health}}' "$service") in
      'running healthy' | 'running ') ;;
      *) compose logs --no-color --tail 100 "$service" ;;
    esac
  done
  return 1
}

publish() { # SERVICE: hands its files over to the proxy, and ends
  compose up --detach --no-deps "$1"
  [ "$(docker wait "$(compose ps --all --quiet "$1")")" = 0 ] && return
  compose logs --no-color --tail 100 "$1"
  return 1
}

# No authority that this machine knows has to have signed the certificate.
answers() { # URL LIMIT: the first status that is wrong
  status=$(curl --silent --show-error --insecure --output /dev/null --write-out '%{http_code}' --max-time 30 \
    --retry 12 --retry-delay 5 --retry-max-time 60 --retry-all-errors --connect-to "::$proxy" "$1") || true
  [ "${status:-0}" -ge 100 ] && [ "$status" -lt "$2" ] && return
  compose logs --no-color --tail 20 caddy
  fail "$1 answers ${status:-nothing}."
}

again() {
  # A tag can be moved: these are the images that this release was deployed with.
  while read -r name && read -r id; do
    docker tag "$id" "$name" || docker pull --quiet "$name"
  done <"$release/images"
  point current "$release"
  start ipfs postgres redis
  start --remove-orphans api tee-worker
  publish web
  start caddy
  # The file it was started with is the one it goes on seeing, so it is told the new one.
  compose exec -T caddy \
    caddy reload --config - --adapter caddyfile <"$release"/docker/Caddyfile
  proxy=$(compose port caddy 443)
  answers https://api.staging.example.com/health 400
  answers https://app.staging.example.com/ 400
  point verified "$release"
  echo "${release##*/} runs."
}

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

refuse() {
  forget "$release"
  fail "$* Nothing was touched."
}

deploy() {
  before=$(readlink "$folder/verified" || true)
  [ -e "$folder"/docker/certs ] || refuse "$folder"/docker/certs 'is missing: it belongs on this machine, not in git.'
  mkdir -p "$release"/docker
  ln -sfn "$folder"/docker/certs "$release"/docker/certs
  printf '%s' "$password" | docker login --username "$user" --password-stdin ghcr.io ||
    refuse 'The registry does not let this machine in.'
  pulled=true
  compose pull --quiet api web tee-worker || pulled=false
  docker logout ghcr.io
  "$pulled" || refuse 'Its images could not be pulled.'
  compose config --images | sort -u |
    grep -vxF -e ipfs/kubo:v0.34.0 -e postgres:16-alpine -e redis:7-alpine -e caddy:2-alpine |
    while read -r name; do
      printf '%s\n' "$name" "$(docker image inspect --format '{{.Id}}' "$name")"
    done >"$release/images"
  if start ipfs postgres redis &&
    compose run --rm --no-deps -T migrate &&
    sh "$release"/deploy/staging.sh again locked; then
    set -- "$folder"/releases/*
    while [ $# -gt 3 ]; do
      forget "$1"
      shift
    done
    return
  fi
  [ -n "$before" ] || fail 'No release before this one is known to work: what was started is left as it is.'
  echo "Going back to $before."
  sh "$folder/$before"/deploy/staging.sh again locked ||
    fail "It did not come up, and neither did $before: somebody must look at it."
  forget "$release"
  fail "It did not come up, and $before runs again."
}

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
