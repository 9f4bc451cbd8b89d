# shellcheck shell=bash
# One machine: its layer of the root, its life and death, and commands inside.

machine_names() {
    local k
    for ((k = 1; k <= LAB_MACHINES; k++)); do
        echo "m$k"
    done
}

machine_id() {
    cat "$LAB_MEM/$1/upper/etc/machine-id"
}

machine_create() {
    local machine=$1 etc=$LAB_MEM/$1/upper/etc
    mkdir -p "$LAB_MEM/$machine"/{work,root} "$etc/fleet"
    echo "$machine" >"$etc/hostname"
    tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
    machine_config "$machine" >"$etc/fleet/fleet.conf"
}

# Another machine in its place, with the same name and address, and a disk and an id of its own.
machine_replace() {
    ! machine_is_on "$1" || die "$1 is on; lab kill or lab shutdown come first"
    rm -rf "${LAB_MEM:?}/$1"
    machine_create "$1"
}

# Later lines win over earlier ones, save that metadata adds up.
machine_config() {
    local line key
    local -A value=(
        [etcd_servers]=$(etcd_join etcd_client_url)
        [metadata]=host=$1
        [public_ip]=$(net_machine_ip "$1")
    )
    for line in "${LAB_CONF[@]}"; do
        key=${line%%=*}
        if [[ $key == metadata ]]; then
            value[metadata]+=,${line#*=}
        else
            value[$key]=${line#*=}
        fi
    done
    for key in "${!value[@]}"; do
        echo "$key=${value[$key]}"
    done | sort
}

# Its mounts are seen by nobody else and go with its last process. nspawn notes its machines in /run/systemd:
# also hidden, so that nothing of it stays.
machine_become() {
    local machine=$1 layers
    layers="lowerdir=$LAB_MEM/base:/,upperdir=$LAB_MEM/$machine/upper,workdir=$LAB_MEM/$machine/work,index=off"
    instrument_bind "$machine"
    cgroup_enter "$machine"
    # shellcheck disable=SC2016
    exec env SYSTEMD_NSPAWN_LOCK=0 setsid unshare --mount --propagation slave bash -euc '
        mount -t overlay overlay "$1" -o "$2"
        mkdir -p /run/systemd/nspawn
        mount -t tmpfs tmpfs /run/systemd/nspawn
        exec systemd-nspawn -D "$1" "${@:3}"' \
        machine "$LAB_MEM/$machine/root" "$layers" \
        --register=no --keep-unit --machine="$machine" --hostname="$machine" \
        --network-namespace-path="/run/netns/$LAB_NAME-$machine" --capability=CAP_NET_ADMIN \
        --resolv-conf=off --timezone=off --link-journal=no --suppress-sync=yes --console=pipe \
        "${INSTRUMENT_BIND[@]}" --boot
}

machine_is_on() {
    process_is_alive "$1"
}

# The host's id of the machine's PID 1, once systemd runs there.
machine_pid1() {
    local nspawn child children comm inner
    nspawn=$(process_find "$1") || return 1
    { read -r -a children <"/proc/$nspawn/task/$nspawn/children"; } 2>/dev/null || true
    for child in "${children[@]}"; do
        { read -r comm <"/proc/$child/comm"; } 2>/dev/null || continue
        inner=$(awk '/^NSpid:/ { print $NF }' "/proc/$child/status" 2>/dev/null) || continue
        if [[ $comm == systemd && $inner == 1 ]]; then
            echo "$child"
            return
        fi
    done
    return 1
}

machine_power_on() {
    machine_is_on "$1" && return
    machine_clear "$1"
    net_machine_up "$1"
    process_spawn "$1" machine_become "$1"
}

# What a machine that is off leaves behind, so that it can be switched on again.
machine_clear() {
    cgroup_kill "$1"
    wait_for 10 cgroup_is_empty "$1" || die "processes of $1 do not end: $(cgroup_pids "$1" | xargs)"
    wait_for 10 cgroup_remove "$1" || die "the cgroup of $1 can not be removed"
    net_machine_down "$1"
    process_forget "$1"
}

# The cable goes first: a machine without power says goodbye to nobody.
machine_kill() {
    net_unplug "$1"
    cgroup_kill "$1"
    process_signal KILL "$1"
    wait_for 10 process_is_gone "$1" || die "$1 does not end"
    machine_clear "$1"
}

machine_shutdown() {
    local pid
    machine_is_on "$1" || return 0
    wait_for 30 machine_has_systemd "$1" || die "$1 has not booted; lab kill $1 ends it"
    pid=$(machine_pid1 "$1")
    kill -s RTMIN+4 "$pid"
    wait_for 120 process_is_gone "$1" || die "$1 does not shut down; its console is $LAB_DIR/log/$1"
    machine_clear "$1"
}

machine_has_systemd() {
    local pid
    pid=$(machine_pid1 "$1") && [[ -S /proc/$pid/root/run/systemd/private ]]
}

# Until every job of its boot is done. A fleetd that waits for its store may take longer than anyone wants to wait.
machine_wait_booted() {
    local machine=$1
    wait_for 30 machine_has_systemd "$machine" || {
        tail -n 20 "$LAB_DIR/log/$machine" >&2
        die "$machine does not boot; its console is $LAB_DIR/log/$machine"
    }
    machine_exec "$machine" timeout 30 systemctl is-system-running --wait >/dev/null 2>&1 ||
        [[ $(machine_exec "$machine" systemctl is-system-running 2>&1) != starting ]] ||
        note "$machine is on, but not all of its units have started yet"
}

# Sets MACHINE_ENTER to what leads into the machine; it runs in / with root's environment.
machine_enter() {
    local pid
    pid=$(machine_pid1 "$1") || die "$1 is off"
    instrument_environment
    MACHINE_ENTER=(
        nsenter --target "$pid" --all --root --wd env -i
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" "${INSTRUMENT_ENVIRONMENT[@]}"
    )
}

machine_exec() {
    machine_enter "$1"
    "${MACHINE_ENTER[@]}" "${@:2}"
}
