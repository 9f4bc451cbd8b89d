# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 400
# lane: 2
# Changed unit files are rolled out under a service that is asked all the time, and rolled back when they fail.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"

# web VERSION [LINE...]: the template's file, with further lines of [X-Fleet].
web() {
    unit web@.service '[Service]' "Environment=VERSION=$1" "ExecStart=/usr/bin/python3 ${PROGRAM:-/usr/local/lib/web-server.py} 80%i" \
        'Restart=on-failure' '[X-Fleet]' 'HealthCheck=tcp://:80%i' 'HealthInterval=1s' 'HealthStartPeriod=0' "${@:2}"
}
web_install

# How many instances run with that version, as their processes have it.
count_running() {
    local machine n=0
    for machine in m1 m2 m3; do
        # shellcheck disable=SC2016
        n=$((n + $(lab exec "$machine" bash -c 'for p in $(pgrep -f web-server.py); do
            tr "\0" "\n" <"/proc/$p/environ" | grep -cx "VERSION=$0"; done | grep -c 1' "$1")))
    done
    echo "$n"
}
running_version() {
    equal "$2" "$(count_running "$1")"
}
phase_is() {
    equal "$1" "$(ctl rollout status --no-legend --fields=phase)"
}
done_is() {
    equal "$1" "$(ctl rollout status --no-legend --fields=done)"
}
# More than those are done.
more_done() {
    local text
    text=$(ctl rollout status --no-legend --fields=done)
    ((${text%/*} > $1))
}
# fleetctl deploy of the template by the file in UNITS.
deploy() {
    (cd "$UNITS" && ctl deploy --healthy-time 2 "$@" web@.service)
}

web 1
(cd "$UNITS" && ctl start web@{1..6}.service) >/dev/null
check "six instances run" eventually 20 running_version 1 6
check "nothing was deployed yet" prints '' ctl rollout status --no-legend
client_start

# --- forward
web 2
deploy --message 'a fix' >deploy.out 2>&1
check "deploy ends well" equal 0 $?
sed 's/^/# /' deploy.out
check "each unit has a line" equal 6 "$(grep -c 'Unit web@[1-6].service is updated' deploy.out)"
check "all have the new file" running_version 2 6
check "it is done" phase_is 'done'
check "with all units" done_is 6/6
check "the template has it, too" mentions 'VERSION=2' ctl cat web@.service
check "it is a version of each" equal 2 "$(ctl history --no-legend web@3.service | wc -l)"
check "the same once more changes nothing" mentions 'have that version already' deploy

# --- back by itself
PROGRAM=/usr/local/lib/no-such.py web 3 UpdateHealthyDeadline=20s
deploy >deploy.out 2>&1
check "a file that never becomes healthy fails" equal 1 $?
sed 's/^/# /' deploy.out
check "it is rolled back" mentions 'has been rolled back' cat deploy.out
check "and says why" mentions 'web@1.service' ctl rollout status
check "the former one runs everywhere" running_version 2 6
check "the template has it" mentions 'VERSION=2' ctl cat web@.service
check "status of it fails" status_is 1 ctl rollout status web@

# --- the leader is lost on the way
web 4
check "nobody has to follow" deploy --detach
check "it begins" eventually 20 more_done 0
check "the leader is lost" eventually 20 leader_killed
check "it goes on under the next leader" eventually 60 phase_is 'done'
lab fleetd start "$(<killed)" || true
check "all have the new file after that" eventually 10 running_version 4 6

# --- by users' words
check "undo gives the former file back" mentions 'has been rolled back' ctl rollout undo web@
check "to all" running_version 2 6
web 5
check "canaries are updated first" mentions 'waits to be promoted' deploy --canaries 2
check "and no others" running_version 5 2
check "the others follow when they are promoted" mentions 'is done' ctl rollout promote web@
check "all of them" running_version 5 6
web 6
deploy --detach >/dev/null
check "it begins once more" eventually 20 more_done 0
check "it can be paused" ctl rollout pause web@
check "then nothing goes on" eventually 10 phase_is paused
web 7
check "another one replaces it" mentions 'is done' deploy
check "on all units" running_version 7 6
client_end
check "no request was lost" lost_none

# --- what fits together
check "what was changed since is refused" mentions 'was changed since revision 1' deploy --check-revision 1
unit single.service '[Service]' 'ExecStart=/bin/sleep 100001'
check "a unit that is not known is started" mentions 'is updated' bash -c "cd $UNITS && '$LAB_HOME/lab' ctl deploy --healthy-time 1 single.service"
unit single.service '[Service]' 'ExecStart=/bin/sleep 100002'
(cd "$UNITS" && ctl deploy --detach --healthy-time 60 single.service) >/dev/null
unit single.service '[Service]' 'ExecStart=/bin/sleep 100003'
(cd "$UNITS" && ctl start --replace single.service) >/dev/null
check "a user's own file supersedes it" eventually 20 mentions 'superseded' ctl rollout status single
ctl destroy single.service >/dev/null
check "and what is destroyed is not deployed any more" eventually 10 mentions 'nothing was deployed' ctl rollout status single
