#!/bin/sh
# Publishes the files of this image to the volume it works in; the proxy serves its folder `current`.
# A version appears at once or not at all, and the proxy goes on running.
set -eu

version=$(cd /site && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-16)
before=$(basename "$(readlink current || true)")
if [ "$version" = "$before" ]; then
  exit 0
fi

# Pages that are still open ask for scripts and styles of the version before: what this one lacks of them stays.
rm -rf "own/$version" "served/$version"
mkdir -p own "served/$version"
cp -R /site "own/$version"
if [ -n "$before" ]; then
  cp -R "own/$before/." "served/$version"
  find "served/$version" -type f -name '*.html' -exec rm -f {} +
fi
cp -R "own/$version/." "served/$version"

ln -sfn "served/$version" next
mv -T next current

for old in own/* served/*; do
  case ${old##*/} in
    "$version" | "$before") ;;
    *) rm -rf "$old" ;;
  esac
done
