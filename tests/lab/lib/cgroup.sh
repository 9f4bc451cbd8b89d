# shellcheck shell=bash
# One cgroup per machine, so that a power cut leaves no process behind.

# Hierarchies in which systemd keeps its tree, the one that can kill a whole tree first.
cgroup_hierarchies() {
    if [[ -e /sys/fs/cgroup/cgroup.procs ]]; then
        echo /sys/fs/cgroup
        return
    fi
    local hierarchy
    for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [[ ! -d $hierarchy ]] || echo "$hierarchy"
    done
}

cgroup_paths() {
    local hierarchy
    for hierarchy in $(cgroup_hierarchies); do
        echo "$hierarchy/$LAB_NAME${1:+/$1}"
    done
}

# Moves the calling (sub)shell into the machine's cgroup.
cgroup_enter() {
    local path
    for path in $(cgroup_paths "$1"); do
        mkdir -p "$path"
        echo "$BASHPID" >"$path/cgroup.procs"
    done
}

# Process ids of one unit of a machine, as the host counts them.
cgroup_unit_pids() {
    local path
    path=$(cgroup_paths "$1" | head -n 1)
    cat "$path/payload/system.slice/$2/cgroup.procs" 2>/dev/null || true
}

cgroup_pids() {
    local path
    for path in $(cgroup_paths "${1-}"); do
        [[ ! -d $path ]] || find "$path" -name cgroup.procs -exec cat {} + 2>/dev/null || true
    done
}

# Everything in the cgroup is the lab's, so nothing else can be hit.
cgroup_kill() {
    local path pid
    for path in $(cgroup_paths "${1-}"); do
        [[ ! -e $path/cgroup.kill ]] || echo 1 >"$path/cgroup.kill"
    done
    for pid in $(cgroup_pids "${1-}"); do
        kill -s KILL "$pid" 2>/dev/null || true
    done
}

cgroup_is_empty() {
    [[ -z $(cgroup_pids "${1-}") ]]
}

cgroup_remove() {
    local path
    for path in $(cgroup_paths "${1-}"); do
        [[ ! -d $path ]] || find "$path" -depth -type d -exec rmdir {} \; 2>/dev/null || true
        [[ ! -d $path ]] || return 1
    done
}
