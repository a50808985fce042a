#!/bin/sh
# As the official image's program: nginx with the stream module.
globals='load_module /usr/lib/nginx/modules/ngx_stream_module.so;'
for argument in "$@"; do
    shift
    case ${before:-} in -g) argument="$globals $argument" globals= ;; esac
    set -- "$@" "$argument"
    before=$argument
done
[ -z "$globals" ] || set -- "$@" -g "$globals"
exec /usr/sbin/nginx-without-stream "$@"
