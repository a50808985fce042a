# Start nginx so that it takes requests only once it knows where to send them; written by slipway.stack.
# It looks up the names in its upstreams after its start, and on the port another nginx may be serving meanwhile.
edge=/etc/slipway/edge/current

knows_all() {
    for upstream in "$edge"/upstreams/*.conf; do
        upstream=$(basename "$upstream" .conf)
        # A service of gRPC knows no other method than POST.
        case $upstream in
            *_grpc) set -- --request POST --header 'Content-Type: application/grpc' --header 'TE: trailers' ;;
            *) set -- --head ;;
        esac
        status=$(curl --silent "$@" --max-time 1 --output /dev/null --write-out '%{http_code}' \
            --unix-socket /tmp/nginx.sock "http://localhost/upstream/$upstream")
        # Whatever a service says to a path that it does not have; 502 is nginx' own word, and 000 is none at all.
        case $status in 000 | 502) return 1 ;; esac
    done
}

listen() {
    # After some seconds it is the services that are missing, as they may when the server boots.
    deadline=$(($(date +%s) + 5))
    until knows_all || [ "$(date +%s)" -ge "$deadline" ]; do
        sleep 0.1
    done
    echo 'include listen.conf;' > /tmp/listen.conf
    nginx -s reload -c "$edge/nginx.conf"
}

. "$edge/logs.sh"
show_logs /tmp/access.log /tmp/error.log
listen &
exec nginx -c "$edge/nginx.conf" -g 'daemon off;'
