# shellcheck shell=bash
# fleet on the machines: its daemon, its client, its journal.

FLEET_UNIT=fleet.service

fleet_socket() {
    local pid
    pid=$(machine_pid1 "$1") && echo "/proc/$pid/root/run/fleet.sock"
}

fleet_daemon_pid() {
    local pid
    pid=$(cgroup_unit_pids "$1" "$FLEET_UNIT" | head -n 1)
    [[ -n $pid ]] && echo "$pid"
}

fleet_is_paused() {
    local pid
    pid=$(fleet_daemon_pid "$1") && process_stat "$pid" && [[ $STAT_STATE == T ]]
}

fleet_answers() {
    local socket
    machine_is_on "$1" && fleet_daemon_pid "$1" >/dev/null && ! fleet_is_paused "$1" &&
        socket=$(fleet_socket "$1") && [[ -S $socket ]]
}

# Prints the machine whose daemon is to be asked: one of good health if there is, else one that is cut off.
fleet_choose() {
    local machine second=
    for machine in $(machine_names); do
        fleet_answers "$machine" || continue
        if ! net_is_cut "$machine"; then
            echo "$machine"
            return
        fi
        second=${second:-$machine}
    done
    [[ -n $second ]] && echo "$second"
}

# The client is in the bridge's network namespace and in the caller's directory.
fleet_ctl() {
    local machine socket client=("${FLEETCTL:-$LAB_MEM/bin/fleetctl}")
    if [[ -z ${FLEETCTL_ENDPOINT-} && " $* " != *" --endpoint"[\ =]* ]]; then
        machine=$(fleet_choose) || die "no machine has a fleetd that answers"
        socket=$(fleet_socket "$machine") || die "$machine has just died"
        client+=(--endpoint "unix://$socket")
    fi
    exec nsenter --net="/run/netns/$LAB_NAME" "${client[@]}" "$@"
}

fleet_listed() {
    local machine socket list
    machine=$(fleet_choose) && socket=$(fleet_socket "$machine") || return 1
    list=$(net_run timeout --foreground 5 "$LAB_MEM/bin/fleetctl" --endpoint "unix://$socket" \
        list-machines --full --no-legend 2>/dev/null) || return 1
    for machine in "$@"; do
        [[ $list == *"$(machine_id "$machine")"* ]] || return 1
    done
}

# Until fleetctl list-machines shows all of them, or one has died on the way.
fleet_wait_listed() {
    local machine
    wait_for 60 fleet_is_settled "$@" && fleet_listed "$@" && return
    for machine in "$@"; do
        machine_is_on "$machine" && fleet_listed "$machine" || fleet_explain_missing "$machine"
    done
    die "not all machines came up; lab logs, lab exec and $LAB_DIR/log tell more; lab down cleans up"
}

fleet_is_settled() {
    local machine
    for machine in "$@"; do
        machine_is_on "$machine" || return 0
    done
    fleet_listed "$@"
}

fleet_explain_missing() {
    if machine_is_on "$1"; then
        note "$1 is not listed by fleetctl list-machines after 60 s; the end of its fleetd's journal:"
        fleet_logs "$1" | tail -n 20 >&2
    else
        note "$1 did not boot; the end of its console:"
        tail -n 20 "$LAB_DIR/log/$1" >&2
    fi
}

# A machine that is off has its journal on its disk.
fleet_logs() {
    local read_journal=(journalctl --no-pager --output short-precise --no-hostname --quiet --unit "$FLEET_UNIT")
    if machine_pid1 "$1" >/dev/null; then
        machine_exec "$1" journalctl --sync
        machine_exec "$1" "${read_journal[@]}"
    elif [[ -d $LAB_MEM/$1/upper/var/log/journal ]]; then
        "${read_journal[@]}" --directory "$LAB_MEM/$1/upper/var/log/journal"
    fi
}

# fleet_do VERB MACHINE. The socket stops first, or the next caller would start the daemon again.
fleet_do() {
    case $1 in
    stop) machine_exec "$2" systemctl stop fleet.socket "$FLEET_UNIT" ;;
    start) machine_exec "$2" systemctl start fleet.socket "$FLEET_UNIT" ;;
    kill) fleet_signal KILL "$2" ;;
    pause)
        fleet_signal STOP "$2"
        wait_for 5 fleet_is_paused "$2"
        ;;
    resume) fleet_signal CONT "$2" ;;
    cut) net_cut_store "$2" ;;
    heal) net_heal_store "$2" ;;
    fill | free) fleet_disk "$1" "$2" ;;
    esac
}

# fleet_disk fill|free MACHINE: what it keeps of its units is on a disk of its own, and its embedded store may be.
fleet_disk() {
    machine_exec "$2" bash -c "$(declare -f "disk_$1")
        for disk in /run/fleet /var/lib/fleet; do ! mountpoint -q \$disk || disk_$1 \$disk; done"
}

fleet_signal() {
    local pid
    pid=$(machine_exec "$2" systemctl show --property MainPID --value "$FLEET_UNIT")
    [[ $pid != 0 ]] || die "$2 has no running fleetd"
    # shellcheck disable=SC2016
    machine_exec "$2" bash -c 'kill -s "$1" "$2"' kill "$1" "$pid"
}
