# shellcheck shell=bash disable=SC2154,SC2034
[ "$major" = 11 ] || stop 3 "No stand-in for mariadb:$tag, only for mariadb:11."
debian_root trixie mariadb-server-core mariadb-client bash gosu tzdata
rm -rf "$root"/etc/mysql "$root"/usr/share/perl* "$root"/usr/bin/{wget,nc} "$root"/etc/alpine-release
printf 'PRETTY_NAME="stand-in for Ubuntu"\nNAME=Ubuntu\nID=ubuntu\nVERSION_ID="24.04"\n' >"$root/etc/os-release"
mkdir -p "$root"/etc/mysql/{conf.d,mariadb.conf.d} "$root/docker-entrypoint-initdb.d"
cat >"$root/etc/mysql/mariadb.cnf" <<'CNF'
[client-server]
socket = /run/mysqld/mysqld.sock
!includedir /etc/mysql/conf.d/
!includedir /etc/mysql/mariadb.conf.d/
[mariadbd]
datadir = /var/lib/mysql
host-cache-size = 0
skip-name-resolve
CNF
ln -s mariadb.cnf "$root/etc/mysql/my.cnf"
add_user mysql 999 999 /home/mysql
install -d -o 999 -g 999 -m 1777 "$root/run/mysqld" "$root/var/lib/mysql"
install -m 755 "$here/files/mariadb-entrypoint" "$root/usr/local/bin/docker-entrypoint.sh"
install -m 755 "$here/files/mariadb-healthcheck" "$root/usr/local/bin/healthcheck.sh"
version=$(chroot "$root" mariadbd --version | sed 's/.*Ver \([0-9.]*\).*/\1/')
config+=("ENV MARIADB_VERSION=$version" 'ENV LANG=C.UTF-8' 'VOLUME /var/lib/mysql' 'EXPOSE 3306'
  'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["mariadbd"]')
