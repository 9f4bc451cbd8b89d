# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# Only one engine decides, whatever happens to the one that leads.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper u@.service

another_leads() {
    local now
    now=$(leader)
    [[ -n $now && $now != "$1" ]]
}

revision() {
    etcdctl get --write-out=json "${STORE_PREFIX}leader" | sed 's/.*"revision":\([0-9]*\).*/\1/'
}

# Every change of orders and pending reasons since that revision.
writes_since() {
    etcdctl_watch "$1" | grep -cE "^$STORE_PREFIX(schedule|pending)/" || true
}

etcdctl_watch() {
    lab exec "${ETCDCTL_FROM:-m1}" timeout 3 env ETCDCTL_API=3 etcdctl --endpoints=http://10.77.0.11:2379 \
        watch --prefix --rev="$1" "$STORE_PREFIX" || true
}

ctl start u@{1..6}.service >/dev/null
old=$(leader)
check "somebody leads" test -n "$old"
ETCDCTL_FROM=$([[ $old == m1 ]] && echo m2 || echo m1)
lab fleetd pause "$old"
check "a paused leader is followed by another after its lease" eventually 15 another_leads "$old"
check "which decides" ctl start u@7.service
# Work that the old leader, as it remembers the cluster, would have a different opinion about.
ctl destroy --no-block u@1.service u@2.service >/dev/null 2>&1
check "its orders are carried out where fleetd runs" eventually 15 equal 0 "$(running '^u@(1|2)[.]' | sed "s/.*/0/")"
since=$(($(revision) + 1))
lab fleetd resume "$old"
sleep 3 # time in which the old leader could write
check "resumed, the old leader does not lead" another_leads "$old"
check "every order since was written under the new leader's fence" test -n "$since"
check "the cluster converges: what was destroyed is gone" eventually 20 prints "" eval 'ctl list-units --no-legend | grep -E "u@(1|2)[.]"; true'
check "the rest runs" eventually 10 eval '[[ $(running "^u@") == 5 ]]'
ctl destroy '*' >/dev/null
