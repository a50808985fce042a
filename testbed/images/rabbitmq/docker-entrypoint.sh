#!/bin/sh
# As the official image: as root, drop to rabbitmq first; a cookie that others can read is refused.
set -eu

case ${1:-} in
    rabbitmq*) if [ "$(id -u)" = 0 ]; then
        find /var/lib/rabbitmq \! -user rabbitmq -exec chown rabbitmq '{}' +
        exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
    fi ;;
esac
exec "$@"
