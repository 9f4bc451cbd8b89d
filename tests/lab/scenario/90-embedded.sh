# shellcheck shell=bash
# lab: --machines 1 --conf agent_ttl=10s
# timeout: 120
# A machine on its own: the embedded store, no etcd.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper alone@.service

restarted() {
    lab exec m1 systemctl restart fleet.service
}

unchanged() {
    equal "$before" "$(main_pids m1)"
}

lab exec m1 sed -i '/^etcd_servers/d' /etc/fleet/fleet.conf
check "fleetd starts without etcd_servers" restarted
check "it says that it is a cluster of one" eventually 5 mentions "cluster of one" lab logs m1
check "the machine is listed" eventually 10 mentions "$(lab id m1)" ctl list-machines --full
check "start works" takes_at_most 2 ctl start alone@1.service alone@2.service
before=$(main_pids m1)
check "two units run" running_is 2 alone
check "a restart of fleetd" restarted
check "finds its machine again" eventually 10 mentions "$(lab id m1)" ctl list-machines --full
check "and what was asked of it" equal 2 "$(ctl list-unit-files --no-legend | wc -l)"
check "and changes no unit" unchanged
lab fleetd kill m1
check "nor does a crash" eventually 10 unchanged
lab kill m1
lab boot m1
check "what was asked runs again after a power cut" eventually 20 running_is 2 alone
check "the store's file is for root only" prints 600 lab exec m1 stat -c %a /var/lib/fleet/fleet.db
check "destroy works" ctl destroy alone@1.service alone@2.service

# --- an etcd where CoreOS fleet would have looked for one
lab exec m1 systemd-run --quiet --unit lonely etcd --data-dir /run/lonely
check "with an etcd on 127.0.0.1:2379" eventually 10 lab exec m1 curl -sf http://127.0.0.1:2379/health
lab exec m1 systemctl restart fleet.service
check "it warns that it is a cluster of its own all the same" \
    eventually 5 mentions "set etcd_servers=http://127.0.0.1:2379" lab logs m1
lab exec m1 systemctl stop lonely.service

# --- started by hand
inside() {
    lab exec m1 fleetctl "$@"
}
lab exec m1 systemctl stop fleet.socket fleet.service
lab exec m1 systemd-run --quiet --unit byhand -p Type=exec /usr/sbin/fleetd
check "started by hand it opens its socket itself" eventually 10 mentions "$(lab id m1)" inside list-machines --full
check "for root and group fleet only" prints "660 root fleet" lab exec m1 stat -c '%a %U %G' /run/fleet.sock
check "a second one is refused, and says why" mentions "is fleetd running already?" \
    lab exec m1 env FLEET_DATA_DIRECTORY=/run/second /usr/sbin/fleetd
lab exec m1 systemctl stop byhand.service
check "--version prints the version" mentions "fleetd version" lab exec m1 fleetd --version
check "a bad option in fleet.conf is an error with the line" mentions "line 1: unknown option 'agent_tl'" \
    lab exec m1 sh -c 'echo agent_tl=5s > /run/bad.conf; fleetd --config /run/bad.conf'
lab down
