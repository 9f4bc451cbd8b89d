# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 240
# Machines are cordoned and drained under a service that is asked all the time.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"
# shellcheck source=tests/lab/lib/web.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/web.sh"

unit web@.service '[Service]' 'ExecStart=/usr/bin/python3 /usr/local/lib/web-server.py 80%i'
web_install
sleeper everywhere.service 'Global=true'
sleeper only.service 'MachineMetadata=host=m1'
sleeper plain.service

# left_on MACHINE REGEX: how many of these are listed there.
left_on() {
    ctl list-units --no-legend --full --fields=unit,machine | awk -v id="$(lab id "$1")" -v name="$2" \
        '$1 ~ name && index($2, id) == 1 { n++ } END { print n + 0 }'
}
left_on_is() {
    prints "$1" left_on "$2" "$3"
}

ctl start web@{1..6}.service everywhere.service >/dev/null
check "six instances run, and the global unit everywhere" running_is 9 '^(web|everywhere)'

# --- cordon
id1=$(lab id m1)
check "cordon" prints "Cordoned machine ${id1:0:8}.../10.77.0.101" ctl cordon --message 'a disk is failing' host=m1
check "list-machines says so" mentions 'running, cordoned' ctl list-machines
check "and why, if asked" mentions 'a disk is failing' ctl list-machines --fields=machine,message
for i in 1 2 3; do sleeper "more@$i.service"; done
check "new units start" ctl start more@{1..3}.service
check "not there" left_on_is 0 m1 '^more@'
check "what it had runs on" left_on_is 2 m1 '^web@'
check "uncordon" prints "Uncordoned machine ${id1:0:8}.../10.77.0.101" ctl uncordon "$id1"
check "twice is no error" prints "Machine ${id1:0:8}.../10.77.0.101 was not cordoned" ctl uncordon host=m1
check "an unknown machine is refused" status_is 1 ctl cordon nobody
ctl destroy 'more@*' >/dev/null

# --- drain
client_start
ctl drain --message 'new memory' host=m1 >drain.out 2>&1
check "drain ends well" equal 0 $?
check "with a line for each unit" equal 3 "$(grep -c 'has left' drain.out)"
check "one instance at a time" mentions 'may be down at a time (MaxUnavailable)' cat drain.out
check "nothing is left there" left_on_is 0 m1 .
check "nor runs" prints 0 lab exec m1 sh -c "pgrep -cf '[w]eb-server|[s]leep infinity' || true"
check "all instances run elsewhere" running_is 6 '^web@'
check "the global one on the two others" running_is 2 '^everywhere'
check "list-machines says that it is drained" mentions 'running, drained' ctl list-machines
check "status says why it moved" mentions "moved from ${id1:0:8}..., which was drained" ctl status 'web@*'
check "undrain" prints "Machine ${id1:0:8}.../10.77.0.101 is not drained any more" ctl undrain host=m1
check "the global unit is back" eventually 10 left_on_is 1 m1 '^everywhere'
check "the others stay where they are" left_on_is 0 m1 '^web@'

# --- a leader is lost in the middle of a drain
victim=$(leader)
drained=$([[ $victim == m2 ]] && echo m3 || echo m2)
n=$(left_on "$drained" '^web@')
check "there is something to drain" test "$n" -gt 0
ctl drain --detach "host=$drained" >/dev/null
check "the leader is lost" lab fleetd kill "$victim"
check "its successor drains on" eventually 40 left_on_is 0 "$drained" .
check "all run" eventually 20 running_is 6 '^web@'
lab fleetd start "$victim"
client_end
check "no request was lost" lost_none
ctl undrain "host=$drained" >/dev/null

# --- what fits nowhere else
check "a unit for one machine runs" ctl start only.service
ctl start plain.service >/dev/null
ctl drain --detach host=m1 >/dev/null
check "it stays, and says why" eventually 5 mentions "stays on its machine, which is being drained: 0 of 3 machines fit" \
    ctl status only.service
check "and the drain is not over" mentions 'draining (' ctl list-machines
check "the others leave" eventually 10 left_on_is 0 m1 '^plain'
check "global ones stay until it is" left_on_is 1 m1 '^everywhere'
ctl drain --deadline 2s host=m1 >drain.out 2>&1
check "with a deadline the drain ends" equal 0 $?
check "and says what became of it" mentions 'Unit only.service has left' cat drain.out
check "it waits" mentions ' being drained' ctl status only.service
check "undrained, it starts" ctl undrain host=m1
check "by itself" eventually 10 runs_on only.service m1
