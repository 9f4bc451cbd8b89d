# shellcheck shell=bash
# For tests that torture a program which failing-process.c is linked to: sourced, after tests/tap.sh.
#
#   options ARGUMENT...          sets every, chosen and is_all
#   torture NAME RUN COMPLAINT   one test: RUN NAME again and again, for each allocation that it makes when none fails; after
#                                each run COMPLAINT NAME says what is wrong with it
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TORTURE_REPORT=$work/report
every=1 chosen=() is_all=no

options() {
    while (($#)); do
        case $1 in
        --every) every=$2 && shift ;;
        --all) is_all=yes ;;
        *) chosen+=("$1") ;;
        esac
        shift
    done
}

# One run. Sets n_allocations and finding.
torture_once() {
    local name=$1 run=$2 complaint=$3 n_kept=
    rm -f "$TORTURE_REPORT"
    n_allocations=0 finding=
    TORTURE_NTH=$nth "$run" "$name" || finding="it could not be run"
    if [[ -s $TORTURE_REPORT ]]; then
        read -r n_allocations _ n_kept <"$TORTURE_REPORT"
    else
        finding="it ended without a report (crashed)"
    fi
    [[ -n $finding ]] || finding=$("$complaint" "$name")
    if [[ -z $finding && ${n_kept:-0} != 0 ]]; then
        finding="it left $n_kept blocks behind"
    fi
}

torture() {
    local name=$1 findings='' n_runs=1 n_total kind i nth=0
    torture_once "$@"
    n_total=$n_allocations
    [[ -z $finding ]] || findings="without a failure: $finding"$'\n'
    for kind in '' +; do
        for ((i = 1; i <= n_total; i += every)); do
            nth=$i$kind
            torture_once "$@"
            n_runs=$((n_runs + 1))
            if [[ -n $finding ]]; then
                findings+="TORTURE_NTH=$nth: $finding"$'\n'
            fi
        done
    done
    judge "$name: $n_total allocations, $n_runs runs" "$(head -n 20 <<<"$findings")"
}
