# shellcheck shell=bash
# Machines that reboot by themselves. Needs check.sh and ask.sh.

# firmware_start MACHINE...: switches these on again when they have gone off, until firmware_stop.
firmware_start() {
    while sleep 0.2; do
        for machine in "$@"; do
            lab is-on "$machine" || lab boot "$machine"
        done
    done >"$UNITS/firmware.log" 2>&1 &
    FIRMWARE=$!
}
firmware_stop() {
    kill "$FIRMWARE"
    wait "$FIRMWARE" 2>/dev/null
}

boots() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" cat /run/fleet/boot-id || return
        echo
    done
}
# boots_are N: so many machines are in the boot that the file before has of them.
boots_are() {
    boots >after && equal "$1" "$(sed '/^$/d' before after | sort | uniq -d | wc -l)"
}
no_reboots() {
    prints '' ctl list-reboots --no-legend
}
