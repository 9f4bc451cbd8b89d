# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# Bad input is refused with the place and the rule, and stores nothing (docs/architecture.md, promise 5).
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# refused TEXT FILE-NAME LINE...: submitting it exits with 1 and mentions TEXT.
refused() {
    local text=$1 name=$2
    unit "$name" "${@:3}"
    status_is 1 ctl submit "$name" && mentions "$text" ctl submit "$name"
}

# api METHOD PATH [BODY [TYPE]]: the status code, then the body, from inside a machine.
api() {
    lab exec m1 curl -s --unix-socket /run/fleet.sock -X "$1" -w '%{http_code} ' \
        ${3:+-H "Content-Type: ${4:-application/json}" -d "$3"} "http://fleet/fleet/v1/$2"
}

stored() {
    etcdctl get --prefix --keys-only "$STORE_PREFIX" | grep -E '/(unit|file|schedule|pending)/' | sort
}
before=$(stored)

SERVICE=('[Service]' 'ExecStart=/bin/true')
check "unknown [X-Fleet] option, with line and suggestion" refused "line 4: [X-Fleet] unknown option 'MachineOff' (did you mean 'MachineOf'?)" \
    a.service "${SERVICE[@]}" '[X-Fleet]' 'MachineOff=b.service'
check "a line that is no option" refused "line 3" a.service "${SERVICE[@]}" 'nonsense'
check "an option before any section" refused "line 1" a.service 'ExecStart=/bin/true'
check "contradicting options" refused "Global" a.service "${SERVICE[@]}" '[X-Fleet]' 'Global=true' 'MachineOf=b.service'
check "a bad boolean" refused "Global" a.service "${SERVICE[@]}" '[X-Fleet]' 'Global=maybe'
check "metadata without =" refused "MachineMetadata" a.service "${SERVICE[@]}" '[X-Fleet]' 'MachineMetadata=ssd'
check "a bad unit name" status_is 1 ctl start 'no/such name!.service'
check "an unknown unit" mentions "unable to find Unit(nobody.service)" ctl start nobody.service
check "an unknown command, with a suggestion" mentions "start" ctl statr x
check "exits with 1" status_is 1 ctl statr x
check "an unknown flag exits with 1" status_is 1 ctl list-units --no-lgend
check "stop of an unknown unit exits with 1" status_is 1 ctl stop nobody.service
check "one bad file among good ones stores none" eval 'sleeper good.service; unit bad.service "[X-Fleet]" "Bad=1"; status_is 1 ctl submit good.service bad.service'

# --- API
check "API: bad name" mentions "400 " api PUT units/bad%20name '{"desiredState":"inactive","options":[]}'
check "API: bad state" mentions "400 " api PUT units/a.service '{"desiredState":"running","options":[]}'
check "API: bad JSON" mentions "400 " api PUT units/a.service '{"desiredState":'
check "API: a JSON that is no object" mentions "400 " api PUT units/a.service '[]'
check "API: name that differs" mentions "400 " api PUT units/a.service '{"name":"b.service","desiredState":"inactive","options":[]}'
check "API: bad option" mentions "400 " api PUT units/a.service '{"desiredState":"inactive","options":[{"section":"X-Fleet","name":"Foo","value":"1"}]}'
check "API: unknown unit without options" mentions "409 " api PUT units/a.service '{"desiredState":"launched"}'
check "API: not JSON by its type" mentions "415 " api PUT units/a.service 'x' text/plain
check "API: unknown path" mentions "404 " api GET nothing
check "API: unknown unit" mentions "404 " api DELETE units/a.service
check "API: wrong method" mentions "405 " api POST units
check "API: errors have code and message" mentions '"error":{"code":404,"message":' api GET units/a.service
check "nothing of all this was stored" equal "$before" "$(stored)"
