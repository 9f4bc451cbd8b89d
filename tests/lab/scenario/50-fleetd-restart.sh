# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 180
# A restart of fleetd is invisible to units (docs/architecture.md, promise 2).
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper keep@.service
unit once.service '[Service]' 'Type=oneshot' 'ExecStart=/bin/sh -c "echo ran >> /run/once"' '[X-Fleet]' 'MachineMetadata=host=m1'

unchanged() {
    equal "$before" "$(main_pids m1 m2 m3)"
}

all_listed() {
    equal 3 "$(ctl list-machines --no-legend --fields=status | grep -cx running)"
}

ctl start keep@{1..12}.service once.service >/dev/null
before=$(main_pids m1 m2 m3)

lab fleetd stop m1
check "stopped, its units run on" unchanged
check "list-machines shows it as restarting" mentions restarting ctl list-machines
sleep 15 # longer than agent_ttl: nothing may happen in this time
check "longer than agent_ttl, nothing moves" unchanged
check "list-units still shows its units" running_is 12 '^keep@'
lab fleetd start m1
check "started again, it is back" eventually 10 all_listed
check "and no unit changed" unchanged

for machine in m1 m2 m3; do
    lab exec $machine systemctl restart fleet.service
done
check "restarted on every machine" eventually 10 all_listed
check "no unit changed" unchanged

for machine in m1 m2 m3; do
    lab fleetd kill $machine
done
check "killed on every machine, systemd starts it again" eventually 15 all_listed
check "no unit changed" unchanged

for machine in m1 m2 m3; do
    lab exec $machine sh -c 'cp /usr/sbin/fleetd /usr/sbin/new && mv /usr/sbin/new /usr/sbin/fleetd'
    lab exec $machine systemctl restart fleet.service
done
check "upgraded on every machine" eventually 10 all_listed
check "no unit changed" unchanged
check "a oneshot that had ended did not run again" prints ran lab exec m1 cat /run/once

check "the cluster works on" ctl stop keep@1.service
machine=$(where keep@2.service)
lab fleetd stop "$machine"
ctl destroy --no-block keep@2.service >/dev/null
lab fleetd start "$machine"
check "a unit destroyed while its fleetd is away is stopped when it is back" \
    eventually 10 not lab exec "$machine" systemctl is-active -q keep@2.service
ctl destroy '*' >/dev/null
