# shellcheck shell=bash
# Kills a fleetd at a certain step of its work: at its N-th system call of a kind, before the kernel carries that out
# (strace's injection). What it does to the world are such calls: to the store (sendto), to systemd (sendmsg), to files.
# Needs check.sh and ask.sh.

UNITS_STARTED=100
mapfile -t INSTANCES < <(seq -f 's@%g.service' $UNITS_STARTED)
STEP_KINDS=(sendto sendmsg openat write fchmod renameat unlinkat)

# Each start is written down where a restart of fleetd, or of the unit, cannot hide it.
unit s@.service '[Service]' 'ExecStart=/bin/sh -c "echo start >>/var/log/starts-%i; exec sleep infinity"'

# kill_at MACHINE SYSCALL N...: kills its fleetd, and the one that systemd starts in its place, each at the next N, until
# end_kills. Prints how often it killed.
kill_at() {
    # shellcheck disable=SC2016
    lab exec "$1" bash -c '
        call=$1 killed=0
        for n in "${@:2}"; do
            until pid=$(systemctl show --property MainPID --value fleet.service) && ((pid)); do sleep 0.02; done
            strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" -p "$pid" 2>/dev/null &
            echo $! >/run/tracer
            wait $!
            [[ ! -e /run/tracer.over ]] || break
            killed=$((killed + 1))
        done
        rm -f /run/tracer /run/tracer.over
        echo "$killed"' kill "${@:2}"
}

# end_kills MACHINE PID: of the process that runs kill_at for that machine. What was not reached by then is not reached.
end_kills() {
    while kill -0 "$2" 2>/dev/null; do
        # shellcheck disable=SC2016
        lab exec "$1" sh -c '[ ! -e /run/tracer ] || { touch /run/tracer.over && kill "$(cat /run/tracer)"; }' 2>/dev/null
        sleep 0.1
    done
}

# m1 answers the client all the while.
lead_elsewhere() {
    [[ $(leader) != m1 ]] || { lab fleetd stop m1 && eventually 15 another_leads m1 && lab fleetd start m1; }
}

another_leads() {
    local now
    now=$(leader)
    [[ -n $now && $now != "$1" ]]
}

follower() {
    [[ $(leader) == m2 ]] && echo m3 || echo m2
}

# How often units were started in all, and how many of them; so 100 100 is each once.
starts() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" sh -c 'cd /var/log && grep -c start starts-* /dev/null | grep -v ^/dev/null'
    done | awk -F: '{ units[$1]; n += $2 } END { print n + 0, length(units) }'
}

forget_starts() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" sh -c 'rm -f /var/log/starts-*'
    done
}

processes() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" sh -c "pgrep -cf '^sleep infinity' || true" || return
    done | awk '{ n += $1 } END { print n + 0 }'
}

all_run_once() {
    running_is $UNITS_STARTED '^s@' && equal "$UNITS_STARTED $UNITS_STARTED" "$(starts)" &&
        equal $UNITS_STARTED "$(processes)"
}

all_gone() {
    running_is 0 '^s@' && prints 0 processes
}

# start_while_killed MACHINE SYSCALL N...: starts all units meanwhile; sets KILLED.
start_while_killed() {
    local killer
    forget_starts
    kill_at "$@" >"$UNITS/killed" &
    killer=$!
    eventually 5 is_traced "$1"
    ctl start --no-block "${INSTANCES[@]}" >/dev/null
    eventually 30 running_is $UNITS_STARTED '^s@'
    end_kills "$1" $killer
    wait $killer
    KILLED=$(<"$UNITS/killed")
}

is_traced() {
    lab exec "$1" pgrep -x strace
}

clear_steps() {
    ctl destroy 's@*.service' >/dev/null
    eventually 20 all_gone
}
