# shellcheck shell=bash
# What scenarios ask of a cluster. Needs check.sh.

# A folder for this scenario's unit files; fleetctl finds them there.
UNITS=$(mktemp -d)
trap 'rm -rf "$UNITS"' EXIT
cd "$UNITS" || exit 1

# unit NAME LINE...: writes a unit file.
unit() {
    printf '%s\n' "${@:2}" >"$UNITS/$1"
}

# sleeper NAME [X-FLEET LINE...]: a unit that runs until it is stopped.
sleeper() {
    unit "$1" '[Service]' 'ExecStart=/bin/sleep infinity' '[X-Fleet]' "${@:2}"
}

ctl() {
    lab ctl "$@"
}

# seconds CMD...: how long it took, as a decimal number; its output is lost, its failure is not.
seconds() {
    local start=${EPOCHREALTIME/./} status=0
    "$@" >/dev/null 2>&1 || status=$?
    printf '%d.%03d\n' $(((${EPOCHREALTIME/./} - start) / 1000000)) $(((${EPOCHREALTIME/./} - start) / 1000 % 1000))
    return $status
}

# takes_at_most SECONDS CMD...: says how long it took.
takes_at_most() {
    local took status=0
    took=$(seconds "${@:2}") || status=$?
    echo "took $took s"
    ((status == 0)) && awk -v took="$took" -v most="$1" -v patience="${FLEET_LAB_PATIENCE:-1}" \
        'BEGIN { exit !(took <= most * patience) }'
}

# The machines (m1, ...) that a unit is listed on; nothing if it is on none. Fails if that is not known.
where() {
    local ids id machine
    ids=$(ctl list-units --full --no-legend --fields=unit,machine | awk -v unit="$1" '$1 == unit { print $2 }') || return
    for machine in m1 m2 m3; do
        id=$(lab id "$machine" 2>/dev/null) && [[ $ids == *"$id"* ]] && echo "$machine"
    done
    true
}

# The fleetd that leads is killed; the file `killed` has its machine. For `eventually`: at times nobody leads.
leader_killed() {
    leader >killed && [[ -s killed ]] && lab fleetd kill "$(<killed)"
}

runs_on() {
    local machines
    machines=$(where "$1") && equal "$2" "${machines//$'\n'/ }"
}

# How many listed units match the extended regular expression and run. Fails if that is not known.
running() {
    ctl list-units --no-legend | awk -v name="$1" '$1 ~ name && $3 == "active" { n++ } END { print n + 0 }'
}

# running_is N REGEX: for `eventually`, which must ask anew each time.
running_is() {
    prints "$1" running "$2"
}

# Every unit of fleet's with its machine, main process and the time of its last start.
main_pids() {
    local machine
    for machine in "${@:-m1}"; do
        # shellcheck disable=SC2016
        lab exec "$machine" sh -c 'cd /run/fleet/units && for unit in *.service; do
            systemctl show -p Id,MainPID,ExecMainStartTimestampMonotonic --value "$unit" | paste -sd" "; done' |
            sed "s/^/$machine /"
    done | sort
}

# Beside the machines: any of them may be off.
etcdctl() {
    lab beside env ETCDCTL_API=3 etcdctl --endpoints=http://10.77.0.11:2379 --command-timeout=3s "$@"
}

STORE_PREFIX=/_coreos.com/fleet/

# The machine whose engine leads; nothing if none does. Fails if that is not known.
leader() {
    local id machine
    id=$(etcdctl get --print-value-only "${STORE_PREFIX}leader" | sed 's/.*"machineID":"\([0-9a-f]*\)".*/\1/') || return
    for machine in m1 m2 m3; do
        [[ -n $id && $id == "$(lab id "$machine")" ]] && echo "$machine"
    done
    true
}
