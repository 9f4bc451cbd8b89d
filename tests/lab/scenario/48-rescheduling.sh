# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 300
# lane: 2
# A unit that fails on its machine is tried anew on another, after a while that outlives the leader.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# picky NAME SERVICE-LINE...: rather on m1, where it cannot run.
picky() {
    unit "$1" '[Service]' "ExecStart=/bin/sh -c 'test -e /run/suits && exec sleep infinity'" 'RestartSec=100ms' \
        "${@:2}" '[X-Fleet]' 'Prefer=host=m1'
}

has_failed_on() {
    equal failed "$(lab exec "$1" systemctl is-failed "$2")"
}

# Where it can run, and there alone.
runs_elsewhere() {
    local machine
    machine=$(where "$1")
    echo "$1 is on $machine"
    [[ $machine == m[23] && $(lab exec "$machine" systemctl is-active "$1") == active ]]
}

is_not_on() {
    fails_on "$1" test -e "/run/fleet/units/$2"
}

# That it does not run is what status exits with.
has_no_plan() {
    local output
    output=$(ctl status "$1")
    echo "$output"
    [[ $output == *"$1"* && $output != *Failures:* ]]
}

counts() {
    mentions "$1" lab exec "$(leader)" curl -s --unix-socket /run/fleet.sock http://x/metrics
}

for machine in m2 m3; do
    lab exec $machine touch /run/suits
done

# --- elsewhere
picky moves.service 'Restart=on-failure'
picky stays.service
check "a unit that fails at once is taken" ctl start --no-block moves.service stays.service
check "systemd gives up on it" eventually 20 has_failed_on m1 moves.service
check "and on the one without Restart=" eventually 10 has_failed_on m1 stays.service
check "status tells when it is tried anew" eventually 10 mentions "1 since it was last well for long; it is tried anew at" \
    ctl status moves.service
check "and where it failed" mentions "1 time, the last at " ctl status moves.service
check "so does the list" mentions " UTC" ctl list-units --no-legend --fields=unit,failures,retry moves.service
check "and a metric of the leader" counts 'fleet_cluster_units_failing 1'

# --- the leader is lost meanwhile
leader=$(leader)
check "the leader is killed" lab exec "$leader" systemctl kill -s KILL fleet.service
check "it stays for its time" never 10 runs_elsewhere moves.service
check "then it runs on another machine" eventually 40 runs_elsewhere moves.service
check "and is not on the first one any more" is_not_on m1 moves.service
check "the reason says so" mentions ", where it failed" ctl status moves.service
check "the one without Restart= is left as it fell" has_failed_on m1 stays.service
check "and nothing is planned for it" has_no_plan stays.service

check "both go" ctl destroy moves.service stays.service
