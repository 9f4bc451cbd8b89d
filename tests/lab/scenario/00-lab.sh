# shellcheck shell=bash
# lab: --machines 2 --etcd 3 --conf agent_ttl=5s --conf metadata=disk=ssd
# timeout: 200
# lane: 3
# The lab itself: what the other scenarios take for granted.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"

etcd() {
    lab exec m1 env ETCDCTL_API=3 etcdctl --command-timeout=3s --dial-timeout=1s \
        --endpoints=http://10.77.0.11:2379,http://10.77.0.12:2379,http://10.77.0.13:2379 "$@"
}

checksum_of_echo() {
    printf 'a\0b\n\377' | lab exec m1 cat | sha1sum
}

reaches_etcd() {
    lab exec "$1" curl -sf --max-time 1 http://10.77.0.11:2379/version
}

reaches_other_port() {
    lab exec "$1" bash -c 'exec 3<>/dev/tcp/10.77.0.11/2380'
}

takes_a_byte() {
    echo x >"${FLEET_LAB_DIR:-/run/fleet-lab}/mem/etcd$1/x"
}

daemon_pid() {
    lab exec "$1" systemctl show --property MainPID --value fleet.service
}

boot_id() {
    lab exec "$1" cat /proc/sys/kernel/random/boot_id
}

listed() {
    mentions "$1" lab ctl list-machines --full --no-legend
}

# Processes that bear the mark, on the whole host.
marked() {
    pgrep -f "sleep 98760$1" || true
}

# systemd has started a service when it forked; its command comes a moment later.
is_marked() {
    [[ -n $(marked "$1") ]]
}

# --- commands in a machine
check "exec passes the exit status" status_is 7 lab exec m1 sh -c 'exit 7'
check "exec passes stdin and stdout byte for byte" prints "$(printf 'a\0b\n\377' | sha1sum)" \
    checksum_of_echo
check "exec keeps stdout and stderr apart" prints out lab exec m1 sh -c 'echo out; echo err >&2'
# shellcheck disable=SC2016
check "exec runs as root in /" prints "0 / /root" lab exec m1 sh -c 'echo "$(id -u) $PWD $HOME"'
check "a machine has its name" prints m2 lab exec m2 hostname
check "a machine's systemd has booted without a failure" prints running lab exec m1 systemctl is-system-running
check "machines have different ids" not equal "$(lab id m1)" "$(lab id m2)"
check "id tells the machine's own id" prints "$(lab id m1)" lab exec m1 cat /etc/machine-id
check "machines know each other by name" lab exec m1 getent hosts m2

# --- configuration and client
check "given configuration is in fleet.conf" lab exec m1 grep -qx 'agent_ttl=5s' /etc/fleet/fleet.conf
check "metadata is added to the machine's own" \
    lab exec m2 grep -qx 'metadata=host=m2,disk=ssd' /etc/fleet/fleet.conf
check "fleetctl lists m1" listed "$(lab id m1)"
check "fleetctl lists m2" listed "$(lab id m2)"

# --- mistakes
check "an unknown machine is named" mentions "m9" lab exec m9 true
check "an unknown machine is a usage error" status_is 2 lab exec m9 true
check "an unknown command is a usage error" status_is 2 lab explode m1
check "a bad number of machines is a usage error" status_is 2 lab up --machines many

# --- power
id=$(lab id m2) boot=$(boot_id m2)
lab exec m2 sh -c 'echo kept >/etc/mark; echo kept >/var/mark; echo lost >/run/mark'
lab exec m2 systemd-run --quiet --unit mark1 sleep 987601
lab exec m2 systemd-run --quiet --unit mark2 -p KillMode=none sh -c 'setsid sleep 987602 & sleep 987602'
check "a unit's process is seen before the power cut" eventually 5 is_marked 1
lab kill m2
check "a power cut leaves no process of a unit" prints "" marked '[12]'
check "a command in a dead machine fails" not lab exec m2 true
check "the journal of a dead machine can be read" mentions fleet lab logs m2
check "a second power cut changes nothing" lab kill m2
check "the client finds a living machine" lab ctl list-machines
check "a dead machine boots" lab boot m2
check "the others' network is not disturbed" reaches_etcd m1
check "it has the same id" prints "$id" lab exec m2 cat /etc/machine-id
check "it has another boot id" not equal "$boot" "$(boot_id m2)"
check "it keeps /etc and /var" lab exec m2 cat /etc/mark /var/mark
check "its /run is fresh" fails_on m2 test -e /run/mark
check "it is listed again" eventually 20 listed "$id"
check "a clean shutdown ends" lab shutdown m2
check "a machine that was shut down boots" lab boot m2
check "and has the same id" prints "$id" lab exec m2 cat /etc/machine-id
check "its journal goes back to before the power cut" test "$(lab logs m2 | grep -c 'Starting fleet.service')" = 3

# --- network
check "a machine reaches the store" reaches_etcd m2
lab cut m2
check "a cut machine does not reach the store" not reaches_etcd m2
check "a cut machine is reached by exec" lab exec m2 true
lab kill m2
lab boot m2
check "a cut machine stays cut over a power cut" not reaches_etcd m2
lab heal m2
check "a healed machine reaches the store" eventually 5 reaches_etcd m2

# --- store
check "a value is stored" etcd put mark kept
lab etcd stop
check "a stopped store does not answer" not etcd get mark
lab etcd start
check "a store that was stopped keeps its data" mentions kept etcd get mark
lab etcd kill
lab etcd start
check "a store that was killed keeps its data" mentions kept etcd get mark
lab etcd kill 1
check "two of three members answer" etcd get mark
lab etcd stop 2
check "one of three does not" not etcd get mark
lab etcd start
check "three of three do" etcd get mark
lab etcd pause
check "a paused store does not answer" not etcd get mark
lab etcd resume
check "a resumed store does" eventually 10 etcd get mark
lab etcd cut 1
check "two of three members answer while the third has no network" eventually 10 etcd get mark
lab etcd cut 2
check "one of three does not" not etcd get mark
lab etcd heal
check "healed, three of three do" etcd get mark
lab etcd fill 1
check "a disk that is full takes nothing more" not takes_a_byte 1
check "that of another does" takes_a_byte 2
lab etcd free 1
check "nor is it full for ever" takes_a_byte 1

# --- daemon
pid=$(daemon_pid m1)
lab fleetd pause m1
check "the client prefers a daemon that is not paused" timeout 10 "$LAB_HOME/lab" ctl list-machines
lab fleetd resume m1
check "a pause leaves the daemon as it was" prints "$pid" daemon_pid m1
lab fleetd kill m1
check "systemd restarts a killed daemon" eventually 10 lab exec m1 systemctl is-active --quiet fleet.service
check "and it is another process" not equal "$pid" "$(daemon_pid m1)"
lab fleetd stop m1
check "a stopped daemon stays stopped" mentions inactive lab exec m1 systemctl is-active fleet.service
check "the client asks another machine meanwhile" lab ctl list-machines
lab fleetd start m1
check "a daemon starts again" lab exec m1 systemctl is-active --quiet fleet.service

lab fleetd cut m1
check "a daemon that is cut off from the store does not reach it" not reaches_etcd m1
check "but all else" reaches_other_port m1
lab fleetd heal m1
check "a healed one does" eventually 5 reaches_etcd m1
lab fleetd fill m1
check "a daemon without room can write no unit file" fails_on m1 sh -c 'echo x >/run/fleet/units/x'
check "while systemd can" lab exec m1 sh -c 'echo x >/run/systemd/x'
lab fleetd free m1
check "with room it can" lab exec m1 sh -c 'echo x >/run/fleet/x && rm /run/fleet/x'

# --- the whole
lab cut m1
lab etcd cut 3
lab fleetd cut m1
lab kill m2
check "up sets a disturbed lab right" lab up --machines 2 --etcd 3 --conf agent_ttl=5s --conf metadata=disk=ssd
check "the cut is healed" reaches_etcd m1
check "the dead machine is on" lab exec m2 true
check "up with other settings is refused" status_is 1 lab up --machines 1
