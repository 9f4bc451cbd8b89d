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

process_record() {
    process_stat "$2"
    mkdir -p "$LAB_DIR/proc"
    echo "$2 $STAT_START" >"$LAB_DIR/proc/$1"
}

# A daemon that keeps a caller's pipe open keeps the pipe's reader waiting for ever.
process_close_files() {
    local file
    for file in "/proc/$BASHPID/fd"/*; do
        file=${file##*/}
        ((file <= 2 || file == 255)) || eval "exec $file>&-"
    done
}

# process_spawn NAME CMD...: CMD may be a function that ends in exec. It outlives the caller and its terminal.
# It holds the lab's lock until it is recorded, so a `down` can not miss it.
process_spawn() {
    process_forget "$1"
    mkdir -p "$LAB_DIR/log"
    (
        process_record "$1" "$BASHPID"
        process_close_files
        "${@:2}"
    ) </dev/null >>"$LAB_DIR/log/$1" 2>&1 &
    disown
    wait_for 5 test -s "$LAB_DIR/proc/$1" || die "$1 can not be started"
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

# disk_fill FOLDER: the tmpfs there takes nothing more: it is as large as what it holds. (A size of 0 is no limit.)
# Who writes just then makes it hold more than it was to.
disk_fill() {
    local size i
    for ((i = 0; i < 50; i++)); do
        size=$(df --output=used --block-size=1 "$1" | tail -n 1)
        ! mount -o "remount,size=$((size > 0 ? size : 1))" "$1" 2>/dev/null || return 0
    done
    return 1
}

disk_free() {
    mount -o remount,size=50% "$1"
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
