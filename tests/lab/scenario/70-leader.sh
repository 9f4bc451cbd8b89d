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

# What that machine's engine wrote under its own old fence would show as orders or reasons changed while the new leader has
# nothing to do: the revision of the last change of any of them.
last_decision() {
    etcdctl get --prefix --keys-only=false --sort-by=MODIFY --order=DESCEND --limit=1 --write-out=json \
        "$STORE_PREFIX$1/" | sed -n 's/.*"mod_revision":\([0-9]*\).*/\1/p'
}

decisions() {
    echo "$(last_decision schedule) $(last_decision pending)"
}

ctl start u@{1..6}.service >/dev/null
old=$(leader)
check "somebody leads" test -n "$old"
lab fleetd pause "$old"
check "a paused leader is followed by another after its lease" eventually 15 another_leads "$old"
check "which decides" ctl start u@7.service
# Work that the old leader, as it remembers the cluster, would have a different opinion about.
ctl destroy --no-block u@1.service u@2.service >/dev/null 2>&1
check "its orders are withdrawn" eventually 15 running_is 5 '^u@'
before=$(decisions)
lab fleetd resume "$old"
sleep 5 # a leader's whole lease: time in which the old one could write
check "resumed, the old leader does not lead" another_leads "$old"
check "and writes nothing" equal "$before" "$(decisions)"
check "the cluster converges: what was destroyed is gone" eventually 20 running_is 0 '^u@(1|2)[.]'
check "the rest runs" eventually 10 running_is 5 '^u@'
ctl destroy '*' >/dev/null
