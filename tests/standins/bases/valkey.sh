# shellcheck shell=bash disable=SC2154,SC2034
[ "$major" = 8 ] || stop 3 "No stand-in for valkey/valkey:$tag, only for valkey/valkey:8."
debian_root trixie valkey-server gosu
rm -f "$root"/usr/bin/*-benchmark
ln -s ../sbin/gosu "$root/usr/bin/su-exec"
add_user valkey 999 1000 /home/valkey
mkdir "$root/data"
chown 999:1000 "$root/data"
sed 's/redis/valkey/g' "$here/files/redis-entrypoint" >"$root/usr/local/bin/docker-entrypoint.sh"
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
for program in "$root"/usr/bin/valkey-*; do # the official image has Redis's names too
  name=${program##*/valkey-}
  [ -e "$root/usr/bin/redis-$name" ] || ln -s "valkey-$name" "$root/usr/bin/redis-$name"
done
version=$(chroot "$root" valkey-server --version | sed 's/.*v=\([0-9.]*\).*/\1/')
config+=("ENV VALKEY_VERSION=$version" 'VOLUME /data' 'WORKDIR /data' 'EXPOSE 6379' 'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["valkey-server"]')
