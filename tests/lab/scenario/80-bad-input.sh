# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# lane: 2
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

# refused_text TEXT FORMAT: the same for a file that printf makes of FORMAT.
refused_text() {
    # shellcheck disable=SC2059
    printf "$2" >"$UNITS/a.service"
    status_is 1 ctl submit a.service && mentions "$1" ctl submit a.service
}

# refused_call STATUS TEXT ARG...: what curl gets for these arguments; a body may come from stdin.
refused_call() {
    local answer
    answer=$(lab exec m1 curl -s -m 10 --unix-socket /run/fleet.sock -w '%{http_code}' -H 'Content-Type: application/json' "${@:3}")
    equal "$1" "${answer: -3}" && mentions "$2" echo "$answer"
}

# refused_body STATUS TEXT FORMAT: a PUT with a body that printf makes of FORMAT.
refused_body() {
    # shellcheck disable=SC2059
    printf "$3" | refused_call "$1" "$2" -X PUT --data-binary @- http://fleet/fleet/v1/units/a.service
}

fleetd_pid() {
    lab exec "$1" systemctl show -p MainPID --value fleet.service
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
pid=$(fleetd_pid m1)

SERVICE=('[Service]' 'ExecStart=/bin/true')
check "unknown [X-Fleet] option, with line and suggestion" refused "line 4: [X-Fleet] unknown option 'MachineOff' (did you mean 'MachineOf'?)" \
    a.service "${SERVICE[@]}" '[X-Fleet]' 'MachineOff=b.service'
check "a line that is no option" refused "line 3" a.service "${SERVICE[@]}" 'nonsense'
check "an option before any section" refused "line 1" a.service 'ExecStart=/bin/true'
check "contradicting options" refused "Global" a.service "${SERVICE[@]}" '[X-Fleet]' 'Global=true' 'MachineOf=b.service'
check "a bad boolean" refused "Global" a.service "${SERVICE[@]}" '[X-Fleet]' 'Global=maybe'
check "metadata without =" refused "MachineMetadata" a.service "${SERVICE[@]}" '[X-Fleet]' 'MachineMetadata=ssd'
check "a control character" refused_text "line 2: a control character" '[Service]\nExecStart=/bin/\001true\n'
check "a byte that is not UTF-8" refused_text "not UTF-8 (0xff)" '[Service]\nExecStart=/bin/\377\n'
check "a NUL" refused_text "line 2" '[Service]\nExecStart=/bin/\000true\n'
check "a section without an end" refused_text "line 1: section header '[Service' has no ']'" '[Service\nExecStart=/bin/true\n'
check "an option without a name" refused_text "line 2" '[Service]\n=x\n'
check "an empty file" refused_text "empty" ''
check "a file that is too large" refused_text "at most 262144 bytes" "[Service]\nEnvironment=$(printf 'x%.0s' {1..270000})\n"
check "a name that is too long" mentions "is over 255 bytes" ctl submit "$(printf 'x%.0s' {1..300}).service"
check "a name of nothing but a type" status_is 1 ctl submit .service
check "an empty name" status_is 1 ctl submit ''
mkdir "$UNITS/d.service"
check "a unit that is a folder" status_is 1 ctl submit d.service
mkfifo "$UNITS/f.service"
check "a unit that is a pipe" status_is 1 timeout 10 "$LAB_HOME/lab" ctl submit f.service
check "an unknown field" mentions "unknown field 'bogus'; there are machine, ip, metadata, status" ctl list-machines --fields=bogus
check "an endpoint of no kind" mentions "must begin with unix://" ctl --endpoint=ftp://x list-units
check "a time that is none" mentions "is not a time span" ctl --request-timeout=-1 list-units
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
NO_UTF8="a control character, or a byte that is not UTF-8"
check "API: a body that is cut off" refused_body 400 "unexpected end of data" '{"desiredState":"inact'
check "API: an empty body" refused_body 400 "unexpected end of data" ''
check "API: text behind the body" refused_body 400 "text after the value" '{"desiredState":"inactive"}{'
check "API: a NUL in the body" refused_body 400 "not valid JSON" '{"desiredState":"inactive"\000,"options":[]}'
check "API: an escaped NUL" refused_body 400 "has a NUL character" '{"options":[{"section":"Service","name":"ExecStart","value":"\\u0000"}]}'
check "API: a body that is not UTF-8" refused_body 400 "invalid utf-8 string" '{"desiredState":"\377"}'
check "API: deep nesting" refused_body 400 "nesting too deep" "$(printf '[%.0s' {1..10000})"
check "API: a number for a word" refused_body 400 "field 'desiredState' is int, not string" '{"desiredState":1}'
check "API: an object for a list" refused_body 400 "field 'options' is object, not array" '{"options":{}}'
check "API: an option that is none" refused_body 400 "option 1: not a JSON object" '{"options":["x"]}'
check "API: an option without a value" refused_body 400 "option 2: field 'value' is missing" \
    '{"options":[{"section":"S","name":"a","value":"1"},{"section":"S","name":"a"}]}'
check "API: a body that is too large" eval 'head -c 3000000 /dev/zero | refused_call 413 "too large" -X PUT --data-binary @- http://fleet/fleet/v1/units/a.service'
check "API: a length that is short of the body" refused_call 400 "unexpected end of data" -X PUT -H 'Content-Length: 5' -d '{"desiredState":"inactive"}' http://fleet/fleet/v1/units/a.service
check "API: a length that is none" refused_call 400 "" -X PUT -H 'Content-Length: abc' -d '{}' http://fleet/fleet/v1/units/a.service
check "API: a negative length" refused_call 400 "" -X PUT -H 'Content-Length: -1' -d '{}' http://fleet/fleet/v1/units/a.service
check "API: a length without measure" refused_call 413 "" -X PUT -H 'Content-Length: 99999999999999999999' -d '{}' http://fleet/fleet/v1/units/a.service
check "API: a header that is too large" refused_call 431 "" -H "X-Long: $(printf 'x%.0s' {1..100000})" http://fleet/fleet/v1/units
check "API: a path that is not UTF-8" refused_call 400 "$NO_UTF8" http://fleet/fleet/v1/units/%ff
check "API: a query that is not UTF-8" refused_call 400 "$NO_UTF8" 'http://fleet/fleet/v1/events?unit=%ff'
check "API: a path that leads out" refused_call 404 "nothing at" --path-as-is http://fleet/fleet/v1/../../etc/passwd
check "API: an encoded one" refused_call 404 "nothing at" http://fleet/fleet/v1/units/..%2f..%2fetc%2fpasswd
check "API: a unit that leads out" refused_call 404 "nothing at" \
    -X PUT -d '{"desiredState":"inactive","options":[]}' http://fleet/fleet/v1/units/%2e%2e%2fx.service
check "API: a unit that hides" refused_call 400 "unit name '...service' begins with a dot" \
    -X PUT -d '{"desiredState":"inactive","options":[]}' http://fleet/fleet/v1/units/%2e%2e.service
check "API: a NUL in a name" refused_call 400 "unit name 'a.service%00.service' has a character" \
    -X PUT -d '{"desiredState":"inactive","options":[]}' http://fleet/fleet/v1/units/a.service%00.service
check "API: a URL that is too long" refused_call 414 "" "http://fleet/fleet/v1/units?a=$(printf 'x%.0s' {1..80000})"
check "API: metadata with an escape sequence" refused_call 400 "unprintable characters" \
    -X PATCH -d "[{\"op\":\"add\",\"path\":\"/$(lab id m1)/metadata/a\",\"value\":\"\\u001b[31m\"}]" http://fleet/fleet/v1/machines
check "API: metadata of a machine that leads out" refused_call 400 "" \
    -X PATCH -d '[{"op":"add","path":"/..~1..~1unit/metadata/a","value":"x"}]' http://fleet/fleet/v1/machines
check "API: a revision that is no number of the store's" refused_call 400 "revision" \
    'http://fleet/fleet/v1/units?revision=99999999999999999999'
check "API: a page token that is none" refused_call 400 "is not one that this list gave" 'http://fleet/fleet/v1/units?nextPageToken=x'
check "API: a patch that is no list" refused_call 400 "not a list" -X PATCH -d '{"op":"add"}' http://fleet/fleet/v1/machines
check "API: a patch of nothing" refused_call 400 "operation 1: not a JSON object" -X PATCH -d '[[]]' http://fleet/fleet/v1/machines
check "no fleetd ended" equal "$pid" "$(fleetd_pid m1)"
check "nothing of all this was stored" equal "$before" "$(stored)"
