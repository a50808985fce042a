#!/bin/sh
# As the official image: options alone mean valkey-server; as root, drop to valkey first.
set -eu

case ${1:-} in
    -*|*.conf) set -- valkey-server "$@" ;;
esac

if [ "${1:-}" = valkey-server ]; then
    if [ "$(id -u)" = 0 ]; then
        find . \! -user valkey -exec chown valkey '{}' +
        exec setpriv --reuid=valkey --regid=valkey --init-groups "$0" "$@"
    fi
    # The official build answers other containers without a password; Debian's needs to be told. Options given override it.
    shift
    case ${1:-} in
        -v|--version|-h|--help) exec valkey-server "$1" ;;
        ''|-*) set -- valkey-server --protected-mode no "$@" ;;
        *) if grep -qi '^ *protected-mode' "$1"; then set -- valkey-server "$@"
           else file=$1; shift; set -- valkey-server "$file" --protected-mode no "$@"; fi ;;
    esac
    umask 0077
fi
exec "$@"
