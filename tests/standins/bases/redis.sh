# shellcheck shell=bash disable=SC2154,SC2034
[ "$major" = 7 ] || stop 3 "No stand-in for redis:$tag, only for redis:7."
debian_root bookworm redis-server gosu
rm -f "$root"/usr/bin/redis-benchmark
ln -s ../sbin/gosu "$root/usr/bin/su-exec"
add_user redis 999 1000 /home/redis
mkdir "$root/data"
chown 999:1000 "$root/data"
install -m 755 "$here/files/redis-entrypoint" "$root/usr/local/bin/docker-entrypoint.sh"
version=$(chroot "$root" redis-server --version | sed 's/.*v=\([0-9.]*\).*/\1/')
config+=("ENV REDIS_VERSION=$version" 'VOLUME /data' 'WORKDIR /data' 'EXPOSE 6379' 'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["redis-server"]')
