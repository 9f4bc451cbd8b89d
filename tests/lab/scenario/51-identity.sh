# shellcheck shell=bash
# lab: --machines 2 --conf agent_ttl=20s
# timeout: 180
# A machine is itself again on the same boot, at any address; another one with its id is not (docs/architecture.md,
# promise 2).
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

untouched() {
    equal "$before" "$(main_pids m1)"
}

# set_address MACHINE ADDRESS
set_address() {
    lab exec "$1" sed -i "s/^public_ip=.*/public_ip=$2/" /etc/fleet/fleet.conf
}

has_address() {
    mentions "$1" ctl list-machines --no-legend --full --fields=machine,ip
}

# The journal goes on under the id with which it began.
clone_journal() {
    lab exec m2 journalctl --sync
    lab exec m2 journalctl --no-pager --directory "/var/log/journal/$id" --unit fleet.service
}

refusals() {
    clone_journal | grep -c "Refused: a machine with this id, $(lab id m1), is already in the cluster"
}

was_refused() {
    ((refused_before < $(refusals)))
}

clone_has_nothing() {
    prints "" lab exec m2 sh -c "test ! -e /run/fleet/units || ls -A /run/fleet/units"
}

restart_often() {
    for _ in {1..8}; do
        lab exec m1 systemctl restart fleet.service && eventually 8 status_is_running || return
    done
}

status_is_running() {
    mentions '"status":"running"' etcdctl get --print-value-only "${STORE_PREFIX}machine/$(lab id m1)"
}

# A lease that is a little longer than the one of a presence, and nobody renews.
begin_lease_time() {
    local lease
    lease=$(etcdctl lease grant 22 | awk '{ print $2 }')
    etcdctl put --lease "$lease" /time-passes x
}

lease_time_is_over() {
    prints "" etcdctl get /time-passes
}

sleeper a.service "MachineID=$(lab id m1)"
ctl start a.service >/dev/null
before=$(main_pids m1)

set_address m1 10.77.0.199
lab exec m1 systemctl kill -s KILL fleet.service
check "killed, it is back at another address long before its lease runs out" eventually 8 has_address 10.77.0.199
check "with its unit as it was" untouched

# A clone: the same /etc/machine-id.
id=$(lab id m2)
lab exec m2 systemctl stop fleet.socket fleet.service
lab exec m2 cp /etc/machine-id /etc/machine-id.own
lab id m1 | lab exec m2 tee /etc/machine-id >/dev/null
lab exec m2 systemctl start fleet.service
refused_before=0
check "a clone is told that its id is taken" eventually 10 was_refused
check "the machine keeps its place" has_address 10.77.0.199
check "and its unit" untouched
check "the clone runs nothing" clone_has_nothing

check "fleetd of the machine can be restarted again and again" restart_often
check "the clone that waits does not slip in" clone_has_nothing
check "the machine keeps its place" has_address 10.77.0.199
check "and its unit" untouched

refused_before=$(refusals)
lab exec m1 systemctl stop fleet.service
lab exec m2 systemctl restart fleet.service
check "while fleetd of the machine is stopped, its place is kept from a clone that starts" eventually 10 was_refused
check "the time of a lease begins" begin_lease_time
check "and passes" eventually 40 lease_time_is_over
check "the clone runs nothing" clone_has_nothing
lab exec m1 systemctl start fleet.service
check "fleetd of the machine is welcome at once" eventually 8 status_is_running
check "with its address" has_address 10.77.0.199
check "and its unit" untouched
check "the clone still runs nothing" clone_has_nothing

lab exec m2 systemctl stop fleet.service
lab exec m2 cp /etc/machine-id.own /etc/machine-id
set_address m1 10.77.0.101
lab exec m2 systemctl start fleet.socket fleet.service
lab exec m1 systemctl restart fleet.service
check "with an id of its own it is welcome" eventually 10 mentions "${id:0:8}" ctl list-machines
check "and nothing was touched" untouched
ctl destroy a.service >/dev/null
