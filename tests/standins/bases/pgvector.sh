# shellcheck shell=bash disable=SC2154,SC2034
# As the official image: Debian's PostgreSQL image and user ids, with the extension. 17's is Debian's, 16's is PyPI's.
package=postgresql-17-pgvector user_id=999
# shellcheck source=postgres.sh
. "$here/bases/postgres.sh"
if [ "$major" = 16 ]; then
  unzip_into "$root/wheel" "$archive" pgserver/pginstall/lib/postgresql/vector pgserver/pginstall/share/postgresql/extension/vector
  cp -R "$root/wheel/pgserver/pginstall/." "$server"
  rm -rf "$root/wheel"
fi
rm "$root"/etc/alpine-release "$root"/usr/bin/{wget,nc,su-exec} # not in Debian's image, and missed there by who expects them
printf 'PRETTY_NAME="stand-in for Debian GNU/Linux"\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n' >"$root/etc/os-release"
