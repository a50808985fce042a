#!/bin/sh
# As the official image: fill in the templates, run what lies in /docker-entrypoint.d, then start nginx.
set -eu

if [ "${1:-}" = nginx ]; then
    for template in /etc/nginx/templates/*.template; do
        [ -e "$template" ] || continue
        target=/etc/nginx/conf.d/$(basename "$template" .template)
        # Only variables that exist: nginx's own, such as $host, stay as they are.
        defined=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')
        envsubst "$defined" < "$template" > "$target"
    done
    for script in /docker-entrypoint.d/*; do
        case $script in
            *.envsh) [ -x "$script" ] && . "$script" ;;
            *.sh) [ -x "$script" ] && "$script" ;;
        esac
    done
fi
exec "$@"
