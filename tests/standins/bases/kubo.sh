# shellcheck shell=bash disable=SC2154,SC2034
# Kubo's commands, API, gateway and CIDs on one node that knows no other: no package has the real one.
[ "$tag" = v0.34.0 ] || stop 3 "No stand-in for ipfs/kubo:$tag, only for ipfs/kubo:v0.34.0."
debian_root trixie python3.13 tini gosu
rm -rf "$root"/usr/lib/python3*/{test,idlelib,tkinter,lib2to3,pydoc_data,ensurepip,turtledemo}
install -D -m 644 -t "$root/usr/lib/kubo" "$here"/files/kubo/*.py
printf '#!/bin/sh\nexec python3.13 /usr/lib/kubo/ipfs.py "$@"\n' >"$root/usr/local/bin/ipfs"
chmod 755 "$root/usr/local/bin/ipfs"
chroot "$root" python3.13 -m compileall -q /usr/lib/kubo
install -m 755 "$here/files/kubo-entrypoint" "$root/usr/local/bin/start_ipfs"
ln -s ../bin/tini "$root/usr/sbin/tini"
add_user ipfs 1000 100 /data/ipfs
sed -i 's/^ipfs:x:100:/users:x:100:/' "$root/etc/group"
mkdir -p "$root/container-init.d"
install -d -o 1000 -g 100 "$root/data/ipfs" "$root/ipfs" "$root/ipns"
config+=('ENV IPFS_PATH=/data/ipfs' 'ENV GOLOG_LOG_LEVEL=' 'VOLUME /data/ipfs' 'EXPOSE 4001 4001/udp 5001 8080 8081'
  'ENTRYPOINT ["/sbin/tini","--","/usr/local/bin/start_ipfs"]' 'CMD ["daemon","--migrate=true","--agent-version-suffix=docker"]'
  'HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 CMD ipfs --api=/ip4/127.0.0.1/tcp/5001 dag stat /ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn || exit 1')
