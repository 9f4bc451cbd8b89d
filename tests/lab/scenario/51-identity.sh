# shellcheck shell=bash
# lab: --machines 2 --conf agent_ttl=20s
# timeout: 120
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

sleeper a.service MachineMetadata=host=m1
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
check "a clone is told that its id is taken" eventually 10 mentions "Refused: a machine with this id, $(lab id m1), is already in the cluster" clone_journal
check "the machine keeps its place" has_address 10.77.0.199
check "and its unit" untouched
check "the clone runs nothing" equal "" "$(lab exec m2 ls /run/fleet/units)"

lab exec m2 systemctl stop fleet.service
lab exec m2 cp /etc/machine-id.own /etc/machine-id
set_address m1 10.77.0.101
lab exec m2 systemctl start fleet.socket fleet.service
lab exec m1 systemctl restart fleet.service
check "with an id of its own it is welcome" eventually 10 mentions "${id:0:8}" ctl list-machines
check "and nothing was touched" untouched
ctl destroy a.service >/dev/null
