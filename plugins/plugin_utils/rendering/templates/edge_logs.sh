# Print the logs of a proxy, which writes them to files in memory; written by slipway.stack.
# The engine reads what a container prints. While the engine is stopped nobody reads, and a proxy that prints itself
# would wait in the middle of its requests. Here only the reader waits. What does not fit into a file meanwhile is lost.
largest=4194304

# usage: show_logs ACCESS_LOG ERROR_LOG
show_logs() {
    for log in "$1" "$2"; do
        : > "$log"
    done
    tail -n +1 -F "$1" 2> /dev/null &
    tail -n +1 -F "$2" 2> /dev/null >&2 &
    # A proxy appends, so it goes on at the start of a file that was emptied, and so does the reader.
    while sleep 1; do
        for log in "$1" "$2"; do
            [ "$(wc -c < "$log")" -le "$largest" ] || : > "$log"
        done
    done &
}
