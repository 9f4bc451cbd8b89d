# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 120
# The habits of the original's users: 22-original.script runs unchanged in a machine, and what it prints stands in
# 22-original.golden. With UPDATE_GOLDEN=1 the golden file is written anew; read its diff.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

HABITS=$LAB_HOME/scenario/22-original
SOCKET_FOLDER=/etc/systemd/system/fleet.socket.d

# A further address of the API, as the original had it: by socket activation.
listen_also() {
    lab exec m1 sh -c "mkdir -p $SOCKET_FOLDER &&
        printf '[Socket]\nListenStream=127.0.0.1:49153\n' >$SOCKET_FOLDER/30-ListenStream.conf"
    socket_restart
}

listen_as_before() {
    lab exec m1 rm -r "$SOCKET_FOLDER"
    socket_restart
}

socket_restart() {
    lab exec m1 sh -c 'systemctl daemon-reload && systemctl --quiet stop fleet.service && systemctl restart fleet.socket &&
        systemctl start fleet.service'
}

m1_is_running() {
    mentions $'host=m1\trunning' ctl list-machines
}

# Machine ids become the machines' names, whole or shortened.
ids_to_names() {
    local machine id rules=()
    for machine in m1 m2 m3; do
        id=$(lab id "$machine")
        rules+=(-e "s/$id/<$machine>/g" -e "s/${id:0:8}/<$machine>/g")
    done
    sed "${rules[@]}"
}

# -v: each line of the script stands before what it prints.
run_habits() {
    lab exec m1 sh -v <"$HABITS.script" 2>&1 | ids_to_names
}

check "the API gets a further address" listen_also
check "fleetd is back" eventually 15 m1_is_running
run_habits >actual
[[ -z ${UPDATE_GOLDEN-} ]] || cp actual "$HABITS.golden"
check "the original's habits still work" diff -u "$HABITS.golden" actual
listen_as_before
check "fleetd is as before" eventually 15 m1_is_running
