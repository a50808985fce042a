#!/bin/sh
# As the official image: options alone mean redis-server; as root, drop to redis first.
set -eu

case ${1:-} in
    -*|*.conf) set -- redis-server "$@" ;;
esac

if [ "${1:-}" = redis-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . \! -user redis -exec chown redis '{}' +
        exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
    fi
    # The official build answers other containers without a password; Debian's needs to be told. Options given override it.
    shift
    case ${1:-} in
        -v|--version|-h|--help) exec redis-server "$1" ;;
        ''|-*) set -- redis-server --protected-mode no "$@" ;;
        *) if grep -qi '^ *protected-mode' "$1"; then set -- redis-server "$@"
           else file=$1; shift; set -- redis-server "$file" --protected-mode no "$@"; fi ;;
    esac
    umask 0077
fi
exec "$@"
