# shellcheck shell=bash disable=SC2154,SC2034
[ "$major" = 2 ] || stop 3 "No stand-in for nats:$tag, only for nats:2."
debian_root trixie nats-server
mv "$root"/usr/sbin/nats-server "$root/usr/local/bin/" 2>/dev/null || mv "$root/usr/bin/nats-server" "$root/usr/local/bin/"
mkdir -p "$root/etc/nats"
printf 'port: 4222\nmonitor_port: 8222\ncluster { port: 6222 }\n' >"$root/etc/nats/nats-server.conf"
printf '#!/bin/sh\n[ "${1#-}" = "$1" ] || set -- nats-server "$@"\nexec "$@"\n' >"$root/usr/local/bin/docker-entrypoint.sh"
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
version=$(chroot "$root" nats-server --version)
config+=("ENV NATS_SERVER_VERSION=${version##*v}" 'EXPOSE 4222 6222 8222' 'ENTRYPOINT ["docker-entrypoint.sh"]'
  'CMD ["nats-server","--config","/etc/nats/nats-server.conf"]')
