# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 400
# lane: 2
# What somebody else writes under fleet's keys is reported and skipped; no unit is touched (docs/architecture.md,
# "Garbage").
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

NOBODY=00000000000000000000000000000099
NO_HASH=0000000000000000000000000000000000000000

# put KEY: the value comes from stdin.
put() {
    etcdctl put -- "$STORE_PREFIX$1" >/dev/null
}

get() {
    etcdctl get --print-value-only -- "$STORE_PREFIX$1"
}

# Values that none of fleet's keys can have. garbage N prints one; 1 when there is none.
garbage() {
    case $1 in
    0) printf '{"hash":' ;;
    1) printf '{"hash":7,"desired":true,"bootID":[],"current":{},"unitRevision":"x","summary":1,"machineID":null}' ;;
    2) printf '[%.0s' {1..5000} ;;
    3) printf '\xff\xfe\x80{}' ;;
    4) printf '{"hash":"\x01\x1b[31m"}\n' ;;
    5) printf 'a\0b' ;;
    6) head -c 1048576 /dev/zero | tr '\0' '\1' ;;
    *) return 1 ;;
    esac
}

# put_garbage KEY: one after the other; the last one stays.
put_garbage() {
    local n=0
    while garbage "$n" >/dev/null; do
        garbage "$n" | put "$1" || return
        n=$((n + 1))
    done
}

# keep KEY, put_back KEY: for later. Of what people ask of machines there was none.
keep() {
    get "$1" >"$UNITS/kept"
}

put_back() {
    case $1 in
    metadata/* | maintenance/* | reboot/* | deployment/* | scale/*) etcdctl del -- "$STORE_PREFIX$1" ;;
    file/*) put "$1" <<<"$(<"$UNITS/kept")" ;;
    *) put "$1" <"$UNITS/kept" ;;
    esac
}

fleetd_pids() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" systemctl show -p MainPID -p NRestarts --value fleet.service | paste -sd' '
    done
}

# reported TEXT: some fleetd has said so.
reported() {
    local machine
    for machine in m1 m2 m3; do
        [[ $(lab logs "$machine") == *"$1"* ]] && return
    done
    echo "nobody reports $1"
    return 1
}

untouched() {
    equal "$before" "$(main_pids m1 m2 m3)" && equal "$fleetds" "$(fleetd_pids)"
}

leads() {
    [[ -n $(leader) ]]
}

# Fails also if that is not known.
is_gone() {
    prints '' get "$1"
}

is_readable() {
    [[ $(get "$1") == *"$2"* ]]
}

# sees_a_new_unit NAME: the cluster goes on.
sees_a_new_unit() {
    sleeper "$1"
    ctl start "$1" && ctl destroy "$1"
}

# killed MACHINE...: fleetd is killed there, and comes back by itself.
main_pid() {
    lab exec "$1" systemctl show -p MainPID --value fleet.service
}

main_pid_is_not() {
    local pid
    pid=$(main_pid "$1") && not equal "$2" "$pid"
}

killed() {
    local machine pid
    for machine in "$@"; do
        pid=$(main_pid "$machine")
        lab exec "$machine" systemctl kill -s KILL fleet.service
        eventually 20 main_pid_is_not "$machine" "$pid" || return
    done
}

all_machines_are_listed() {
    equal 3 "$(ctl list-machines --no-legend | wc -l)"
}

sleeper a@.service
sleeper g.service Global=true
sleeper w.service MachineMetadata=no=where
sleeper new.service
ctl start a@{1..4}.service g.service >/dev/null
# Of the values below some are metadata like any others, by which the unit would have to move.
sleeper z.service "MachineMetadata=host=$(where a@2.service)"
ctl start z.service >/dev/null
ctl start --no-block w.service >/dev/null
check "all run" eventually 20 running_is 8 .
before=$(main_pids m1 m2 m3)
fleetds=$(fleetd_pids)
on=$(lab id "$(where a@1.service)") other=$(lab id "$(where a@2.service)")
hash=$(get unit/a@1.service | sed 's/.*"hash":"\([0-9a-f]*\)".*/\1/')

# --- one kind of key after the other, over what is there
for key in unit/a@1.service "file/$hash" "machine/$on" "metadata/$on/host" "schedule/$on/a@1.service" \
    "state/$on/a@1.service" pending/w.service leader "maintenance/$on" "reboot/$on" \
    deployment/a@.service rollout/a@.service scale/a@.service rebalance; do
    keep "$key"
    check "garbage over $key can be written" put_garbage "$key"
    check "it is reported with the key" eventually 10 reported "'$key'"
    check "somebody leads" eventually 10 leads
    check "units can be started" sees_a_new_unit "new-${key//[^a-z]/}.service"
    check "no unit was touched, and no fleetd ended" untouched
    case $key in
    unit/* | file/* | metadata/* | maintenance/* | reboot/* | deployment/* | scale/*) check "it is as it was" put_back "$key" ;;
    esac
done
check "the presence is written anew" eventually 10 is_readable "machine/$on" bootID
check "the order is written anew" eventually 10 is_readable "schedule/$on/a@1.service" "$hash"
check "the pending is written anew" eventually 10 is_readable pending/w.service summary
check "all machines are listed" all_machines_are_listed

# --- where nothing should be
for key in unit/new.service "file/$NO_HASH" "machine/$NOBODY" "metadata/$NOBODY/zone" "schedule/$other/a@1.service" \
    "schedule/$NOBODY/a@1.service" "schedule/$on/new.service" "state/$NOBODY/a@1.service" pending/none.service \
    "orphan/$on/a@1.service" "orphan/$NOBODY/a@1.service" "maintenance/$NOBODY" failures/none.service \
    failures/a@2.service; do
    put_garbage "$key"
    check "garbage under $key is reported" eventually 10 reported "'$key'"
done
for key in version/new.service/3 was/new.service/3; do
    put_garbage "$key" # nobody looks there before somebody asks
done
check "no unit was touched, and no fleetd ended" untouched
check "an order where none should be goes" eventually 10 is_gone "schedule/$other/a@1.service"
check "also that of a machine that never was" eventually 30 is_gone "schedule/$NOBODY/a@1.service"
check "and a pending of no unit" eventually 10 is_gone pending/none.service
check "and what a unit that is well is said to have failed" eventually 10 is_gone failures/a@2.service
check "or one that is not known" eventually 10 is_gone failures/none.service

# --- whose store it is, which is asked for when fleetd begins
put_garbage cluster
check "fleetd is killed everywhere" killed m1 m2 m3
check "the id of the cluster is made anew, which is reported" eventually 20 reported "'cluster'"
check "it can be read" eventually 10 is_readable cluster '"id"'
check "all machines are listed" eventually 20 all_machines_are_listed
check "no unit has become an orphan" prints "" ctl list-orphans --no-legend
check "no unit was touched" equal "$before" "$(main_pids m1 m2 m3)"
fleetds=$(fleetd_pids)

# --- keys that fleet does not have: the original's, and none at all
for key in job/a.service/object job/a.service/target job/a.service/target-state "unit/$NO_HASH" \
    "machines/$NOBODY/object" "states/a.service/$NOBODY" lease/engine-leader engine/version \
    'unit/no name.service' unit/../x.service unit/noservice "unit/$(printf 'x%.0s' {1..300}).service" \
    schedule/x/a.service "schedule/$on/../../x.service" "machine/$NOBODY/more" "metadata/$on/a=b" "state/$on" leader/x future; do
    printf '{"Raw":"[Service]"}' | put "$key"
    check "the key ${key:0:60} is reported" eventually 10 reported "'${key:0:250}"
done
printf x | put $'unit/bad\x01\x1b[31m\xff\nname.service'
check "a key that cannot be printed is reported in a line that can" eventually 10 reported "'unit/bad??[31m??name.service'"
check "no unit was touched, and no fleetd ended" untouched

# --- what could be fleet's, but is not
printf '{"hash":"%s","desired":"launched","unitRevision":1}' $NO_HASH | put "schedule/$on/nobody.service"
check "an order for a unit that does not exist is taken back" eventually 10 is_gone "schedule/$on/nobody.service"
printf '{"hash":"%s","desired":"launched"}' $NO_HASH | put unit/fileless.service
check "a unit without a file is reported" eventually 10 reported "Unit 'fileless.service' is left as it is: its file $NO_HASH"
printf '[Service]\nExecStart=/bin/false\n' | put "file/$NO_HASH"
check "a file that its hash does not name is reported" eventually 10 reported "'file/$NO_HASH': its content has another hash"
printf '{"current":"launched","active":"active"}' | put "state/$NOBODY/a@1.service"
check "a state without a lease is reported" eventually 10 reported "'state/$NOBODY/a@1.service': it stands under no lease"
printf '{"bootID":"b"}' | put "machine/$NOBODY"
check "a machine without a lease is reported" eventually 10 reported "'machine/$NOBODY': it stands under no lease"
check "and not listed" all_machines_are_listed
printf '{"machineID":"%s"}' $NOBODY | put leader
check "a leader that is none is replaced" eventually 10 omits $NOBODY get leader
check "units can be started" sees_a_new_unit new-after.service
check "no unit was touched, and no fleetd ended" untouched

# --- more of it than one answer of the store can hold
for n in {1..60}; do
    garbage 6 | put "future/$n"
done

# --- all of it is there when somebody begins
check "fleetd is killed where it leads" killed "$(leader)"
check "somebody leads" eventually 20 leads
check "units can be started" eventually 20 sees_a_new_unit new-leader.service
check "fleetd is killed everywhere" killed m1 m2 m3
check "somebody leads" eventually 20 leads
check "units can be started" eventually 20 sees_a_new_unit new-fleetd.service
check "no unit was touched" equal "$before" "$(main_pids m1 m2 m3)"
check "all machines are listed" all_machines_are_listed
check "so are all units that can be read" eventually 10 running_is 8 .

# --- what repairs it
check "a unit that cannot be read can be destroyed" mentions 204 lab exec m1 curl -s --unix-socket /run/fleet.sock \
    -X DELETE -w '%{http_code}' http://fleet/fleet/v1/units/new.service
check "one without its file too" ctl destroy fileless.service
check "a unit that is written over can be started" ctl start new.service
check "destroying a unit takes it away" ctl destroy a@1.service a@2.service a@3.service a@4.service new.service
check "its file is used by nobody then, and can be written anew" ctl start a@5.service
check "units can be stopped and moved as ever" ctl destroy a@5.service g.service z.service w.service
check "none is left" eventually 20 running_is 0 .
etcdctl del --prefix -- "${STORE_PREFIX}" >/dev/null
check "a store that lost everything is filled anew" eventually 20 all_machines_are_listed
check "and used" eventually 20 sees_a_new_unit new-last.service
