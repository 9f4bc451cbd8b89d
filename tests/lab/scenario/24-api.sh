# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s --conf token_limit=3
# timeout: 150
# The HTTP API on real machines, driven by curl: every status code of its table, answers against the schemas of the
# discovery document, pages, filters, metadata, slow clients; and /metrics.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

PYTHON=/usr/bin/python3
JSON='Content-Type: application/json'
DOCS=$(cd "$LAB_HOME/../../docs" && pwd)

# request METHOD PATH [CURL-ARG...]: leaves the answer in body and headers, and prints its status.
request() {
    lab exec "${ASK:-m1}" curl -s -i --max-time 10 --unix-socket /run/fleet.sock -X "$1" "http://fleet$2" "${@:3}" |
        tr -d '\r' >answer
    sed '/^$/q' answer >headers
    sed '1,/^$/d' answer >body
    sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' headers
}

# status STATUS METHOD PATH [CURL-ARG...]
status() {
    local status
    status=$(request "${@:2}")
    cat headers body
    equal "$1" "$status"
}

# is_a SCHEMA METHOD PATH [CURL-ARG...]: 200, with a body that fits the schema of the discovery document.
is_a() {
    status 200 "${@:2}" && grep -qix 'content-type: application/json' headers &&
        "$PYTHON" "$LAB_HOME/lib/api-schema.py" document "$1" <body
}

# refused STATUS TEXT METHOD PATH [CURL-ARG...]: an error object with that status and, in its message, that text.
refused() {
    status "$1" "${@:3}" && "$PYTHON" "$LAB_HOME/lib/api-schema.py" document Error <body &&
        equal "$1" "$(jq .error.code body)" && mentions "$2" jq -r .error.message body
}

allows() {
    status 405 "${@:2}" && grep -qx "Allow: $1" headers
}

# --- discovery
check "the discovery document is served" status 200 GET /fleet/v1/discovery
cp body document
check "it is what generators of clients need" "$PYTHON" "$LAB_HOME/lib/api-schema.py" document
check "the old prefix leads to the same" status 200 GET /v1-alpha/discovery
check "to the byte" cmp document body
# In the tables of the documentation a row begins with a pipe and what it is about, as code.
documented() {
    tr '`' ' ' <"$DOCS/$1" | sed -n "s/^|  $2/\\1/p"
}
check "every path of docs/api.md is in it, and none else" equal \
    "$(jq -r '.resources[].methods[] | "\(.httpMethod) /fleet/v1/\(.path)"' document | sed 's/{unitName}/NAME/' | sort)" \
    "$(documented api.md '\([A-Z]* \/fleet\/v1\/[^ ?[]*\).*' | grep -v discovery | sort)"

# --- units
UNIT='{"desiredState":"launched","options":[{"section":"Service","name":"ExecStart","value":"/bin/sleep infinity"}]}'
put() {
    request PUT "/fleet/v1/units/$1" -H "$JSON" -d "$2"
}
check "PUT of a new unit: 201" equal 201 "$(put api.service "$UNIT")"
check "without a body" prints "" cat body
check "PUT of the same: 204" equal 204 "$(put api.service "$UNIT")"
check "PUT of another state: 204" equal 204 "$(put api.service '{"desiredState":"loaded"}')"
check "POST of a known unit: 409" refused 409 exists POST /fleet/v1/units/api.service -H "$JSON" -d "$UNIT"
check "POST of a new unit: 201" equal 201 "$(request POST /fleet/v1/units/post.service -H "$JSON" -d "$UNIT")"
check "DELETE of it: 204" status 204 DELETE /fleet/v1/units/post.service
check "PUT with a charset in the type: 204" status 204 PUT /fleet/v1/units/api.service \
    -H 'Content-Type: application/json; charset=utf-8' -d '{"desiredState":"launched"}'
check "GET of a unit" is_a Unit GET /fleet/v1/units/api.service
check "GET of an unknown unit: 404" refused 404 'does not exist' GET /fleet/v1/units/no.service
check "PUT of an unknown unit without options: 409" refused 409 no.service PUT /fleet/v1/units/no.service \
    -H "$JSON" -d '{"desiredState":"launched"}'
check "PUT of a known unit without desiredState: 409" refused 409 api.service PUT /fleet/v1/units/api.service \
    -H "$JSON" -d '{}'
check "PUT with a bad name: 400" refused 400 'unit type' PUT /fleet/v1/units/no -H "$JSON" -d "$UNIT"
check "PUT with another name inside: 400" refused 400 b.service PUT /fleet/v1/units/a.service \
    -H "$JSON" -d '{"name":"b.service","desiredState":"inactive"}'
check "PUT with a bad state: 400" refused 400 running PUT /fleet/v1/units/api.service -H "$JSON" -d '{"desiredState":"running"}'
check "PUT of a started template: 400" refused 400 template PUT /fleet/v1/units/t@.service -H "$JSON" -d "$UNIT"
check "PUT with a bad body: 400" refused 400 JSON PUT /fleet/v1/units/a.service -H "$JSON" -d '{'
check "PUT that is not JSON: 415" refused 415 text/plain PUT /fleet/v1/units/a.service -H 'Content-Type: text/plain' -d x
check "PUT without a type: 415" refused 415 missing PUT /fleet/v1/units/a.service -H 'Content-Type:' -d x
check "DELETE of an unknown unit: 404" refused 404 'does not exist' DELETE /fleet/v1/units/no.service

# --- plans
check "POST of a plan" is_a Plan POST /fleet/v1/plan -H "$JSON" \
    -d '{"units":[{"name":"planned.service","text":"[Service]\nExecStart=/bin/true\n"}]}'
check "tells what would happen" equal "planned.service start" "$(jq -r '.changes[] | "\(.unit) \(.change)"' body)"
check "and nothing happens" refused 404 'does not exist' GET /fleet/v1/units/planned.service
check "of nothing: no changes" equal false "$(request POST /fleet/v1/plan -H "$JSON" -d '{}' >&2 && jq .hasChanges body)"
check "of an unknown unit: 404" refused 404 'does not exist' POST /fleet/v1/plan -H "$JSON" -d '{"destroy":["no.service"]}'
check "with a bad body: 400" refused 400 'named twice' POST /fleet/v1/plan -H "$JSON" \
    -d '{"destroy":["api.service","api.service"]}'
check "that is not JSON: 415" refused 415 missing POST /fleet/v1/plan -H 'Content-Type:' -d x

# --- other paths and methods
check "an unknown path: 404" refused 404 /fleet/v1/nothing GET /fleet/v1/nothing
check "another method: 405 with Allow" allows 'GET, PUT, POST, DELETE' PATCH /fleet/v1/units/api.service
check "with an error of its own" refused 405 POST POST /fleet/v1/units
head_has_no_body() {
    equal 405 "$(request HEAD /fleet/v1/units -I)" && [[ ! -s body ]]
}
check "HEAD: 405, without a body" head_has_no_body
check "OPTIONS: 405 with Allow" allows 'GET, PATCH' OPTIONS /fleet/v1/machines
check "the server says who it is" grep -q '^Server: fleetd/' headers

# --- limits
head -c 1100000 /dev/zero | tr '\0' x >large
upload() {
    lab exec m1 curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/fleet.sock -X PUT -H "$JSON" -H "$1" \
        --data-binary @- http://fleet/fleet/v1/units/a.service <large
}
check "a body over the limit: 413" equal 413 "$(upload 'Expect:')"
check "before it is sent, if the client asks: 413" equal 413 "$(upload 'Expect: 100-continue')"
check "headers over the limit: 431" equal 431 "$(request GET /fleet/v1/units -H "X: $(head -c 70000 large)")"
slow_clients() {
    lab exec m1 "$PYTHON" - "$1" $((128 * ${FLEET_LAB_PATIENCE:-1})) <"$LAB_HOME/lib/slow-clients.py"
}
check "a hundred slow clients hold up nobody" slow_clients 25
check "nor do more than there may be" slow_clients 260

# --- pages and filters
for i in 1 2 3 4 5 6; do
    put "page$i.service" "$UNIT" >/dev/null
done
all_run() {
    equal 7 "$(ctl list-units --no-legend --fields=active | grep -c '^active')"
}
check "seven units run" eventually 20 all_run

# walk PATH FIELD KEY: all of a list, page by page, as "name name name|name ..."
walk() {
    local token='' pages='' sign='?'
    [[ $1 != *\?* ]] || sign='&'
    while :; do
        is_a "$4" GET "$1${token:+$sign}${token:+nextPageToken=$token}" >/dev/null || return 1
        pages+=${pages:+|}$(jq -r ".$2[].$3" body | paste -sd' ')
        token=$(jq -r '.nextPageToken // ""' body)
        [[ -n $token ]] || break
    done
    echo "$pages"
}
check "units come in pages of token_limit" prints \
    "api.service page1.service page2.service|page3.service page4.service page5.service|page6.service" \
    walk /fleet/v1/units units name UnitPage
check "so do states" prints \
    "api.service page1.service page2.service|page3.service page4.service page5.service|page6.service" \
    walk /fleet/v1/state states name UnitStatePage
check "three machines are one page" prints "$(printf '%s\n' "$(lab id m1)" "$(lab id m2)" "$(lab id m3)" | sort | paste -sd' ')" \
    walk /fleet/v1/machines machines id MachinePage
is_a UnitPage GET /fleet/v1/units >/dev/null
TOKEN=$(jq -r .nextPageToken body)
check "a token of another list: 400" refused 400 "$TOKEN" GET "/fleet/v1/machines?nextPageToken=$TOKEN"
check "a bad token: 400" refused 400 nextPageToken GET '/fleet/v1/units?nextPageToken=AAA'
check "two tokens: 400" refused 400 nextPageToken GET "/fleet/v1/units?nextPageToken=$TOKEN&nextPageToken=$TOKEN"
check "states of one unit" prints page3.service walk '/fleet/v1/state?unitName=page3.service' states name UnitStatePage
check "states on one machine" prints "$(ctl list-units --full --no-legend --fields=unit,machine | grep "$(lab id m2)" | cut -f1 | paste -sd' ')" \
    walk "/fleet/v1/state?machineID=$(lab id m2)" states name UnitStatePage
check "of neither: an empty page" is_a UnitStatePage GET '/fleet/v1/state?unitName=no.service'
check "the state of a unit" is_a UnitState GET /fleet/v1/state/page3.service
check "of an unknown one: 404" refused 404 'no.service' GET /fleet/v1/state/no.service
events_fit() {
    lab exec m1 curl -sN --max-time 1 --unix-socket /run/fleet.sock http://fleet/fleet/v1/events >events
    "$PYTHON" "$LAB_HOME/lib/api-schema.py" document Event <events && equal 11 "$(grep -c . events)"
}
check "the lines of the event stream are as described" events_fit
on_m2() {
    local ASK=m2
    "$@"
}
check "the cluster at a glance" is_a Status GET /fleet/v1/status
check "it knows who leads and what there is" jq -e \
    '(.leader.machineID | length == 32) and .machines.running == 3 and .units.known > 0 and .store.kind == "etcd"' body
check "the same from another machine" on_m2 is_a Unit GET /fleet/v1/units/page1.service

# --- metadata
patch() {
    request PATCH /fleet/v1/machines -H "Content-Type: ${3:-application/json}" \
        -d "[{\"op\":\"$1\",\"path\":\"/$(lab id m2)/metadata/disk\"${2:+,\"value\":$2}}]"
}
metadata_is() {
    equal "$1" "$(ctl list-machines --full --no-legend --fields=machine,metadata | grep "$(lab id m2)" | cut -f2)"
}
sleeper ssd.service 'MachineMetadata=disk=ssd'
ctl start --no-block ssd.service >/dev/null 2>&1
check "PATCH add: 204" equal 204 "$(patch add '"ssd"')"
check "takes effect at once: a unit that waited for it starts there" eventually 5 runs_on ssd.service m2
check "PATCH replace, as JSON Patch: 204" equal 204 "$(patch replace '"nvme"' application/json-patch+json)"
check "the unit leaves" eventually 5 runs_on ssd.service ""
check "PATCH as CoreOS fleet wanted it: 204" equal 204 "$(patch replace '{"value":"ssd"}')"
check "the unit is back" eventually 5 runs_on ssd.service m2
lab fleetd kill m2
lab fleetd start m2
check "metadata outlives fleetd" eventually 10 metadata_is disk=ssd,host=m2
check "PATCH remove: 204" equal 204 "$(patch remove)"
check "and it is gone" eventually 5 metadata_is host=m2
check "PATCH with an unknown op: 400" equal 400 "$(patch test '"x"')"
check "PATCH with a bad path: 400" refused 400 '/ID/metadata/KEY' PATCH /fleet/v1/machines -H "$JSON" \
    -d '[{"op":"add","path":"/disk","value":"x"}]'
check "PATCH that is not JSON: 415" refused 415 text/plain PATCH /fleet/v1/machines -H 'Content-Type: text/plain' -d '[]'
ctl destroy ssd.service >/dev/null

# --- metrics
metrics() {
    lab exec "$1" curl -sf --unix-socket /run/fleet.sock http://fleet/metrics
}

# metric SAMPLE [MACHINE]: its value; of all machines together if none is named.
metric() {
    local machine
    for machine in ${2:-m1 m2 m3}; do
        metrics "$machine" | "$PYTHON" "$LAB_HOME/lib/prometheus.py" get "$1" || return
    done | awk '{ sum += $1 } END { printf "%.15g\n", sum }'
}

metric_is() {
    equal "$1" "$(metric "${@:2}")"
}

grows() {
    awk -v before="$1" -v now="$(metric "${@:2}")" 'BEGIN { print before, now; exit !(now > before) }'
}

check "metrics are served" status 200 GET /metrics
check "as Prometheus' text" grep -qx 'Content-Type: text/plain; version=0.0.4; charset=utf-8' headers
cp body metrics
check "which reads strictly" "$PYTHON" "$LAB_HOME/lib/prometheus.py" check <metrics
check "docs/metrics.md lists them all, and no others" equal \
    "$("$PYTHON" "$LAB_HOME/lib/prometheus.py" families <metrics)" \
    "$(documented metrics.md '\([a-z_]*\)[ {].*' | sort -u)"
check "seven units run, by what the agents say" \
    metric_is 7 'fleet_agent_units{desired_state="launched",current_state="launched"}'
check "and by what systemd says" metric_is 7 'fleet_agent_unit_systemd_states{active="active",sub="running"}'
check "the leader counts them too" metric_is 7 'fleet_cluster_units{desired_state="launched"}'
check "and three machines" metric_is 3 'fleet_cluster_machines{status="running"}'
check "one engine leads" metric_is 1 fleet_engine_is_leader
check "it is the one that the store names" metric_is 1 fleet_engine_is_leader "$(leader)"
check "it knows since when" grows 1500000000 fleet_engine_leader_start_time "$(leader)"

jobs=$(metric 'fleet_agent_jobs_total{task="start",result="done"}')
tasks=$(metric 'fleet_engine_task_count_total{type="attemptscheduleunit"}')
rounds=$(metric fleet_engine_reconcile_count_total)
writes=$(metric 'fleet_registry_operation_count_total{type="set"}')
calls=$(metric 'fleet_systemd_call_duration_seconds_count{method="StartUnit"}')
puts=$(metric 'fleet_api_requests_total{method="PUT",route="units/{unitName}",code="201"}' m1)
put page7.service "$UNIT" >/dev/null
check "one more unit: the agents count it" eventually 10 \
    metric_is 8 'fleet_agent_units{desired_state="launched",current_state="launched"}'
check "and the leader" metric_is 8 'fleet_cluster_units{desired_state="launched"}'
check "a start was done" metric_is $((jobs + 1)) 'fleet_agent_jobs_total{task="start",result="done"}'
check "a unit was scheduled" metric_is $((tasks + 1)) 'fleet_engine_task_count_total{type="attemptscheduleunit"}'
check "in a round" grows "$rounds" fleet_engine_reconcile_count_total
check "the store was written to" grows "$writes" 'fleet_registry_operation_count_total{type="set"}'
check "systemd was called" grows "$calls" 'fleet_systemd_call_duration_seconds_count{method="StartUnit"}'
check "the request was counted" metric_is $((puts + 1)) \
    'fleet_api_requests_total{method="PUT",route="units/{unitName}",code="201"}' m1
check "watches told of own writes" grows 0 fleet_store_watch_lag_seconds_count
check "none is behind" metric_is 0 fleet_store_watch_behind_seconds
sleeper nowhere.service 'MachineMetadata=host=m9'
ctl start --no-block nowhere.service >/dev/null
check "a unit that waits is counted" eventually 5 metric_is 1 fleet_cluster_units_pending
ctl stop --no-block page7.service >/dev/null
check "a unit that was stopped counts as loaded" eventually 5 \
    metric_is 1 'fleet_agent_units{desired_state="loaded",current_state="loaded"}'
stream_is_counted() {
    lab exec m1 timeout 5 curl -sN --unix-socket /run/fleet.sock http://fleet/fleet/v1/events >/dev/null &
    local stream=$! status=0
    eventually 5 metric_is 1 fleet_api_event_streams m1 || status=1
    kill "$stream" 2>/dev/null
    wait "$stream" 2>/dev/null
    return $status
}
check "an open stream is counted" stream_is_counted
check "build and process are told" grows 1500000000 process_start_time_seconds m1
check "memory" grows 1000000 process_resident_memory_bytes m1
check "descriptors" grows 5 process_open_fds m1

lab etcd stop
check "without the store requests are answered 503" eventually 10 refused 503 'cannot be reached' GET /fleet/v1/units
check "but metrics go on" status 200 GET /metrics
check "and count the errors" grows 0 'fleet_registry_operation_failed_count_total' m1
lab etcd start
check "DELETE: 204 when it is back" eventually 20 status 204 DELETE /fleet/v1/units/page7.service
check "everything is destroyed" ctl destroy '*'
