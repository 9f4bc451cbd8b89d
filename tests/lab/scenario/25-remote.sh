# shellcheck shell=bash
# lab: --machines 3 --conf agent_ttl=10s
# timeout: 240
# What reaches other machines, through a real sshd: ssh, journal, status, and --tunnel.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# What others left in the common one says nothing about this run.
export TMPDIR=$UNITS/tmp
mkdir "$TMPDIR"

FIRST=10.77.0.101 SECOND=10.77.0.102
FAR_SOCKET=(--endpoint unix:///run/fleet.sock)

# fleetctl through m1
far() {
    lab ctl "${FAR_SOCKET[@]}" --tunnel $FIRST "$@"
}
far_by_port() {
    lab ctl --endpoint http://127.0.0.1:49153 --tunnel $FIRST "$@"
}

# --- a key pair for the user, held by an agent as users do; a host key and an sshd for each machine
ssh-keygen -q -t ed25519 -N '' -f user_key
export SSH_AUTH_SOCK=$UNITS/agent FLEETCTL_KNOWN_HOSTS_FILE=$UNITS/known_hosts
ssh-agent -D -a "$SSH_AUTH_SOCK" >/dev/null &
AGENT_PID=$!
trap 'kill $AGENT_PID; rm -rf "$UNITS"' EXIT
check "the agent has the user's key" eventually 5 ssh-add -q user_key

sshd_configure() {
    # shellcheck disable=SC2016
    lab exec "$1" bash -euc 'ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/lab_host_key
        cat >/etc/ssh/lab_keys
        useradd --create-home --shell /bin/sh --password "*" core
        printf "%s\n" "Port 22" "Port 2222" "HostKey /etc/ssh/lab_host_key" "AuthorizedKeysFile /etc/ssh/lab_keys" \
            "UsePAM no" "StrictModes no" "PasswordAuthentication no" "PidFile none" >/etc/ssh/lab_sshd.conf' <user_key.pub
    lab exec "$1" cat /etc/ssh/lab_host_key.pub | sed "s/^/$2,[$2]:2222 /" >>known_hosts
}

sshd_start() {
    lab exec "$1" systemd-run --quiet --unit=lab-sshd --property=RuntimeDirectory=sshd \
        /usr/sbin/sshd -D -e -f /etc/ssh/lab_sshd.conf
}

for k in 1 2 3; do
    check "m$k has a key of its own for ssh" sshd_configure "m$k" "10.77.0.10$k"
done

# A unit that says something when it is told to.
unit talker.service '[Service]' \
    "ExecStart=/bin/sh -c 'trap \"echo poked\" USR1; echo up; while :; do sleep 600 & wait \$!; done'" \
    '[X-Fleet]' 'MachineMetadata=host=m2'
sleeper everywhere.service 'Global=true'
sleeper idle.service
check "a unit runs on m2" ctl start talker.service
check "a global one everywhere" ctl start everywhere.service
check "one is nowhere" ctl submit idle.service
poke() {
    lab exec m2 systemctl kill --kill-whom=main --signal=USR1 talker.service
}

# --- without ssh
check "status shows the cluster's view where ssh does not get" mentions "machine that fits" ctl status talker.service
check "says that systemctl could not be asked" mentions "No systemctl status from $SECOND" ctl status talker.service
check "and exits with 0 for a unit that runs" ctl status talker.service
check "ssh passes on that it failed" status_is 255 ctl ssh "$SECOND" true

for k in 1 2 3; do
    sshd_start "m$k"
    check "m$k has an sshd" eventually 10 ctl ssh "10.77.0.10$k" true
done

# --- ssh
id=$(lab id m2)
check "ssh runs a command on the machine of an address" prints m2 ctl ssh $SECOND hostname
check "of an id" prints m2 ctl ssh "$id" hostname
check "of the beginning of an id" prints m2 ctl ssh "${id:0:8}" hostname
check "of a name as lists show it" prints m2 ctl ssh "${id:0:8}.../$SECOND" hostname
check "of a unit" prints m2 ctl ssh talker hostname
check "of a unit by flag" prints m2 ctl ssh --unit=talker.service hostname
check "of a machine by flag" prints m2 ctl ssh --machine "$id" hostname
check "flags behind the machine are the command's" prints "$id" ctl ssh $SECOND head -n 1 /etc/machine-id
check "the exit status is the command's" status_is 42 ctl ssh $SECOND exit 42
say_through_ssh() {
    echo "$1" | ctl ssh "$SECOND" cat
}
check "standard input is the command's" prints hello say_through_ssh hello
login_at_terminal() {
    script -qec "$LAB_HOME/lab ctl ssh $SECOND" /dev/null <<<$'tty\nexit 5'
}
check "without a command there is a shell at a terminal" mentions /dev/pts/ login_at_terminal
check "and its exit status" status_is 5 login_at_terminal
check "an unknown machine is told" mentions "Machine or unit nobody does not exist." ctl ssh nobody true
check "and exits with 1" status_is 1 ctl ssh nobody true
check "a unit on no machine is told" mentions "Unit idle.service does not appear to be loaded." ctl ssh idle true
check "a unit on several machines is told" mentions "on 3 machines; choose one with --machine" ctl ssh everywhere true
check "--ssh-username chooses the user" prints core ctl ssh --ssh-username=core $SECOND id -un
check "--ssh-port chooses the port" mentions " 2222" ctl ssh --ssh-port=2222 $SECOND printenv SSH_CONNECTION
check "a closed port fails with ssh's status" status_is 255 ctl ssh --ssh-port=2223 $SECOND true
check "-A lends the agent" ctl ssh -A $SECOND ssh-add -l
check "without it there is none" not ctl ssh $SECOND ssh-add -l
: >nobody_known
check "a host with an unknown key is refused" \
    status_is 255 ctl ssh --strict-host-key-checking --known-hosts-file=nobody_known $SECOND true
check "and not learnt" prints "" cat nobody_known
check "without strict checking it is accepted" \
    ctl ssh --strict-host-key-checking=false --known-hosts-file=nobody_known $SECOND true
check "and learnt" test -s nobody_known

# --- journal
poke
check "journal comes from the unit's machine" eventually 5 mentions poked ctl journal talker
bare_line() {
    ctl journal --output=cat talker | grep -x poked
}
check "--output is journalctl's" bare_line
check "--lines counts" prints 2 eval 'poke; ctl journal --output=cat --lines 2 talker | wc -l'
check "on the machine itself it needs no ssh" \
    mentions poked lab exec m2 env PATH=/nowhere:/usr/bin SSH_AUTH_SOCK= fleetctl journal talker
check "a unit that there is not: a message" mentions "Unit nobody.service does not exist." ctl journal nobody
check "and 1" status_is 1 ctl journal nobody
check "a unit on no machine: a message" mentions "Unit idle.service does not appear to be loaded." ctl journal idle
check "a global unit needs --machine" mentions "choose one with --machine" ctl journal everywhere
check "and has it" mentions everywhere ctl journal --machine=$SECOND everywhere

# follow END CMD...: CMD sees a line that is written while it runs, and ends when END is called with its process id.
follow() {
    local pid status=0
    "${@:2}" >followed &
    pid=$!
    eventually 10 eval 'poke; grep -q poked followed' || status=1
    "$1" "$pid"
    wait "$pid"
    return $status
}
end_there() {
    # shellcheck disable=SC2016
    lab exec m2 sh -c 'kill -TERM "$(cat /run/follow.pid)"'
}
FOLLOW=(journal --follow --output=cat --lines=0 talker)
check "journal --follow sees a new line from afar" follow kill "$LAB_HOME/lab" ctl "${FOLLOW[@]}"
# shellcheck disable=SC2016
check "and on the machine itself" \
    follow end_there lab exec m2 sh -c 'echo $$ >/run/follow.pid; exec "$@"' sh fleetctl "${FOLLOW[@]}"
no_ssh_left() {
    ! pgrep -f -- "$FLEETCTL_KNOWN_HOSTS_FILE"
}
check "nothing of ssh stays behind" eventually 5 no_ssh_left

# --- status
check "status shows systemctl's from afar" mentions "Main PID" ctl status talker
check "behind the cluster's" mentions "machine that fits" ctl status talker
lab exec m2 systemctl stop talker.service
check "status of a unit that does not run exits with 3" eventually 5 status_is 3 ctl status talker
lab exec m2 systemctl start talker.service
check "status of an unknown unit says so" mentions "Unit nobody.service does not exist." ctl status nobody
check "one on no machine, too" mentions "Unit idle.service does not appear to be loaded." ctl status idle

# --- tunnel
check "a tunnel leads to the far socket" mentions "$id" far list-machines --full
tunnel_by_environment() {
    FLEETCTL_TUNNEL=$FIRST:2222 ctl "${FAR_SOCKET[@]}" list-machines --full
}
check "also from the environment, with a port" mentions "$id" tunnel_by_environment
check "start waits through it" mentions "launched on" far start idle.service
many() {
    local i names=()
    for ((i = 1; i <= 40; i++)); do
        names+=("idle@$i.service")
    done
    sleeper idle@.service
    far start "${names[@]}" && far destroy "${names[@]}"
}
check "many requests at once pass" many
check "machines are reached through it" \
    mentions "$FIRST " far ssh $SECOND printenv SSH_CONNECTION
check "as themselves without it" mentions "10.77.0.1 " ctl ssh $SECOND printenv SSH_CONNECTION
check "with the exit status" status_is 42 far ssh talker exit 42
check "journal passes" mentions poked far journal --lines=50 talker
check "status passes" mentions "Main PID" far status talker
check "an unknown host is refused, with 1" status_is 1 far --known-hosts-file=/dev/null list-machines
check "so is one that is not there" \
    mentions "Cannot reach '10.77.0.99' with ssh" ctl "${FAR_SOCKET[@]}" --ssh-timeout=1 --tunnel 10.77.0.99 list-machines
check "a far socket that is not there is told" \
    mentions "Failed to connect to '/run/none.sock'" ctl --endpoint unix:///run/none.sock --tunnel $FIRST list-machines

lab exec m1 bash -euc 'printf "%s\n" "[Socket]" "ListenStream=127.0.0.1:49153" "Service=fleet.service" \
    >/etc/systemd/system/fleet-tcp.socket
    systemctl daemon-reload; systemctl stop fleet.service; systemctl start fleet-tcp.socket fleet.service'
check "a tunnel leads to a far port" \
    eventually 10 mentions "$id" far_by_port list-machines --full
check "and to machines beyond" prints m2 far_by_port ssh talker hostname
check "no ssh and no folder stays behind" eventually 5 no_ssh_left
folders() {
    find "$TMPDIR" -maxdepth 1 -name 'fleetctl-*'
}
check "nor a folder" prints "" folders
sleep_runs() {
    lab exec m2 pgrep -f 'sleep 61'
}
nothing_is_left() {
    prints "" folders && no_ssh_left
}
killed() {
    "$LAB_HOME/lab" ctl "${FAR_SOCKET[@]}" --tunnel $FIRST ssh talker sleep 61 &
    local pid=$!
    eventually 10 sleep_runs || return 1
    kill -KILL "$pid"
    eventually 5 nothing_is_left
}
check "nor when fleetctl is killed" killed

# interrupted CONDITION ARG...: presses Ctrl-C at the terminal of fleetctl ARG... when the condition holds.
interrupted() {
    { eventually 10 "$1" && printf '\003'; } | script -qec "$LAB_HOME/lab ctl ${*:2}" /dev/null
}
folder_is_there() {
    [[ -n $(folders) ]]
}
check "Ctrl-C ends ssh" status_is 130 interrupted sleep_runs ssh talker sleep 61
check "also through a tunnel" status_is 130 interrupted sleep_runs "${FAR_SOCKET[@]}" --tunnel $FIRST ssh talker sleep 61
check "and a login that takes its time" \
    status_is 130 interrupted folder_is_there --ssh-timeout=100 --tunnel 10.77.0.99 list-machines
check "all of which leave nothing" eventually 5 nothing_is_left

lab exec m1 bash -c 'systemctl stop fleet-tcp.socket; rm /etc/systemd/system/fleet-tcp.socket; systemctl daemon-reload'
for k in 1 2 3; do
    lab exec "m$k" systemctl stop lab-sshd.service
done
