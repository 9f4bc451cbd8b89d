# shellcheck shell=bash
# lab: --machines 1 --conf agent_ttl=10s
# timeout: 120
# No room left for the embedded store, nor for the files of units: what runs is left alone, requests are refused with the
# cause, and with room there again all goes on.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper alone@.service

unchanged() {
    equal "$before" "$(main_pids m1)"
}

lists_the_machine() {
    mentions "$(lab id m1)" ctl list-machines --full
}

requests() {
    local i
    for ((i = 10; i < 40; i++)); do
        ctl start --no-block "alone@$i.service" || return
    done
}

lab exec m1 systemctl stop fleet.socket fleet.service
lab exec m1 sed -i '/^etcd_servers/d' /etc/fleet/fleet.conf
lab exec m1 mount -t tmpfs -o mode=700 store /var/lib/fleet
lab exec m1 systemctl start fleet.socket fleet.service
check "a machine of its own" eventually 10 lists_the_machine
ctl start alone@{1..5}.service >/dev/null
before=$(main_pids m1)
check "five units run" running_is 5 alone

lab fleetd fill m1
check "without room requests come to an end, with the cause" mentions "No space left on device" requests
check "what runs is left alone" unchanged
lab exec m1 systemctl restart --no-block fleet.service
sleep 3 # it may come up, or fail and be started again: what it must not do shows in no event
check "also when fleetd starts anew without room" unchanged
lab fleetd free m1
check "with room there again the machine is back" eventually 15 lists_the_machine
check "nothing was touched" unchanged
check "and all goes on" ctl start alone@6.service
ctl destroy '*' >/dev/null
