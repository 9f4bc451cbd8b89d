# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 300
# lane: 3
# A changed file of a global unit goes machine by machine, also under the next leader, and comes back when it fails.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# agent VERSION [LINE...]: its file, with further lines of [X-Fleet]. It notes when it comes and goes.
agent() {
    # shellcheck disable=SC2016
    unit agent.service '[Service]' "Environment=VERSION=$1" \
        "ExecStart=${PROGRAM:-/bin/sleep} 100002" \
        'ExecStartPost=/bin/sh -c '\''echo $$(date +%%s%%N) -1 >>/run/agent.log'\' \
        'ExecStopPost=/bin/sh -c '\''echo $$(date +%%s%%N) +1 >>/run/agent.log'\' \
        '[X-Fleet]' 'Global=true' 'UpdateHealthyTime=2s' "${@:2}"
}
deploy() {
    (cd "$UNITS" && ctl deploy "$@" agent.service)
}
# Machines whose process has that version.
count_running() {
    local machine n=0
    for machine in m1 m2 m3; do
        # shellcheck disable=SC2016
        n=$((n + $(lab exec "$machine" bash -c 'for p in $(pgrep -f "sleep 100002"); do
            tr "\0" "\n" <"/proc/$p/environ" | grep -cx "VERSION=$0"; done | grep -c 1' "$1")))
    done
    echo "$n"
}
running_version() {
    equal "$2" "$(count_running "$1")"
}
# Of the one here, as others may have been deployed before.
rollout_has() {
    equal "$2" "$(ctl rollout status --no-legend --fields="unit,$1" | awk '$1 == "agent.service" { print $2 }')"
}
phase_is() {
    rollout_has phase "$1"
}
done_is() {
    rollout_has "done" "$1"
}
# The most machines that were without it at a time, of what they have noted since the last time.
most_without() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" cat /run/agent.log
    done | sort -n | awk '{ down += $2; if (down > most) most = down } END { print most + 0 }'
}
note_from_now_on() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" truncate -s 0 /run/agent.log
    done
}

agent 1
(cd "$UNITS" && ctl start agent.service) >/dev/null
check "it runs everywhere" eventually 20 running_version 1 3
note_from_now_on

# --- forward
agent 2
check "a plan tells what becomes of it" status_is 2 bash -c "cd $UNITS && '$LAB_HOME/lab' ctl plan agent.service"
deploy >deploy.out 2>&1
check "deploy ends well" equal 0 $?
sed 's/^/# /' deploy.out
check "each machine has a line" equal 3 "$(grep -c 'Unit agent.service on .* is updated' deploy.out)"
check "all have the new file" running_version 2 3
check "with all machines" done_is 3/3
check "it is the unit's next version" equal 2 "$(ctl history --no-legend agent.service | wc -l)"
check "the same once more changes nothing" mentions 'has that version already' deploy

# --- back by itself
PROGRAM=/usr/local/lib/no-such agent 3
deploy >deploy.out 2>&1
check "a file that does not start fails" equal 1 $?
sed 's/^/# /' deploy.out
check "it is rolled back" mentions 'has been rolled back' cat deploy.out
check "to all" running_version 2 3
check "and to the unit" mentions 'VERSION=2' ctl cat agent.service
check "the other machines have kept the former one" equal 2 "$(ctl rollout status --no-legend --fields=phase agent | grep -c waiting)"

# --- the leader is lost on the way
agent 4
check "nobody has to follow" deploy --detach --canaries 1
check "canaries are updated first" eventually 20 phase_is waiting
check "and no others" running_version 4 1
check "the others keep what they have" running_version 2 2
check "the leader is lost" eventually 20 leader_killed
check "they do so under the next leader" never 3 running_version 4 2
check "the others follow when they are promoted" ctl rollout promote --detach agent
check "as far as machines are there" eventually 60 running_version 4 3
lab fleetd start "$(<killed)" || true
check "and it is done" eventually 60 phase_is 'done'
check "never was more than one machine without it" equal 1 "$(most_without)"

# --- what fits together
unit agent.service '[Service]' 'ExecStart=/bin/sleep 100002'
check "what is global remains so" mentions 'is a global unit, and would be none any more: ' deploy
agent 5
check "it cannot be in two places on a machine" mentions 'cannot be started first, as it has Global' deploy --order start-first
deploy --detach --healthy-time 60 >/dev/null
check "it begins" eventually 10 running_version 5 1
agent 6
(cd "$UNITS" && ctl start --replace agent.service) >/dev/null
check "a user's own file goes everywhere" eventually 20 running_version 6 3
check "and supersedes it" eventually 20 phase_is superseded
ctl destroy agent.service >/dev/null
