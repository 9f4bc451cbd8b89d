#!/bin/bash
# fleetd itself under torture, as a process with its embedded store and a fake systemd: it starts, answers some requests and
# stops, again and again, with another allocation failing each time, and with all that follow. It must serve and end well, or
# end with a message and a status; it neither crashes, nor hangs, nor leaves memory behind. Speaks TAP.
#
# usage: torture-fleetd.sh [--every K]; it takes about a second for each
#
# It has a namespace of its own, where /run is empty.
# torture() calls functions by their names.
# shellcheck disable=SC2317
set -euo pipefail
source_dir=$(realpath "${top_srcdir:-.}")
build_dir=$(realpath "${top_builddir:-.}")
# shellcheck source=tests/tap.sh
. "$source_dir/tests/tap.sh"

if [[ ${TORTURE_INSIDE-} != yes ]]; then
    if ! unshare --user --map-root-user --mount true 2>/dev/null; then
        skip "fleetd" "there are no user namespaces"
        tap_end
    fi
    export TORTURE_INSIDE=yes
    exec unshare --user --map-root-user --mount bash "$0" "$@"
fi
mount -t tmpfs none /run
# shellcheck source=tests/torture/process.sh
. "$source_dir/tests/torture/process.sh"
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/bus

ask() {
    curl -sS -m 2 -o /dev/null --unix-socket "$work/fleet.sock" "$@" 2>/dev/null
}

api=http://fleet/fleet/v1

is_alive() {
    [[ -e /proc/$fleetd && $(awk '{print $3}' "/proc/$fleetd/stat" 2>/dev/null) != Z ]]
}

# 0: it serves; else it has ended, or does neither: one that never has memory again need not.
await_service() {
    local i limit=200
    [[ $nth != *+ ]] || limit=20
    for ((i = 0; i < limit; i++)); do
        is_alive || return 1
        [[ -S $work/fleet.sock ]] && ask "$api/machines" && return
        sleep 0.05
    done
    return 1
}

use() {
    ask -X PUT -H 'Content-Type: application/json' "$api/units/a.service" \
        -d '{"desiredState":"loaded","options":[{"section":"Service","name":"ExecStart","value":"/bin/true"}]}' || true
    for what in units units/a.service state machines discovery '../../metrics' 'units?nextPageToken=x'; do
        ask --path-as-is "$api/$what" || true
    done
    ask -X PATCH -H 'Content-Type: application/json' "$api/machines" -d '[{"op":"add"}]' || true
    ask -X DELETE "$api/units/a.service" || true
}

# A bus does not outlive what ends its client in the middle of a word.
start_bus() {
    rm -f "$work/bus"
    "$build_dir/tests/torture/bin/bus-peer" "$work/bus" 2>/dev/null &
    bus=$!
    until [[ -S $work/bus ]]; do sleep 0.02; done
}

run_fleetd() {
    local limit
    start_bus
    rm -rf "$work/data" "$work/fleet.sock" /run/fleet
    mkdir "$work/data"
    printf '%s\n' "listen=$work/fleet.sock" "data_directory=$work/data" agent_ttl=5s metadata=disk=ssd >"$work/fleet.conf"
    "$build_dir/tests/torture/bin/fleetd" --config "$work/fleet.conf" >"$work/out" 2>&1 &
    fleetd=$!
    was_serving=no
    if await_service; then
        was_serving=yes
        use
    fi
    kill -TERM "$fleetd" 2>/dev/null || true
    for ((limit = 0; limit < 200; limit++)); do
        is_alive || break
        sleep 0.05
    done
    if is_alive; then
        kill -KILL "$fleetd"
        echo "(it did not end)" >>"$work/out"
    fi
    status=0
    wait "$fleetd" || status=$?
    kill "$bus" 2>/dev/null || true
    wait "$bus" || true
}

complaint() {
    if ((status >= 126)); then
        echo "it ended with status $status: $(tail -n 3 "$work/out")"
    elif ((status != 0)) && ! grep -q 'fleetd: \|fleetd cannot run: ' "$work/out"; then
        echo "it failed without a word: $(tail -n 3 "$work/out")"
    elif [[ $was_serving == no && $status == 0 && $nth != *+ ]]; then
        echo "it did not serve: $(tail -n 3 "$work/out")"
    fi
}

options "$@"
torture fleetd run_fleetd complaint
tap_end
