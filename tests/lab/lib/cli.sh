# shellcheck shell=bash
# The command line: one table of verbs, checks of what was given, messages.

usage() {
    cat <<'EOF'
Usage: lab COMMAND [ARG...]

A lab of machines with their own systemd, fleetd and network, and the etcd they share, on this machine.

  up [--machines N] [--etcd 1|3] [--conf KEY=VALUE]...
                    start N machines (3) and etcd members (1), with these lines added to fleet.conf;
                    returns when all machines are listed. A lab that is up already is set right again:
                    everything on, healed and resumed
  down              take everything away, also what an interrupted run left
  ctl ARG...        fleetctl against a living machine
  exec mK CMD...    run a command in a machine
  beside CMD...     run a command of this host in the network, beside the machines
  kill mK           cut its power             shutdown mK   shut it down cleanly
  boot mK           switch it on again, as the machine it was
  is-on mK          succeed if it is on; one that reboots by itself goes off, and waits to be switched on
  replace mK        put another machine in the place of one that is off
  cut mK            take its network away     heal mK       give it back
  etcd VERB [I]     start, stop, kill, pause or resume etcd member I, or all of them; cut its network and heal
                    it; fill its disk and free it
  fleetd VERB mK    the same with a machine's fleetd; cut and heal: from the store only; fill and free: /run/fleet
  logs mK           print its fleetd's journal, also when it is off
  id mK             print its machine id
  reports           print what sanitizers or valgrind have found, and fail if there is anything

Machines are m1, m2, ... with 10.77.0.101, ...; etcd members are 1, 2, 3 with 10.77.0.11, ...

Environment: FLEETD, FLEET_GUARD, FLEETCTL: the programs, if not those of the build tree. FLEET_UNITS: the folder of
fleet.service (or .in) and what belongs to it. FLEET_LAB_DIR: where a second, independent lab has its state,
if not in /run/fleet-lab. A FLEETD that was built with sanitizers is let report what they find; FLEETD_UNDER=valgrind
runs it under valgrind. FLEET_LAB_REPORTS: the folder that the reports are kept in when the lab goes.
EOF
}

note() {
    echo "lab: $*" >&2
}

die() {
    note "$*"
    exit 1
}

usage_error() {
    note "$* (lab -h explains)"
    exit 2
}

# verb: function, least and most number of arguments
CLI_VERBS='
up       cli_up       0 999
down     cli_down     0 0
ctl      cli_ctl      0 999
exec     cli_exec     2 999
beside   cli_beside   1 999
kill     cli_machine  1 1
shutdown cli_machine  1 1
boot     cli_machine  1 1
is-on    cli_is_on    1 1
replace  cli_machine  1 1
cut      cli_machine  1 1
heal     cli_machine  1 1
etcd     cli_etcd     1 2
fleetd   cli_fleetd   2 2
logs     cli_logs     1 1
id       cli_id       1 1
reports  cli_reports  0 0
'

cli_main() {
    local verb=${1-} name function least most
    [[ $verb != @(-h|--help|help) ]] || { usage && exit; }
    [[ -n $verb ]] || usage_error "no command given"
    shift
    while read -r name function least most; do
        [[ $name == "$verb" ]] || continue
        (($# >= least && $# <= most)) || usage_error "wrong number of arguments for $verb"
        ((EUID == 0)) || die "must run as root"
        CLI_VERB=$verb
        "$function" "$@" <&3
        return
    done 3<&0 <<<"$CLI_VERBS"
    usage_error "unknown command '$verb'"
}

# For the verbs that need a lab; those which change it hold its lock meanwhile.
cli_need_lab() {
    lab_is_known || die "no lab is up; lab up starts one"
    lab_load
}

cli_need_lab_to_change() {
    cli_need_lab
    lab_lock shared || die "the lab has just been taken down"
}

cli_check_machine() {
    [[ $1 =~ ^m[1-9][0-9]?$ ]] && ((${1#m} <= LAB_MACHINES)) ||
        usage_error "no machine '$1'; there are m1 to m$LAB_MACHINES"
}

cli_need_tools() {
    local tool missing=()
    for tool in systemd-nspawn nsenter unshare flock ip nft etcd curl; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [[ ${#missing[@]} == 0 ]] || die "not installed: ${missing[*]}; tests/deps demo installs what is missing"
}

# cli_program VALUE DEFAULT NAME
cli_program() {
    local path
    path=$(realpath -m "${1:-$2}")
    [[ -f $path && -x $path ]] || die "no program $path; build it first, or set $3"
    echo "$path"
}

cli_up() {
    LAB_MACHINES=3 LAB_ETCD=1
    while (($# > 0)); do
        [[ $1 == @(--machines|--etcd|--conf) ]] || usage_error "up: unknown argument '$1'"
        (($# >= 2)) || usage_error "up: $1 needs a value"
        cli_up_option "$1" "$2"
        shift 2
    done
    cli_need_tools
    LAB_FLEETD=$(cli_program "${FLEETD-}" "$SOURCE_TOP/build/fleetd/fleetd" FLEETD)
    LAB_GUARD=$(cli_program "${FLEET_GUARD-}" "$SOURCE_TOP/build/fleetd/guard/fleet-guard" FLEET_GUARD)
    LAB_FLEETCTL=$(cli_program "${FLEETCTL-}" "$SOURCE_TOP/build/fleetctl/fleetctl" FLEETCTL)
    LAB_UNITS=$(realpath -m "${FLEET_UNITS:-$SOURCE_TOP/units}")
    [[ -e $LAB_UNITS/fleet.service || -e $LAB_UNITS/fleet.service.in ]] || die "no fleet.service in $LAB_UNITS"
    LAB_INSTRUMENT=$(instrument_find)
    LAB_REPORTS=$(realpath -m "${FLEET_LAB_REPORTS:-$LAB_REPORTS}")
    lab_up
}

cli_up_option() {
    case $1 in
    --machines)
        [[ $2 =~ ^[1-9][0-9]?$ ]] || usage_error "up: --machines takes a number from 1 to 99, not '$2'"
        LAB_MACHINES=$2
        ;;
    --etcd)
        [[ $2 == [13] ]] || usage_error "up: --etcd takes 1 or 3, not '$2'"
        LAB_ETCD=$2
        ;;
    --conf)
        [[ $2 =~ ^[a-z][a-z0-9_]*=[^$'\n']*$ ]] || usage_error "up: --conf takes key=value, not '$2'"
        LAB_CONF+=("$2")
        ;;
    esac
}

cli_down() {
    lab_down
}

cli_ctl() {
    cli_need_lab
    fleet_ctl "$@"
}

cli_exec() {
    cli_need_lab
    cli_check_machine "$1"
    machine_enter "$1"
    exec "${MACHINE_ENTER[@]}" "${@:2}"
}

cli_machine() {
    cli_need_lab_to_change
    cli_check_machine "$1"
    case $CLI_VERB in
    kill) machine_kill "$1" ;;
    shutdown) machine_shutdown "$1" ;;
    replace) machine_replace "$1" ;;
    boot)
        machine_power_on "$1"
        machine_wait_booted "$1"
        ;;
    cut) net_cut "$1" ;;
    heal) net_heal "$1" ;;
    esac
}

cli_beside() {
    cli_need_lab
    exec nsenter --net="/run/netns/$LAB_NAME" "$@"
}

cli_is_on() {
    cli_need_lab
    cli_check_machine "$1"
    machine_is_on "$1"
}

cli_check_service_verb() {
    [[ $1 == @(start|stop|kill|pause|resume|cut|heal|fill|free) ]] ||
        usage_error "$CLI_VERB: unknown verb '$1'; there are start, stop, kill, pause, resume, cut, heal, fill and free"
}

cli_etcd() {
    local i members=()
    cli_need_lab_to_change
    cli_check_service_verb "$1"
    if (($# == 2)); then
        [[ $2 =~ ^[1-3]$ ]] && (($2 <= LAB_ETCD)) || usage_error "no etcd member '$2'; there are 1 to $LAB_ETCD"
        members=("$2")
    else
        for ((i = 1; i <= LAB_ETCD; i++)); do
            members+=("$i")
        done
    fi
    etcd_do "$1" "${members[@]}"
}

cli_fleetd() {
    cli_need_lab_to_change
    cli_check_service_verb "$1"
    cli_check_machine "$2"
    fleet_do "$1" "$2"
}

cli_logs() {
    cli_need_lab
    cli_check_machine "$1"
    fleet_logs "$1"
}

cli_id() {
    cli_need_lab
    cli_check_machine "$1"
    machine_id "$1"
}

cli_reports() {
    cli_need_lab
    instrument_reports
}
