# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=5s
# timeout: 400
# lane: 4
# The store loses its data: etcd is stopped, its data are deleted, it is started anew. No unit is stopped; what runs can be
# adopted, or restored from a backup, and then is as it was.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

LAB_DATA=${FLEET_LAB_DIR:-/run/fleet-lab}/mem/etcd1/data

# The same token: the new etcd says that it is the same cluster.
lose() {
    lab etcd stop && rm -rf "$LAB_DATA" && lab etcd start
}

# Another one: restored from the snapshot of an empty store, as the lab starts etcd with its own.
lose_with_token() {
    fleetds pause && lose && etcdctl snapshot save "$UNITS/empty.db" >/dev/null 2>&1 && lab etcd stop || return
    rm -rf "$LAB_DATA"
    ETCDCTL_API=3 command etcdctl snapshot restore "$UNITS/empty.db" --data-dir="$LAB_DATA" --name=etcd1 \
        --initial-cluster=etcd1=http://10.77.0.11:2380 --initial-advertise-peer-urls=http://10.77.0.11:2380 \
        --initial-cluster-token="$1" 2>/dev/null
    lab etcd start && fleetds resume
}

fleetds() {
    local machine
    for machine in m1 m2; do
        lab fleetd "$1" "$machine" || return
    done
}

all_listed() {
    equal 3 "$(ctl list-machines --no-legend | wc -l)"
}

orphans_are() {
    lists "$1" . ctl list-orphans --no-legend
}

# Each with the time of its start; others may have come.
untouched() {
    prints "" comm -23 <(echo "$before") <(main_pids m1 m2 m3)
}

restart_fleetds() {
    local machine
    for machine in "$@"; do
        lab exec "$machine" systemctl restart fleet.service || return
    done
}

is_told() {
    local machine
    for machine in "$@"; do
        mentions 'are of another cluster' lab logs "$machine" || return
    done
}

is_stopped() {
    local machine
    for machine in m1 m2 m3; do
        omits "$1" lab exec "$machine" systemctl list-units --plain --no-legend --state=active "$1" || return
    done
}

sleeper a@.service
sleeper b.service MachineOf=a@1.service
sleeper g.service Global=true
sleeper c.service
sleeper h.service Global=true
sleeper z.service
ctl start a@{1..6}.service g.service c.service h.service >/dev/null
ctl start b.service >/dev/null
ctl load z.service >/dev/null
check "all run" eventually 20 running_is 14 .
before=$(main_pids m1 m2 m3)

# --- the same token, so that etcd looks the same; fleetd runs on on m1 and m3, is restarted on m2
lose
restart_fleetds m2
check "all machines are there again" eventually 30 all_listed
check "the units are orphans, global ones on each machine" eventually 10 orphans_are 15
check "nothing has been touched" untouched
check "nobody in the store knows them" prints "" ctl list-unit-files --no-legend
check "fleetd says so" eventually 10 is_told m1 m2 m3
check "and so does list-machines" mentions 'orphans' ctl list-machines
check "a restart of all fleetds changes nothing" restart_fleetds m1 m2 m3
check "all machines are there" eventually 30 all_listed
check "the units are orphans still" eventually 10 orphans_are 15
check "nothing has been touched" untouched

ctl submit c.service >/dev/null
check "what is submitted and destroyed has an end, although its orphan stays" \
    mentions 'keeps unit c.service' ctl destroy --block-attempts=30 c
ctl submit c.service >/dev/null
check "and so has what is unloaded" mentions 'keeps unit c.service' ctl unload --block-attempts=30 c
check "what is known cannot be adopted, and the message says what can be done" \
    mentions "'fleetctl load' stops it" ctl adopt --forget c
check "nothing has been touched" untouched
check "loaded, it is stopped" ctl load c.service
check "at once" is_stopped c.service
check "the loaded one can be destroyed" ctl destroy c.service
check "a global one is forgotten on all machines" ctl adopt --forget h
check "it runs nowhere when that is said" is_stopped h.service
before=$(grep -v ' [ch]\.service' <<<"$before")
check "what would be adopted can be seen" mentions 'Would adopt unit b.service, launched' ctl adopt --dry-run
check "one is adopted" ctl adopt b
check "one is submitted by hand with the same file" ctl start a@1.service
check "one is forgotten for good" ctl adopt --forget a@6
check "it is stopped" eventually 10 is_stopped a@6.service
before=$(grep -v a@6.service <<<"$before")
check "the rest is adopted" ctl adopt --all
check "no orphan is left" eventually 10 orphans_are 0
check "nothing has been touched" untouched
check "all are listed as before" eventually 10 running_is 9 .
check "also the one that is only loaded" mentions 'z.service' ctl list-unit-files --no-legend --state=loaded

# --- another token; a machine is off meanwhile, and a backup is restored
ctl backup >"$UNITS/backup.json"
check "two backups are the same" equal "$(<"$UNITS/backup.json")" "$(ctl backup)"
lab kill m3
check "the store is lost once more" lose_with_token lost-and-restored
lab boot m3
before=$(grep -v '^m3 ' <<<"$before")
check "all machines are there again" eventually 60 all_listed
check "what a restore would do can be seen" mentions 'Would restore unit b.service, launched' \
    ctl restore --dry-run "$UNITS/backup.json"
check "the backup is restored" ctl restore "$UNITS/backup.json"
check "a bad backup is refused" status_is 1 ctl restore /dev/null
check "no orphan is left" eventually 10 orphans_are 0
check "all run, also those of the machine that was off" eventually 20 running_is 9 .
check "nothing has been touched where machines ran on" untouched
check "a second restore finds nothing to do" mentions 'Nothing to restore' ctl restore "$UNITS/backup.json"
check "a backup of what was restored is the same" equal "$(<"$UNITS/backup.json")" "$(ctl backup)"

# --- it is a cluster as any other
check "destroy stops them" ctl destroy '*'
check "everywhere" eventually 20 is_stopped 'a@*.service'
