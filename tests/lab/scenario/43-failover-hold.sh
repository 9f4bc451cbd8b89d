# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s --conf failover_hold=1min
# timeout: 240
# Two of three machines lose their power at once: nothing is moved for a time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper job@.service

# failover_is EXPRESSION VALUE: what m3's fleetd says, as the others may be dead.
failover_is() {
    local answer
    answer=$(lab exec m3 curl -sS --unix-socket /run/fleet.sock http://fleet/fleet/v1/failover) &&
        equal "$2" "$(jq -r "$1" <<<"$answer")"
}
# sleeps N MACHINE: what really runs there.
sleeps() {
    equal "$1" "$(lab exec "$2" pgrep -cf 'sleep infinity' || true)"
}
sleeps_at_least() {
    local n
    n=$(lab exec "$2" pgrep -cf 'sleep infinity') && ((n >= $1))
}
ctl3() {
    lab exec m3 fleetctl "$@"
}
ctl3_lists() {
    lists "$1" "$3" ctl3 "$2" --no-legend
}
held_machine() {
    local id machine
    id=$(lab exec m3 curl -sS --unix-socket /run/fleet.sock http://fleet/fleet/v1/failover | jq -r '.machines[0]')
    for machine in m1 m2; do
        [[ $id == "$(lab id $machine)" ]] && echo $machine
    done
}

ctl start job@{1..9}.service >/dev/null
check "nine units run" running_is 9 '^job@'
check "nothing is held" failover_is .held false

lab kill m1
lab kill m2
check "they are held, or the second that is found gone is" eventually 15 failover_is .held true
check "so does the cluster's status" mentions 'Brake: 2 of 3 machines vanished ' ctl3 status
check "which is not as it should be" status_is 3 ctl3 status
check "their units are counted as such" mentions ' on machines that vanished' ctl3 status
check "each of them says so itself" mentions 'so its units are held' ctl3 status 'job@*'
check "fleetd says so" eventually 5 mentions 'too many others at once' lab logs m3
check "not all of it is moved" never 6 sleeps 9 m3
check "the last one that is up can be asked to reboot" ctl3 reboot --detach host=m3
check "and does not while others are held" eventually 10 mentions 'none is rebooted until that is settled' \
    ctl3 list-reboots
check "it is not drained either" mentions 'waiting' ctl3 list-reboots
check "it is cancelled" ctl3 reboot --cancel --all
lab fleetd kill m3
check "nor after a crash of the leader" never 8 sleeps 9 m3

# --- it comes back
machine=$(held_machine)
lab boot "$machine"
check "who comes back has what it had, and perhaps more" eventually 20 sleeps_at_least 3 "$machine"
check "nothing is held any more" eventually 5 failover_is .held false
check "all run" eventually 20 ctl3_lists 9 list-units active
lab boot "$([[ $machine == m1 ]] && echo m2 || echo m1)"
check "all are here again" eventually 30 ctl3_lists 3 list-machines running

# --- nobody waits
lab kill m1
lab kill m2
check "some are held again" eventually 15 failover_is .held true
check "the metric says it" mentions 'fleet_cluster_machines_held' lab exec m3 curl -sS --unix-socket /run/fleet.sock http://fleet/metrics
check "release needs a word more" status_is 1 ctl3 failover
check "released" prints "Released: the units of vanished machines move now" ctl3 failover --now
check "all units run on what is left" eventually 10 sleeps 9 m3
check "nothing is left to release" eventually 5 prints "No machines are held" ctl3 failover --now
