# shellcheck shell=bash
# A web service, web@1 to web@6 on ports 801 to 806, and a client beside the machines that asks all of them all the time: what it
# counts as lost stands at the top of web-client.py. Needs check.sh and ask.sh.

# For units whose ExecStart= is python3 /usr/local/lib/web-server.py 80%i.
web_install() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" tee /usr/local/lib/web-server.py <"$LAB_HOME/lib/web-server.py" >/dev/null
    done
}

# client_start [--fleetd ADDRESS:PORT]... [PORT...]: these ports, if not those of six instances.
client_start() {
    local options=()
    while [[ ${1-} == --* ]]; do
        options+=("$1" "$2")
        shift 2
    done
    (($#)) || set -- 80{1..6}
    CLIENT_LOG=$UNITS/client.log
    : >"$CLIENT_LOG"
    (exec "$LAB_HOME/lab" beside python3 "$LAB_HOME/lib/web-client.py" "${options[@]}" "$@" -- 10.77.0.{101,102,103} \
        >"$CLIENT_LOG" 2>&1) &
    CLIENT=$!
    eventually 10 grep -q '^asking$' "$CLIENT_LOG"
}
client_end() {
    kill -TERM "$CLIENT"
    wait "$CLIENT"
    sed 's/^/# /' "$CLIENT_LOG"
}

# client_tells: what it has counted since it told it the last time; what it lost in that time stands in the file lost, its counts in the file
# counts. For a while in which all should be well.
client_tells() {
    local told
    told=$(client_lines)
    kill -USR1 "$CLIENT"
    eventually 10 client_has_told "$told" || return
    grep '^requests ' "$CLIENT_LOG" | tail -n 1 >counts
    awk '/^requests / { n++ } n == told && /^lost / { print }' "told=$told" "$CLIENT_LOG" >lost
    sed 's/^/# /' lost counts
}
client_lines() {
    grep -c '^requests ' "$CLIENT_LOG"
}
client_has_told() {
    (($(client_lines) > $1))
}

# counted WORD: the number behind it, of what the client has told last.
counted() {
    grep '^requests ' "$CLIENT_LOG" | tail -n 1 |
        awk -v word="$1" '{ for (i = 1; i < NF; i += 2) if ($i == word) { print $(i + 1); n++ } } END { exit n != 1 }'
}
counted_at_least() {
    local n
    n=$(counted "$2") && ((n >= $1))
}
lost_none() {
    counted_at_least 1 requests && prints 0 counted lost && prints 0 counted direct-lost
}
