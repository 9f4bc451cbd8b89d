#!/bin/sh
# The process of each unit of a chaos run: it writes down when it began and when it ended, where a power cut leaves
# it. A line is: seconds since the host's boot, the word, systemd's id of this start of the unit, and more.
#
# Usage: life VERSION NAME VERB    run: until stopped; fail: 4 s, then failure; once: 1 s, then success;
#                                  broken: failure at once; end: for ExecStopPost=
VERSION=$1 NAME=$2 VERB=$3
CHILD=

say() {
    read -r now _ </proc/uptime
    echo "$now $1 $INVOCATION_ID $2" >>"/var/log/life/$NAME"
}

stop() {
    say stop
    [ -z "$CHILD" ] || kill "$CHILD"
    exit 0
}

# The child is waited for, as a signal is handled at once then, and not when it has ended.
rest() {
    sleep "$1" &
    CHILD=$!
    wait "$CHILD"
}

mkdir -p /var/log/life
case $VERB in
end) say end "$SERVICE_RESULT" && exit ;;
esac
trap stop TERM
say start "$VERSION"
case $VERB in
run) while :; do rest 3600; done ;;
fail) rest 4 && say exit && exit 1 ;;
broken) say exit && exit 1 ;;
once) rest 1 && say exit && exit 0 ;;
esac
