# shellcheck shell=bash disable=SC2154,SC2034
alpine_root
config+=('CMD ["/bin/sh"]')
