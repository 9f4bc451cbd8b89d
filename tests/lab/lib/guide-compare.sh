# shellcheck shell=bash
# Compares what a guide shows with what a command printed. The order of lines does not count, nor do columns; ids,
# hashes, times and numbers of processes may differ. `...` stands for anything, as a line of its own for any lines.
#
# Machines are given out by id, so a unit may be on another machine than the guide shows. But units that share a
# machine there share one here, and others do not: the machines of a unit are numbered in the order of the lines.

# guide_is_alike EXPECTED ACTUAL [ANYWHERE]
guide_is_alike() {
    local expected actual
    expected=$(guide_normalize <<<"$1")
    actual=$(guide_normalize <<<"$2")
    if [[ -n ${3-} ]] || grep -qxF ... <<<"$expected"; then
        expected=$(guide_forget_machines <<<"$expected")
        actual=$(guide_forget_machines <<<"$actual")
    else
        expected=$(guide_number_machines <<<"$expected")
        actual=$(guide_number_machines <<<"$actual")
    fi
    guide_lines_match "$expected" "$actual" || {
        printf '%s\n' "-- printed:" "$2"
        return 1
    }
}

guide_normalize() {
    sed -E '
        s/[[:blank:]]+/ /g; s/^ //; s/ $//
        /^$/d
        s/\b[0-9a-f]{8}\.\.\./ID/g
        s/\b[0-9a-f]{32}\b/ID/g
        s/\b([0-9a-f]{40}|[0-9a-f]{15,16}|[0-9a-f]{7,8})\b/HASH/g
        s/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) //g
        s/\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]?[0-9] [0-9:]{8}/TIME/g
        s/\b[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{8,}(Z| UTC|[+-][0-9:]+)?)?/TIME/g
        s/\b([0-9.]+ ?(us|µs|ms|s|sec|min|h|days?) )*[0-9.]+ ?(us|µs|ms|s|sec|min|h|days?)\b/DURATION/g
        s/\b([0-9.]+ ?)([kMG]i?)?B\b/SIZE/g
        s/\b[0-9.]+[KMGT]\b/SIZE/g
        s/\bfewest units \([0-9]+\)/fewest units (N)/
        s/\[[0-9]+\]/[PID]/g; s/\b(PID:?|pid) [0-9]+/PID/g'
}

guide_forget_machines() {
    sed -E 's,\bID/[0-9.]+,ID/MACHINE,g'
}

# Lines that are equal but for the machine keep no number.
guide_number_machines() {
    sed -E 's,(.*)\bID/([0-9.]+)(.*),\1ID/MACHINE\3\t\2\t&,; t; s/.*/&\t\t&/' | sort -s -t $'\t' -k 1,1 | awk -F '\t' '
        { key[NR] = $1; machine[NR] = $2; times[$1]++ }
        END {
            for (i = 1; i <= NR; i++) {
                if (machine[i] != "" && times[key[i]] == 1) {
                    if (!(machine[i] in number)) number[machine[i]] = ++count
                    sub("ID/MACHINE", "ID/MACHINE" number[machine[i]], key[i])
                }
                print key[i]
            }
        }'
}

# Each expected line takes one of the actual lines, those that leave nothing open first; none may be left, unless a
# line of `...` allows it.
guide_lines_match() {
    local line i pattern is_open=
    local -a actual
    mapfile -t actual < <(printf '%s' "${2:+$2$'\n'}")
    while IFS= read -r line; do
        [[ -n $line ]] || continue
        [[ $line != ... ]] || { is_open=1 && continue; }
        pattern=$(sed -E 's/[][*?\\]/\\&/g; s/\.\.\./*/g' <<<"$line")
        for i in "${!actual[@]}"; do
            # shellcheck disable=SC2053
            [[ ${actual[i]} == $pattern ]] || continue
            unset "actual[i]"
            continue 2
        done
        echo "missing: $line"
        return 1
    done < <(grep -vF ... <<<"$1"; grep -F ... <<<"$1")
    ((${#actual[@]} == 0)) || [[ -n $is_open ]] || { printf 'not expected: %s\n' "${actual[@]}" && return 1; }
}
