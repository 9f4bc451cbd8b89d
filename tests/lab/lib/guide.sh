# shellcheck shell=bash
# Does what a guide tells its readers to do, on the machines of the lab, and compares. Needs check.sh.
#
# A block of code in a guide is one of these:
#   a session   a line with a prompt, `$ ` or `m2$ `, is a command for m1 or another machine; a `\` at its end
#               continues it; the lines below are what it prints (none: whatever it prints, unless `within` is said)
#   a file      its first line is `# NAME`: an absolute path, or a unit file for the present directory
#   text        anything else, unless one of its lines begins with a prompt or with the name of a program
#
# Comments of Markdown, in lines of their own before a block, say what readers need not see:
#   <!-- not run: REASON -->     the block is not run
#   <!-- on: m1 m2 m3 -->        it is meant for these machines, one after another
#   <!-- anywhere -->            its units may be on other machines than shown, also together or apart
#   <!-- fails -->               its first command exits with another status than 0
#   <!-- within: SECONDS -->     its first command is repeated until it prints what is shown, be it nothing
#   <!-- do: COMMAND -->         what happens here without a command, like `lab kill m3`

# shellcheck source=tests/lab/lib/guide-compare.sh
. "$LAB_HOME/lib/guide-compare.sh"

GUIDE_PROMPT='^(m[0-9])?\$ (.*)'
GUIDE_CAPTION='^# ([^ ]*[/.][^ ]*)$'

# A command goes on where the one before on its machine left off: directory and exported variables. What its reader makes is
# made by two at a time.
# shellcheck disable=SC2016
GUIDE_SHELL='
    cd /root
    export MAKEFLAGS=-j2
    [[ ! -e /run/guide-shell ]] || . /run/guide-shell
    eval "$1"
    status=$?
    { export -p; printf "cd %q\n" "$PWD"; } >/run/guide-shell
    exit $status'

# guide FILE [DIRECTORY]: each command and each file of it is a check. Its readers begin in that directory.
guide() {
    local machine
    GUIDE=$1 GUIDE_NAME=$(basename "$1")
    for machine in m1 m2 m3; do
        # shellcheck disable=SC2016
        lab exec "$machine" sh -c 'mkdir -p "$1" && echo "cd $1" >/run/guide-shell' sh "${2:-/root}"
    done
    guide_read
}

# --- reading: finds blocks and the comments before them

guide_read() {
    local number=0 line
    GUIDE_BLOCK=() GUIDE_BEGIN=0 GUIDE_IS_FENCED='' GUIDE_IS_AFTER_BLANK=1
    guide_forget_options
    while IFS= read -r line || [[ -n $line ]]; do
        number=$((number + 1))
        guide_read_line "$number" "$line"
        GUIDE_IS_AFTER_BLANK=
        [[ -n $line && $line != '<!--'* ]] || GUIDE_IS_AFTER_BLANK=1
    done <"$GUIDE"
    guide_end_block
}

# guide_read_line NUMBER LINE
guide_read_line() {
    if [[ $2 == '```'* ]]; then
        guide_end_block
        if [[ -n $GUIDE_IS_FENCED ]]; then GUIDE_IS_FENCED=; else GUIDE_IS_FENCED=1; fi
    elif [[ -n $GUIDE_IS_FENCED ]]; then
        guide_add_line "$1" "$2"
    elif [[ $2 == '    '* && (${#GUIDE_BLOCK[@]} -gt 0 || -n $GUIDE_IS_AFTER_BLANK) ]]; then
        guide_add_line "$1" "${2:4}"
    elif [[ -n $2 ]]; then
        guide_end_block
        guide_read_comment "$1" "$2"
    elif ((${#GUIDE_BLOCK[@]} > 0)); then
        guide_add_line "$1" ""
    fi
}

guide_add_line() {
    ((${#GUIDE_BLOCK[@]} > 0)) || GUIDE_BEGIN=$1
    GUIDE_BLOCK+=("$2")
}

guide_forget_options() {
    declare -gA GUIDE_OPTION=()
}

# A line of plain text lies between a comment and whatever block comes later.
guide_read_comment() {
    if [[ $2 =~ ^'<!-- '([a-z ]+)(': '(.*))?' -->'$ ]]; then
        case ${BASH_REMATCH[1]} in
        do) guide_do "$1" "${BASH_REMATCH[3]}" ;;
        'not run' | on | anywhere | fails | within) GUIDE_OPTION[${BASH_REMATCH[1]}]=${BASH_REMATCH[3]:-yes} ;;
        *) guide_refuse "$1" "unknown comment: $2" ;;
        esac
    else
        guide_forget_options
    fi
}

guide_end_block() {
    while ((${#GUIDE_BLOCK[@]} > 0)) && [[ -z ${GUIDE_BLOCK[-1]} ]]; do
        unset 'GUIDE_BLOCK[-1]'
    done
    ((${#GUIDE_BLOCK[@]} > 0)) || return 0
    guide_do_block
    GUIDE_BLOCK=()
    guide_forget_options
}

# --- doing what blocks say

guide_do_block() {
    if [[ -n ${GUIDE_OPTION[not run]-} ]]; then
        echo "# $GUIDE_NAME:$GUIDE_BEGIN: not run: ${GUIDE_OPTION[not run]}"
    elif [[ ${GUIDE_BLOCK[0]} =~ $GUIDE_CAPTION ]]; then
        guide_file "${BASH_REMATCH[1]}"
    elif [[ ${GUIDE_BLOCK[0]} =~ $GUIDE_PROMPT ]]; then
        guide_session
    else
        guide_text
    fi
}

guide_refuse() {
    echo "not ok - $GUIDE_NAME:$1: $2"
}

guide_text() {
    local i word _
    for ((i = 0; i < ${#GUIDE_BLOCK[@]}; i++)); do
        read -r word _ <<<"${GUIDE_BLOCK[i]}"
        ! guide_is_program "$word" && [[ ! ${GUIDE_BLOCK[i]} =~ $GUIDE_PROMPT ]] ||
            guide_refuse $((GUIDE_BEGIN + i)) "a command without a prompt, or to be marked 'not run': ${GUIDE_BLOCK[i]}"
    done
}

guide_is_program() {
    [[ $1 == @(fleetctl|fleetd) ]] || { [[ $1 == [a-z./]* ]] && type -P "$1" >/dev/null; }
}

guide_machines() {
    echo "${GUIDE_OPTION[on]-${1:-m1}}"
}

# Two blocks with nothing but blank lines between them are one.
guide_file() {
    local i machine
    for ((i = 1; i < ${#GUIDE_BLOCK[@]}; i++)); do
        [[ ! ${GUIDE_BLOCK[i]} =~ $GUIDE_PROMPT && ! ${GUIDE_BLOCK[i]} =~ $GUIDE_CAPTION ]] ||
            guide_refuse $((GUIDE_BEGIN + i)) "no text between a file and what follows it: ${GUIDE_BLOCK[i]}"
    done
    for machine in $(guide_machines); do
        check "$GUIDE_NAME:$GUIDE_BEGIN: $machine: write $1" guide_write "$machine" "$1"
    done
}

guide_write() {
    printf '%s\n' "${GUIDE_BLOCK[@]}" |
        lab exec "$1" bash -c "$GUIDE_SHELL" guide "mkdir -p '$(dirname "$2")' && cat >'$2'"
}

guide_session() {
    local i=0 line machine command expected
    while ((i < ${#GUIDE_BLOCK[@]})); do
        line=$((GUIDE_BEGIN + i)) expected=
        [[ ${GUIDE_BLOCK[i]} =~ $GUIDE_PROMPT ]]
        machine=${BASH_REMATCH[1]} command=${BASH_REMATCH[2]}
        while [[ $command == *\\ ]]; do
            i=$((i + 1))
            command="${command%\\}${GUIDE_BLOCK[i]#"${GUIDE_BLOCK[i]%%[! ]*}"}"
        done
        for ((i++; i < ${#GUIDE_BLOCK[@]}; i++)); do
            [[ ! ${GUIDE_BLOCK[i]} =~ $GUIDE_PROMPT ]] || break
            expected+=${GUIDE_BLOCK[i]}$'\n'
        done
        for machine in $(guide_machines "$machine"); do
            check "$GUIDE_NAME:$line: $machine\$ $command" guide_command "$machine" "$command" "$expected"
        done
        unset 'GUIDE_OPTION[fails]' 'GUIDE_OPTION[within]'
    done
}

guide_command() {
    if [[ -n ${GUIDE_OPTION[within]-} ]]; then
        eventually "${GUIDE_OPTION[within]}" guide_try "$@"
    else
        guide_try "$@"
    fi
}

# guide_try MACHINE COMMAND EXPECTED
guide_try() {
    local output status=0
    output=$(timeout 120 "$LAB_HOME/lab" exec "$1" bash -c "$GUIDE_SHELL" guide "$2" </dev/null 2>&1) || status=$?
    if [[ -n ${GUIDE_OPTION[fails]-} ]]; then
        ((status != 0)) || { echo "$output" && echo "(exit status 0)" && return 1; }
    else
        ((status == 0)) || { echo "$output" && echo "(exit status $status)" && return 1; }
    fi
    [[ -z ${3//[[:space:]]/} && -z ${GUIDE_OPTION[within]-} ]] || guide_is_alike "$3" "$output" "${GUIDE_OPTION[anywhere]-}"
}

guide_do() {
    check "$GUIDE_NAME:$1: $2" eval "$2"
}
