# shellcheck shell=bash
# lab: --machines 3
# timeout: 120
# A snapshot is restored while no fleetd looks, and the store comes further than it was: its revision shows nothing.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

DATA=${FLEET_LAB_DIR:-/run/fleet-lab}/mem/etcd1/data
SNAPSHOT=$(mktemp -d)/fleet.db

revision() {
    etcdctl get --write-out=json none | jq -r .header.revision
}

fleetds() {
    local machine
    for machine in m1 m2 m3; do
        lab fleetd "$1" "$machine"
    done
}

restore() {
    rm -rf "$DATA"
    ETCDCTL_API=3 command etcdctl snapshot restore "$SNAPSHOT" --data-dir="$DATA" --name=etcd1 \
        --initial-cluster=etcd1=http://10.77.0.11:2380 --initial-advertise-peer-urls=http://10.77.0.11:2380 \
        --initial-cluster-token=restored 2>/dev/null
}

come_further() {
    while (($(revision) <= $1)); do
        etcdctl put further "$1" >/dev/null
    done
}

all_listed() {
    equal 3 "$(ctl list-machines --no-legend | wc -l)"
}

is_told() {
    local machine
    for machine in m1 m2 m3; do
        [[ $(lab logs "$machine") =~ etcd\ at\ .*\ is\ cluster\ .*\ and\ no\ longer ]] || return
    done
}

# In one listing.
only_early_ones_run() {
    equal "3 3" "$(ctl list-units --no-legend | awk '{ n += $1 ~ /^early@/ && $3 == "active" } END { print n + 0, NR }')"
}

late_is_stopped() {
    local machine
    for machine in m1 m2 m3; do
        equal inactive "$(lab exec "$machine" systemctl is-active late.service)" || return
    done
}

sleeper early@.service
sleeper late.service

ctl start early@{1..3}.service >/dev/null
before=$(main_pids m1 m2 m3 | grep early@)
check "a snapshot of the store is taken" etcdctl snapshot save "$SNAPSHOT"
ctl start late.service >/dev/null
check "a unit that comes after the snapshot runs" running_is 1 '^late'
late=$(revision)

fleetds pause
lab etcd stop
check "the snapshot is restored" restore
lab etcd start
check "the store comes further than it was" come_further $((late + 20))
fleetds resume

check "the late unit is gone from the list" eventually 20 only_early_ones_run
check "and stopped" eventually 10 late_is_stopped
check "all machines are there" eventually 20 all_listed
check "each fleetd tells why" is_told
check "the others have not noticed" equal "$before" "$(main_pids m1 m2 m3 | grep early@)"
check "and the cluster works" ctl start late.service
rm -rf "$(dirname "$SNAPSHOT")"
ctl destroy '*' >/dev/null
