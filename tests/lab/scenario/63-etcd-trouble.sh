# shellcheck shell=bash
# lab: --machines 3 --etcd 3 --conf agent_ttl=6s
# timeout: 240
# lane: 3
# No answer, no change (docs/architecture.md, promise 1): 300 units, three members, quorum lost and regained, leaders that
# change all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

OUTAGE_SECONDS=14 # more than two lease times

sleeper steady@.service
sleeper other.service

unchanged() {
    equal "$before" "$(main_pids m1 m2 m3 | grep steady@)"
}

all_listed() {
    equal 3 "$(ctl list-machines --no-legend | wc -l)"
}

members() {
    lab exec m1 env ETCDCTL_API=3 etcdctl --command-timeout=3s \
        --endpoints="${ENDPOINTS:-http://10.77.0.11:2379,http://10.77.0.12:2379,http://10.77.0.13:2379}" "$@"
}

# Gives the lead to the next member, and prints its id.
move_leader() {
    local roles from to
    roles=$(members endpoint status | sed 's/, / /g')
    from=$(awk '$6 == "true" { print $1 }' <<<"$roles")
    to=$(awk '{ id[NR] = $2 } $6 == "true" { leads = NR } END { print id[leads % NR + 1] }' <<<"$roles")
    ENDPOINTS=$from members move-leader "$to" >/dev/null && echo "$to"
}

# rest_until MICROSECONDS: the distance of two changes does not depend on how long the request between them takes.
rest_until() {
    local left=$(($1 - ${EPOCHREALTIME/./}))
    ((left <= 0)) || sleep "$(printf '%d.%06d' $((left / 1000000)) $((left % 1000000)))"
}

# Leaders that change every 2 s for a minute, and a request between any two of them.
trouble() {
    local i next moved=0 failed=0
    for ((i = 0; i < 30; i++)); do
        next=$((${EPOCHREALTIME/./} + 2000000))
        [[ -z $(move_leader) ]] || moved=$((moved + 1))
        ctl "$([[ $((i % 2)) == 0 ]] && echo start || echo stop)" other.service >/dev/null || failed=$((failed + 1))
        rest_until "$next"
    done
    equal "30 0" "$moved $failed"
}

ctl start steady@{1..300}.service >/dev/null
before=$(main_pids m1 m2 m3 | grep steady@)
check "300 units run" eventually 20 running_is 300 '^steady@'

# --- quorum
for way in "kill start" "cut heal"; do
    read -r lose regain <<<"$way"
    lab etcd "$lose" 1
    lab etcd "$lose" 3
    check "$lose: without a quorum fleetctl fails" not ctl list-machines
    sleep $OUTAGE_SECONDS
    check "$lose: after $OUTAGE_SECONDS s no unit has changed" unchanged
    lab etcd "$regain"
    check "$regain: the machines are there again" eventually 30 all_listed
    sleep $OUTAGE_SECONDS # whoever would move units has moved them by then
    check "$regain: no unit has changed since" unchanged
done

# --- leaders
check "the leader of etcd changes every 2 s for a minute, and each request succeeds" trouble
check "no unit has changed by it" unchanged
ctl destroy '*' >/dev/null
