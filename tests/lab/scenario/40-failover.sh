# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 240
# Machines die, go down, lose the network and come back.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

sleeper job@.service
sleeper agent.service 'Global=true'

# jobs_run_without MACHINE: all jobs run, as one listing shows it, and none of them there.
jobs_run_without() {
    local units
    units=$(ctl list-units --no-legend --full --fields=unit,machine,active) || return
    equal 30 "$(awk -v id="$(lab id "$1")" '/^job@/ && $3 == "active" && index($2, id) != 1' <<<"$units" | wc -l)" &&
        equal 30 "$(grep -c '^job@' <<<"$units")"
}

# sleepers_are N MACHINE: what really runs there.
sleepers_are() {
    equal "$1" "$(lab exec "$2" pgrep -cf 'sleep infinity' || true)"
}

ctl start job@{1..30}.service agent.service >/dev/null
check "30 units run, 10 a machine" running_is 30 '^job@'

# --- power cut: the lease was renewed at most one third of it ago, so it ends within agent_ttl
victim=m2
lab kill $victim
started=${EPOCHREALTIME/./}
check "power cut: its units run elsewhere after the lease and at most 1 s more" eventually 11 jobs_run_without $victim
echo "# moved $(((${EPOCHREALTIME/./} - started) / 1000)) ms after the cut, with agent_ttl=10s"
check "list-machines shows two" equal 2 "$(ctl list-machines --no-legend | wc -l)"
lab boot $victim
check "the machine comes back" eventually 20 mentions "$(lab id $victim)" ctl list-machines --full
check "the global unit runs on it again" eventually 20 running_is 3 '^agent'
check "its old units do not" running_is 30 '^job@'
check "only the global one runs there" eventually 10 sleepers_are 1 "$victim"

# --- of the machine that leads
victim=$(leader)
check "a machine leads" test -n "$victim"
lab kill "$victim"
check "power cut of the leader's machine: the same" eventually 11 jobs_run_without "$victim"
lab boot "$victim"
check "it comes back" eventually 20 mentions "$(lab id "$victim")" ctl list-machines --full

# --- clean shutdown
victim=$(where job@1.service)
lab shutdown "$victim"
check "clean shutdown: its units run elsewhere within 5 s" eventually 5 jobs_run_without "$victim"
lab boot "$victim"
check "it comes back as well" eventually 20 mentions "$(lab id "$victim")" ctl list-machines --full

# --- network gone
victim=$(leader) # the hardest case: nobody else knows yet that it is gone
before=$(main_pids "$victim" | grep job@)
lab cut "$victim"
check "cut off: its units run elsewhere after the lease" eventually 12 jobs_run_without "$victim"
check "meanwhile it keeps what it has" equal "$before" "$(main_pids "$victim" | grep job@)"
lab heal "$victim"
check "back again it stops what was moved" eventually 15 sleepers_are 1 "$victim"
check "all run once" running_is 30 '^job@'
ctl destroy '*' >/dev/null
