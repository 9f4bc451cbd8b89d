# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 180
# What fleetctl plan tells is what then happens: starts, restarts, moves, waits and drains, with exit statuses, and the
# revision that holds a deployment to it.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# plan ARG...: leaves the answer's JSON in plan.json; its exit status is fleetctl's.
plan() {
    ctl plan --output=json "$@" >plan.json
}

# told CHANGES [ARG...]: what is told, "unit change from to" of each, with machines as m1; the plan of these is made.
told() {
    local status=0 expected_status=2
    [[ -n $1 ]] || expected_status=0
    plan "${@:2}" || status=$?
    equal "$1" "$(jq -r '.changes[] | "\(.unit) \(.change) \(.fromMachineID // "-") \(.machineID // "-")"' plan.json |
        machines | paste -sd,)" && equal "$expected_status" "$status"
}

# Ids become m1, m2, m3.
machines() {
    sed "s/$(lab id m1)/m1/g; s/$(lab id m2)/m2/g; s/$(lab id m3)/m3/g"
}

reasons() {
    jq -r '.changes[].reason' plan.json
}

revision() {
    jq -r .revision plan.json
}

# The machine that the unit is told to come to.
told_place() {
    jq -r --arg unit "$1" '.changes[] | select(.unit == $unit) | .machineID' plan.json | machines
}

store_revision() {
    etcdctl get --write-out=json "${STORE_PREFIX}leader" | jq .header.revision
}

for machine in m1 m2; do
    id=$(lab id "$machine")
    check "$machine is in a zone" lab exec m1 curl -sf --unix-socket /run/fleet.sock -X PATCH http://fleet/fleet/v1/machines \
        -H 'Content-Type: application/json' \
        -d "[{\"op\":\"add\",\"path\":\"/$id/metadata/zone\",\"value\":\"$machine\"}]"
done

# --- a new unit
sleeper one.service 'MachineMetadata=zone=m1'
before=$(store_revision)
check "a new unit is told to start where it fits" told "one.service start - m1" one.service
check "with the scheduler's reason" mentions "only machine that fits (of 3)" reasons
check "which changes nothing" equal "$before" "$(store_revision)"
check "neither does the cluster know it" mentions "not found" ctl cat one.service
check "for people the file stands above it" mentions "+MachineMetadata=zone=m1" ctl plan one.service
check "and the revision to check below" mentions "deploy --check-revision=" ctl plan one.service
check "start does it" ctl start one.service
check "it is where it was told to be" runs_on one.service m1
check "now the plan is empty, with status 0" told "" one.service
check "and says so" prints "Nothing would change." ctl plan one.service

sleeper any.service
plan any.service
place=$(told_place any.service)
check "a unit that fits anywhere is told a place" not equal m1 "$place"
check "it is started" ctl start any.service
check "there" runs_on any.service "$place"

# --- a unit that fits nowhere
sleeper nowhere.service 'MachineMetadata=zone=m9'
check "a unit that fits nowhere is told to wait" told "nowhere.service wait - -" nowhere.service
check "with the reasons counted" mentions "0 of 3 machines fit:" reasons
why=$(reasons)
ctl start nowhere.service >/dev/null 2>&1
check "so it does, for the same reasons" mentions "$why" ctl status nowhere.service
check "it is destroyed" ctl destroy nowhere.service

# --- a changed file
sleeper one.service 'MachineMetadata=zone=m1' '# changed'
check "a unit with another file is told to restart" told "one.service restart m1 m1" one.service
pid=$(main_pids m1 | grep one.service)
check "the deployment of that revision goes through" ctl deploy --healthy-time 1 --check-revision "$(revision)" one.service
check "it was restarted where it is" not equal "$pid" "$(main_pids m1 | grep one.service)"
check "and has not moved" runs_on one.service m1

sleeper one.service 'MachineMetadata=zone=m2'
check "one whose machine fits no more is told to move" told "one.service move m1 m2" one.service
check "with both reasons" mentions "not one of 'm2'; only machine that fits" reasons
revision=$(revision)
(ctl stop one.service && ctl start one.service) >/dev/null 2>&1
check "somebody changes it meanwhile: the deployment is refused" \
    mentions "was changed since revision $revision" ctl deploy --check-revision "$revision" one.service
check "and nothing happened" runs_on one.service m1
plan one.service
check "with the revision of another plan it is not" ctl deploy --healthy-time 1 --check-revision "$(revision)" one.service
check "it has moved as it was told" runs_on one.service m2

# --- templates
unit app@.service '[Service]' 'ExecStart=/bin/sleep infinity'
(ctl start app@1.service app@2.service) >/dev/null 2>&1
check "instances run" running_is 2 'app@.*'
unit app@.service '[Service]' 'ExecStart=/bin/sleep infinity' 'Environment=NEW=1'
plan app@.service
check "the file of a template is told for each instance" equal "app@1.service restart,app@2.service restart" \
    "$(jq -r '.changes[] | "\(.unit) \(.change)"' plan.json | paste -sd,)"

# --- stopping, destroying, draining
check "a stop is told" told "one.service stop m2 m2" --stop one.service
check "and the end of a unit" told "one.service stop m2 -" --destroy one.service
ctl plan --drain "$(lab id m2)" --output=json >plan.json
check "a drain tells what cannot leave" equal "wait m2" \
    "$(jq -r '.changes[] | select(.unit == "one.service") | "\(.change) \(.machineID)"' plan.json | machines)"
ctl drain --detach "$(lab id m2)" >/dev/null
check "and so it is" eventually 5 mentions "stays on its machine" ctl status one.service
check "the drain is taken back" ctl undrain "$(lab id m2)"
check "an unknown unit is no plan" status_is 1 ctl plan --stop none.service
check "neither is a bad file" status_is 1 ctl plan none.service

check "no unit is left" ctl destroy 'one.service' 'any.service' 'app@*'
