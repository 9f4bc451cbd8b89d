# shellcheck shell=bash
# The lab as a whole: where its state is, up and down.
#
#   $LAB_DIR/settings   what it was asked for; the mark that the directory is a lab's
#   $LAB_DIR/ready      there once `up` was through
#   $LAB_DIR/proc/      recorded processes     $LAB_DIR/log/  what they print     $LAB_DIR/cut/  who has no network
#   $LAB_DIR/reports/   what sanitizers and valgrind reported, if FLEET_LAB_REPORTS does not name another folder
#   $LAB_DIR/mem/       a tmpfs: layers of the machines' roots, data of etcd, a copy of fleetctl

LAB_DIR=${FLEET_LAB_DIR:-/run/fleet-lab}
LAB_DIR=$(realpath -m "$LAB_DIR")
LAB_MEM=$LAB_DIR/mem
LAB_MACHINES=0
LAB_ETCD=0
LAB_CONF=()
LAB_INSTRUMENT=
LAB_REPORTS=$LAB_DIR/reports

# Two labs have two names. That of a lab elsewhere carries a checksum of the place.
lab_name() {
    local sum _
    if [[ $LAB_DIR == /run/fleet-lab ]]; then
        echo fleet-lab
    else
        read -r sum _ < <(printf %s "$LAB_DIR" | cksum)
        echo "fleet-lab-$sum"
    fi
}
LAB_NAME=$(lab_name)

lab_is_known() {
    [[ -e $LAB_DIR/settings ]]
}

# Sets what `up` was asked for.
lab_load() {
    local line
    while read -r line; do
        case $line in
        machines=*) LAB_MACHINES=${line#*=} ;;
        etcd=*) LAB_ETCD=${line#*=} ;;
        instrument=*) LAB_INSTRUMENT=${line#*=} ;;
        reports=*) LAB_REPORTS=${line#*=} ;;
        conf=*) LAB_CONF+=("${line#*=}") ;;
        esac
    done <"$LAB_DIR/settings"
}

# What was installed is part of it: a lab with yesterday's build is another lab.
lab_settings() {
    echo "machines=$LAB_MACHINES"
    echo "etcd=$LAB_ETCD"
    echo "instrument=$LAB_INSTRUMENT"
    echo "reports=$LAB_REPORTS"
    [[ ${#LAB_CONF[@]} == 0 ]] || printf 'conf=%s\n' "${LAB_CONF[@]}"
    echo "build=$(sha1sum <(cat "$LAB_FLEETD" "$LAB_GUARD" "$LAB_FLEETCTL") \
        <(image_unit fleet.service) <(image_unit fleet-guard.service) <(image_unit fleet.socket) | cut -d ' ' -f 1 | xargs)"
}

# lab_lock shared|exclusive: held until this process and its children end. `up` and `down` want to be alone.
# Fails if the directory is not there or went while waiting.
lab_lock() {
    { exec 9<"$LAB_DIR"; } 2>/dev/null || return 1
    flock "--$1" --timeout 60 9 || die "another lab command is still at work on $LAB_DIR"
    [[ /proc/self/fd/9 -ef $LAB_DIR ]]
}

lab_create() {
    lab_settings >"$LAB_DIR/settings"
    process_record up $$
    process_record starter "$BASHPID"
    mkdir -p "$LAB_MEM"
    mount -t tmpfs -o mode=755 "$LAB_NAME" "$LAB_MEM"
    # Machines of other labs have a copy of this mount; it must go there as well when it goes here.
    mount --make-shared "$LAB_MEM"
}

lab_start() {
    local i machine
    lab_clear
    lab_create
    net_up "$LAB_ETCD"
    for ((i = 1; i <= LAB_ETCD; i++)); do
        etcd_create "$i"
        etcd_spawn "$i"
    done
    image_create
    for machine in $(machine_names); do
        machine_create "$machine"
        machine_power_on "$machine"
    done
}

# Undoes whatever was done to a running lab, save to the units.
lab_restore() {
    local i machine
    for ((i = 1; i <= LAB_ETCD; i++)); do
        net_heal "etcd$i"
        disk_free "$(etcd_disk "$i")"
        etcd_spawn "$i"
        process_signal CONT "etcd$i"
    done
    for machine in $(machine_names); do
        net_heal "$machine"
        machine_power_on "$machine"
    done
    for machine in $(machine_names); do
        machine_wait_booted "$machine"
        ! fleet_is_paused "$machine" || fleet_do resume "$machine"
        fleet_do heal "$machine"
        fleet_do free "$machine"
        fleet_do start "$machine"
    done
}

lab_up() {
    local started=$EPOCHREALTIME
    # An empty folder is all there is to leave behind so far, and another's lab is not touched.
    trap 'rmdir "$LAB_DIR" 2>/dev/null; exit 130' INT TERM HUP
    until mkdir -p "$LAB_DIR" && lab_lock exclusive; do :; done
    lab_is_known || [[ -z $(ls -A "$LAB_DIR") ]] || die "$LAB_DIR is not empty and not a lab's"
    if [[ ! -e $LAB_DIR/ready ]]; then
        lab_start_aside
    elif [[ $(lab_settings) == "$(<"$LAB_DIR/settings")" ]]; then
        lab_restore
        lab_wait
    else
        die "a lab with other settings or another build is up; lab down takes it away"
    fi
    : >"$LAB_DIR/ready"
    process_forget up
    process_forget starter
    lab_report "$started"
}

# A subshell does the work, so that a signal finds this shell in `wait`: bash can run a trap there at once, and
# does not stumble over it in the middle of an expansion.
lab_start_aside() {
    local status=0
    trap lab_interrupted INT TERM HUP
    (
        lab_start
        lab_wait
    ) &
    wait $! || status=$?
    trap - INT TERM HUP
    ((status == 0)) || exit "$status"
}

lab_wait() {
    local i machines
    for ((i = 1; i <= LAB_ETCD; i++)); do
        etcd_wait "$i"
    done
    mapfile -t machines < <(machine_names)
    fleet_wait_listed "${machines[@]}"
}

lab_report() {
    local ms=$(((${EPOCHREALTIME/./} - ${1/./}) / 1000))
    printf 'up after %d.%d s: %d machines, %d etcd\n' $((ms / 1000)) $((ms % 1000 / 100)) "$LAB_MACHINES" "$LAB_ETCD"
}

# What the subshell was about ends by itself in a moment; until then it holds the lock.
lab_interrupted() {
    trap '' INT TERM HUP
    note "interrupted; taking the lab down"
    if [[ -n ${!-} ]]; then
        { kill -s KILL "$!" && wait "$!"; } 2>/dev/null || true
    fi
    exec 9<&-
    lab_lock exclusive
    lab_clear
    lab_remove_dir
    exit 130
}

# An `up` that is still at work gives way; so does the rest of one that was killed.
lab_down() {
    process_signal TERM up
    process_signal KILL starter
    while [[ -d $LAB_DIR ]]; do
        lab_is_known || [[ -z $(ls -A "$LAB_DIR") ]] || die "$LAB_DIR is not a lab's"
        ! lab_lock exclusive || break
    done
    lab_clear
    lab_remove_dir
}

# Also right for any half of a lab: each step takes away what is there, by record or by name.
lab_clear() {
    local record
    for record in "$LAB_DIR"/proc/*; do
        [[ ! -e $record || $record == */up ]] || process_signal KILL "${record##*/}"
    done
    cgroup_kill
    wait_for 20 lab_is_dead || die "processes do not end: $(cgroup_pids | xargs)"
    wait_for 20 cgroup_remove || die "the cgroups of $LAB_NAME can not be removed"
    net_down
    while mountpoint -q "$LAB_MEM"; do
        umount --recursive "$LAB_MEM" 2>/dev/null || umount --lazy "$LAB_MEM"
    done
    rm -rf --one-file-system "$LAB_DIR"/{proc,log,cut,reports,ready}
}

lab_is_dead() {
    local record
    for record in "$LAB_DIR"/proc/*; do
        [[ ! -e $record || $record == */up ]] || process_is_gone "${record##*/}" || return 1
    done
    cgroup_is_empty
}

# Only what a lab made is removed, whatever FLEET_LAB_DIR says.
lab_remove_dir() {
    [[ -d $LAB_DIR ]] || return 0
    [[ ! -d $LAB_MEM ]] || rmdir "$LAB_MEM"
    rm -f "$LAB_DIR/settings"
    rmdir "$LAB_DIR"
}
