# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 500
# lane: 4
# An operator's day: six instances of a web service on three machines, asked all the time while machines are rebooted, the load evened
# out, versions deployed, the number of instances changed, fleetd upgraded, and at last a machine loses its power.
#
# What a lost request is, tests/lab/lib/web-client.py says: of a client that asks another instance when one refuses, and of one that
# asks every instance which discovery lists as healthy, once and directly. Of neither kind may one be lost but by the power cut, and
# then those only that were sent to the dead machine. The service does its part: when it is stopped, ExecStop= has it go on answering for
# a second, in which those who ask learn that it leaves; what has been accepted then is answered before it ends (web-server.py).
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"
# shellcheck source=tests/lab/lib/reboots.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/reboots.sh"

# web VERSION: the template's file.
web() {
    unit web@.service '[Service]' "Environment=VERSION=$1" 'ExecStart=/usr/bin/python3 /usr/local/lib/web-server.py 80%i' \
        'ExecStop=/bin/sleep 1' 'Restart=on-failure' '[X-Fleet]' 'HealthCheck=http://:80%i/' 'UpdateOrder=start-first' \
        'UpdateParallel=2' 'UpdateHealthyTime=1s'
}
in_units() {
    (cd "$UNITS" && ctl "$@")
}
# well N: so many instances are up and healthy, each in one place.
well() {
    lists "$1" '^web@[0-9]+\.service[[:space:]].*active[[:space:]]+healthy$' \
        ctl list-units --no-legend --fields=unit,machine,active,health && lists "$1" '^web@' ctl list-units --no-legend
}
machines_are() {
    lists "$1" running ctl list-machines --no-legend --fields=status
}
has_version() {
    lists "$1" "VERSION=$2\$" ctl cat 'web@[0-9]*.service'
}
in_two_places() {
    lists 2 '^web@1\.' ctl list-units --no-legend --state=active
}
rollout_is() {
    mentions "$1" ctl rollout status --no-legend --fields=phase
}

# The API, and so discovery, is for clients in the network as well.
listen_on_network() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" sh -c 'mkdir -p /etc/systemd/system/fleet.socket.d
            printf "[Socket]\nListenStream=8079\n" >/etc/systemd/system/fleet.socket.d/tcp.conf
            systemctl daemon-reload; systemctl stop fleet.socket fleet.service; systemctl start fleet.socket fleet.service'
    done
}

# planned WHAT: what the client has lost since the act before, which is nothing.
planned() {
    client_tells
    check "$1: no request was lost" lost_none
    check "$1: requests were sent to all" counted_at_least 100 direct
    check "$1: two healthy instances always answered" counted_at_least 2 least
    check "$1: discovery always had an answer" test "$(counted unlisted-ms)" -lt 3000
}

listen_on_network
check "all machines are here" eventually 20 machines_are 3
web_install
web 1
(cd "$UNITS" && ctl submit web@.service) >/dev/null
check "six instances are started by their number" ctl scale web@ 6
check "all are well" eventually 15 well 6
client_start --fleetd 10.77.0.101:8079 --fleetd 10.77.0.102:8079 --fleetd 10.77.0.103:8079 80{1..8}
client_tells >/dev/null

# --- all machines are rebooted, one after the other
boots >before
firmware_start m1 m2 m3
check "reboot --all" ctl reboot --all --detach --message 'new kernel'
check "all are back" eventually 120 no_reboots
check "each has booted" boots_are 0
check "six are well" eventually 10 well 6
firmware_stop
planned "reboot --all"

# --- which has left them unevenly spread
check "rebalance moves some" mentions 'moved' ctl rebalance
check "to two each" equal '2 2 2' "$(ctl list-units --no-legend --fields=machine 'web@*' | sort | uniq -c | awk '{ print $1 }' | xargs)"
check "six are well" eventually 10 well 6
planned "rebalance"

# --- a new version
web 2
check "deploy, each next one before the former one is stopped" in_units deploy web@.service
check "all have it" has_version 6 2
check "six are well" eventually 10 well 6
planned "deploy"

# --- more, and fewer
check "scale up" ctl scale web@ 8
check "eight are well" eventually 15 well 8
check "scale down" ctl scale web@ 5
check "five are well" eventually 15 well 5
check "scale up again" ctl scale web@ 6
check "six are well" eventually 15 well 6
planned "scale"

# --- another version of fleetd: its program is replaced while it runs, and then it is restarted, as the package does it. What stands for
# another version is the same program with another number in it, or FLEETD_NEXT, another build.
upgrade() {
    if [[ -n ${FLEETD_NEXT-} ]]; then
        lab exec "$1" sh -c 'cat >/usr/sbin/new' <"$FLEETD_NEXT"
    else
        lab exec "$1" sh -c "sed 's/${FORMER//./\\.}/$NEXT/g' /usr/sbin/fleetd >/usr/sbin/new"
    fi
    lab exec "$1" sh -c 'chmod 755 /usr/sbin/new && mv /usr/sbin/new /usr/sbin/fleetd && systemctl restart fleet.service'
}
versions_are() {
    prints "$1" eval "lab exec m1 curl -sSf --unix-socket /run/fleet.sock http://fleet/fleet/v1/machines |
        jq -r '[.machines[] | select(.status == \"running\") | .version] | sort | join(\" \")'"
}
FORMER=$(lab exec m1 fleetd --version | awk '{ print $NF }')
NEXT=${FORMER%?}x # as long as that
[[ -z ${FLEETD_NEXT-} ]] || NEXT=$("$FLEETD_NEXT" --version | awk '{ print $NF }')
before=$(main_pids m1 m2 m3)
upgraded=()
for machine in m1 m2 m3; do
    check "fleetd of $machine is upgraded" upgrade $machine
    upgraded+=("$NEXT")
    versions=("${upgraded[@]}")
    while ((${#versions[@]} < 3)); do versions=("$FORMER" "${versions[@]}"); done
    check "it is back, beside others of the former version" eventually 15 versions_are "${versions[*]}"
done
check "no unit has noticed" equal "$before" "$(main_pids m1 m2 m3)"
planned "upgrade of fleetd"

# --- a leader that is lost in the middle of a deployment
web 3
check "a deployment that nobody follows" in_units deploy --detach web@.service
check "has its first instance in two places" eventually 20 in_two_places
check "the leader is lost" eventually 20 leader_killed
check "its successor goes on" eventually 90 rollout_is 'done'
check "all have the new version" has_version 6 3
check "six are well" eventually 15 well 6
planned "deploy with a lost leader"

# --- power cut
only() {
    sleeper only.service "MachineMetadata=host=$1"
    in_units start only.service
}
# lost_only_at ADDRESS SECONDS: what was lost was sent there, and nothing later than so many seconds after the cut.
lost_only_at() {
    awk -v there="$1" -v most=$(($2 * ${FLEET_LAB_PATIENCE:-1})) 'index($2, there ":") != 1 || $4 > most { print; n++ } END { exit n > 0 }' lost
}
on_two_machines() {
    well 6 && lists 0 "$victim_id" ctl list-units --no-legend --full --fields=machine,unit 'web@*'
}
check "all machines are here" eventually 20 machines_are 3
victim=$(leader)
victim_id=$(lab id "$victim")
address=10.77.0.10${victim#m}
check "a unit that can only be there" only "$victim"
planned "before the power cut"
lab kill "$victim"
# The lease, a second, and what an instance needs to be up and asked.
check "power cut of the leader's machine: all six are well on the two others in time" eventually 10 on_two_machines
client_tells
check "lost are requests that were sent to the dead machine only, until its lease was over" lost_only_at "$address" 7
check "two healthy instances always answered" counted_at_least 2 least
check "requests to the dead machine were counted" counted_at_least 1 direct-lost
status=0
screen=$(ctl status) || status=$?
check "one screen says what waits, and why" mentions 'Waiting: only.service: 0 of 2 machines fit: 1 metadata host is' echo "$screen"
check "and that not all is as it should be" equal 3 $status
printf '# %s\n' "${screen//$'\n'/$'\n'# }"
lab boot "$victim"
check "the machine comes back" eventually 20 machines_are 3
check "what waited for it starts by itself" eventually 10 runs_on only.service "$victim"
check "the screen says that all is well again" eventually 10 status_is 0 ctl status
planned "a machine that comes back"
client_end >/dev/null
ctl scale --forget web@ >/dev/null
ctl destroy '*' >/dev/null
