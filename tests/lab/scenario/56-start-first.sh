# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 400
# The next version is started elsewhere before the former one is stopped, under a service that is asked all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"

# web NAME PORT VERSION [LINE...]: a file, with further lines of [X-Fleet].
web() {
    unit "$1" '[Service]' "Environment=VERSION=$3" "ExecStart=/usr/bin/python3 ${PROGRAM:-/usr/local/lib/web-server.py} $2" \
        'Restart=on-failure' '[X-Fleet]' "HealthCheck=tcp://:$2" 'HealthInterval=1s' 'HealthStartPeriod=0' \
        'UpdateOrder=start-first' 'UpdateParallel=2' 'UpdateHealthyTime=2s' 'MaxUnavailable=0' "${@:4}"
}
deploy() {
    (cd "$UNITS" && ctl deploy "$@")
}
# In how many places it is up.
places_of() {
    ctl list-units --no-legend --fields=unit,active | grep -c "^$1\.service[[:space:]]*active"
}
is_in_places() {
    equal "$1" "$(places_of "$2")"
}
all_in_one_place() {
    equal 6 "$(ctl list-units --no-legend --fields=unit,active | grep -c 'web@.*active')"
}
machine_of() {
    ctl list-units --no-legend --fields=unit,machine | sed -n "s/^$1\.service[[:space:]]*\([0-9a-f]*\).*/\1/p"
}
has_version() {
    mentions "VERSION=$2" ctl cat "$1"
}
never_without() {
    lost_none && prints 0 counted unanswered-instances
}
web_install

# --- a template whose instances may never be down
web web@.service 80%i 1
(cd "$UNITS" && ctl start --wait-healthy web@{1..6}.service) >/dev/null
check "six instances run" all_in_one_place
client_start
web web@.service 80%i 2
check "a deployment with UpdateOrder=start-first ends well" deploy web@.service
check "all have the new file" has_version web@6.service 2
check "each is in one place" eventually 20 all_in_one_place
PROGRAM=/usr/local/lib/no-such.py web web@.service 80%i 3 UpdateHealthyDeadline=8s
deploy web@.service >deploy.out 2>&1
check "a file that never becomes healthy fails" equal 1 $?
check "it is rolled back" mentions 'has been rolled back' cat deploy.out
check "to all" has_version web@1.service 2

# --- the leader is lost on the way
web web@.service 80%i 4
check "nobody has to follow" deploy --detach web@.service
check "the first one has its next one beside it" eventually 20 is_in_places 2 web@1
check "the leader is lost" eventually 20 leader_killed
check "it goes on under the next leader" eventually 90 mentions 'done' ctl rollout status --no-legend --fields=phase
lab fleetd start "$(<killed)" || true
client_end
check "no request was lost, and no instance ever missed" never_without

# --- a single unit
web single.service 801 1
ctl destroy 'web@*' >/dev/null
(cd "$UNITS" && ctl start --wait-healthy single.service) >/dev/null
before=$(machine_of single)
client_start 801
web single.service 801 2
check "a single unit is deployed without a break" deploy single.service
check "it is on another machine then" test "$before" != "$(machine_of single)"
check "in one place" eventually 20 is_in_places 1 single
client_end
check "no request to it was lost" never_without
unit once.service '[Service]' 'ExecStart=/bin/sleep 100004' '[X-Fleet]' 'StopAfterDisconnect=1min'
check "what must not run twice is not started first" mentions 'cannot be started first, as it has StopAfterDisconnect' \
    deploy --order start-first once.service
