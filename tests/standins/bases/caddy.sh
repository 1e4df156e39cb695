# shellcheck shell=bash disable=SC2154,SC2034
# Debian's Caddy. The builder's xcaddy, which can fetch no modules here, makes a wrapper around it: see files/caddy-with-modules.
[ "$major" = 2 ] || stop 3 "No stand-in for caddy:$tag, only for caddy:2."
case $tag in
  *builder*)
    alpine_root
    install -m 755 "$here/files/xcaddy" "$root/usr/bin/xcaddy"
    install -D -m 755 -t "$root/usr/share/xcaddy" "$here/files/caddy-with-modules"
    config+=('ENV XCADDY_SETCAP=1' 'WORKDIR /usr/bin' 'CMD ["/bin/sh"]')
    ;;
  *)
    debian_root trixie caddy
    rm -rf "$root"/etc/caddy "$root"/usr/share/{caddy,icons,vim}
    mkdir -p "$root"/{config,data,etc}/caddy "$root"/usr/{libexec,share/caddy}
    printf ':80 {\n\troot * /usr/share/caddy\n\tfile_server\n}\n' >"$root/etc/caddy/Caddyfile"
    echo '<!DOCTYPE html><title>Caddy works!</title><p>A stand-in for the official image.</p>' >"$root/usr/share/caddy/index.html"
    # What is left when a build with modules takes the other's place; a link would lose the capability, or lead there.
    cp "$root/usr/bin/caddy" "$root/usr/libexec/"
    # As the official one: it may bind port 80 as any user, and does not start where that capability is dropped.
    "${PYTHON:-python3}" -c 'import os, sys; [os.setxattr(path, "security.capability", bytes.fromhex(sys.argv[1])) for path in sys.argv[2:]]' \
      0100000200040000000000000000000000000000 "$root"/usr/{bin,libexec}/caddy
    version=$(chroot "$root" caddy version)
    version=${version%% *}
    config+=("ENV CADDY_VERSION=v${version#v}" 'ENV XDG_CONFIG_HOME=/config' 'ENV XDG_DATA_HOME=/data' 'WORKDIR /srv'
      'EXPOSE 80 443 443/udp 2019' 'CMD ["caddy","run","--config","/etc/caddy/Caddyfile","--adapter","caddyfile"]')
    ;;
esac
