# shellcheck shell=bash
# A web service of six instances, web@1 to web@6 on ports 801 to 806, and a client beside the machines that asks all of
# them all the time.

# For units whose ExecStart= is python3 /usr/local/lib/web-server.py 80%i.
web_install() {
    local machine
    for machine in m1 m2 m3; do
        lab exec "$machine" tee /usr/local/lib/web-server.py <"$LAB_HOME/lib/web-server.py" >/dev/null
    done
}

client_start() {
    client_start_for 6
}
# client_start_for N: of the first N instances only.
client_start_for() {
    local ports
    CLIENT_LOG=$UNITS/client.log
    mapfile -t ports < <(seq 801 $((800 + $1)))
    (exec "$LAB_HOME/lab" beside python3 "$LAB_HOME/lib/web-client.py" 0 "${ports[@]}" -- 10.77.0.{101,102,103} \
        >"$CLIENT_LOG" 2>&1) &
    CLIENT=$!
}
client_end() {
    kill -TERM "$CLIENT"
    wait "$CLIENT"
    sed 's/^/# /' "$CLIENT_LOG"
}
lost_none() {
    grep -q '^requests [0-9]* lost 0 ' "$CLIENT_LOG"
}
