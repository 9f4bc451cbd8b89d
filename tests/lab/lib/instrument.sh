# shellcheck shell=bash
# A fleetd that is watched from within: built with sanitizers, or run under valgrind (FLEETD_UNDER=valgrind). What
# is reported goes to $LAB_REPORTS, with a folder for each machine, which may outlive machine and lab.

INSTRUMENT_INSIDE=/var/log/fleet-reports # a machine's folder, in the machine
INSTRUMENT_VALGRIND=(
    /usr/bin/valgrind --quiet --vgdb=no --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
    --num-callers=30 --suppressions=/usr/lib/fleet-lab/valgrind.supp
    # Ids of processes come again after a boot.
    "--log-file=$INSTRUMENT_INSIDE/fleetd.%p.%q{INVOCATION_ID}"
)

# Prints how the programs that `up` is to install are watched: sanitizers, valgrind, or nothing.
instrument_find() {
    case ${FLEETD_UNDER-} in
    valgrind) echo valgrind ;;
    '') ! grep -q __asan_init "$LAB_FLEETD" || echo sanitizers ;;
    *) die "FLEETD_UNDER may be valgrind, and not '$FLEETD_UNDER'" ;;
    esac
}

# instrument_options FOLDER NAME: the environment of a program that is built with sanitizers.
instrument_options() {
    local common="log_path=$1/$2:print_stacktrace=1"
    printf '%s\n' "ASAN_OPTIONS=$common:detect_stack_use_after_return=1:strict_string_checks=1" \
        "UBSAN_OPTIONS=$common" "LSAN_OPTIONS=log_threads=0"
}

# What lets a service work within its confinement: valgrind writes code, ...
instrument_valgrind() {
    printf '%s\n' '[Service]' "ReadWritePaths=$INSTRUMENT_INSIDE" 'MemoryDenyWriteExecute=no' 'SystemCallFilter=' 'ExecStart='
    echo "ExecStart=${INSTRUMENT_VALGRIND[*]//%/%%} $1"
}

# ... and the sanitizers stop the program's own threads to look for leaks.
instrument_sanitizers() {
    local option
    printf '%s\n' '[Service]' "ReadWritePaths=$INSTRUMENT_INSIDE" 'SystemCallFilter=@debug'
    while read -r option; do
        echo "Environment=$option"
    done < <(instrument_options "$INSTRUMENT_INSIDE" "$1")
}

# In the layer that all machines share.
instrument_install() {
    [[ -n $LAB_INSTRUMENT ]] || return 0
    mkdir -p ".$INSTRUMENT_INSIDE" usr/lib/fleet-lab
    cp "$LAB_HOME/lib/valgrind.supp" usr/lib/fleet-lab/
    if [[ $LAB_INSTRUMENT == valgrind ]]; then
        instrument_valgrind /usr/sbin/fleetd >etc/systemd/system/fleet.service.d/instrument.conf
    else
        mkdir -p etc/systemd/system/fleet-guard.service.d
        instrument_sanitizers fleetd >etc/systemd/system/fleet.service.d/instrument.conf
        instrument_sanitizers fleet-guard >etc/systemd/system/fleet-guard.service.d/instrument.conf
    fi
}

# Sets INSTRUMENT_BIND for a machine that boots. Whoever fleetd runs as may write there.
instrument_bind() {
    INSTRUMENT_BIND=()
    [[ -n $LAB_INSTRUMENT ]] || return 0
    mkdir -p "$LAB_REPORTS/$1"
    chmod 1777 "$LAB_REPORTS/$1"
    INSTRUMENT_BIND=("--bind=$LAB_REPORTS/$1:$INSTRUMENT_INSIDE")
}

# Sets INSTRUMENT_ENVIRONMENT for what is run in a machine by hand.
instrument_environment() {
    INSTRUMENT_ENVIRONMENT=()
    [[ $LAB_INSTRUMENT != sanitizers ]] ||
        mapfile -t INSTRUMENT_ENVIRONMENT < <(instrument_options "$INSTRUMENT_INSIDE" program)
}

# Prints what was reported; fails if anything was.
instrument_reports() {
    local file status=0
    [[ -d $LAB_REPORTS ]] || return 0
    while read -r file; do
        status=1
        printf '== %s\n' "${file#"$LAB_REPORTS"/}"
        cat "$file"
    done < <(find "$LAB_REPORTS" -type f -size +0 | sort)
    return "$status"
}
