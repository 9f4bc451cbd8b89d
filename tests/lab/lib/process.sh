# shellcheck shell=bash
# Processes the lab started. Each is recorded as "pid start-time" before it becomes anything, in
# $LAB_DIR/proc/NAME: a pid alone may belong to somebody else by the time it is to be killed.

# Sets STAT_STATE and STAT_START from /proc; the command's name in there may hold blanks and brackets.
process_stat() {
    local line fields
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -r -a fields <<<"${line##*) }"
    STAT_STATE=${fields[0]} STAT_START=${fields[19]}
}

# Prints the recorded process's id; fails if it has ended, a zombie included.
process_find() {
    local pid start
    { read -r pid start <"$LAB_DIR/proc/$1"; } 2>/dev/null || return 1
    process_stat "$pid" || return 1
    [[ $STAT_START == "$start" && $STAT_STATE != [ZX] ]] || return 1
    echo "$pid"
}

process_is_alive() {
    process_find "$1" >/dev/null
}

# Records the calling (sub)shell, which then becomes the program by exec.
process_record_self() {
    process_stat "$BASHPID"
    mkdir -p "$LAB_DIR/proc"
    echo "$BASHPID $STAT_START" >"$LAB_DIR/proc/$1"
}

# process_spawn NAME CMD...: CMD may be a function that ends in exec. It outlives the caller and its terminal,
# and does not hold the lab's lock.
process_spawn() {
    local name=$1
    shift
    mkdir -p "$LAB_DIR/log"
    (
        process_record_self "$name"
        "$@"
    ) </dev/null >>"$LAB_DIR/log/$name" 2>&1 9>&- &
    wait_for 5 test -s "$LAB_DIR/proc/$name"
}

process_signal() {
    local pid
    pid=$(process_find "$2") || return 0
    kill -s "$1" "$pid" 2>/dev/null || true
}

process_is_gone() {
    ! process_is_alive "$1"
}

process_forget() {
    rm -f "$LAB_DIR/proc/$1"
}

# wait_for SECONDS CMD...: for what has no event to wait on; 1 when the time is over.
wait_for() {
    local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} < deadline)) || return 1
        sleep 0.05
    done
}
