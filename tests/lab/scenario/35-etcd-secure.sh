# shellcheck shell=bash
# lab: --machines 2 --conf agent_ttl=5s --conf verbosity=1
# timeout: 240
# lane: 3
# An etcd that wants a certificate and a login, on m1; both machines are its clients.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

URL=https://10.77.0.101:2390
TOKEN_SECONDS=3
FIRST=0pen-sesame SECOND=sesame-0pen

sleeper u@.service

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" 2>/dev/null
}

# certificate AUTHORITY NAME SUBJECT
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" -subj "$3" 2>/dev/null
    openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 2 -out "$2.pem" 2>/dev/null \
        -extfile <(printf 'subjectAltName=IP:10.77.0.101\nextendedKeyUsage=serverAuth,clientAuth\n')
}

# To /etc/fleet/tls of a machine, for root alone.
install_certificates() {
    tar -c ./*.pem ./*.key | lab exec "$1" sh -c 'umask 077 && mkdir -p /etc/fleet/tls && tar -x -C /etc/fleet/tls'
}

start_etcd() {
    lab exec m1 systemd-run --quiet --unit secure-etcd etcd --data-dir /run/secure-etcd --logger zap \
        --listen-client-urls "$URL" --advertise-client-urls "$URL" \
        --listen-peer-urls http://127.0.0.1:2391 --initial-advertise-peer-urls http://127.0.0.1:2391 \
        --initial-cluster default=http://127.0.0.1:2391 --listen-metrics-urls http://127.0.0.1:2392 \
        --cert-file /etc/fleet/tls/server.pem --key-file /etc/fleet/tls/server.key \
        --client-cert-auth --trusted-ca-file /etc/fleet/tls/ca.pem --auth-token-ttl "$TOKEN_SECONDS"
}

root_etcdctl() {
    lab exec m1 env ETCDCTL_API=3 etcdctl --endpoints "$URL" --cacert /etc/fleet/tls/ca.pem \
        --cert /etc/fleet/tls/client.pem --key /etc/fleet/tls/client.key "$@"
}

enable_logins() {
    root_etcdctl user add root:master &&
        root_etcdctl user grant-role root root &&
        root_etcdctl user add "fleet:$FIRST" &&
        root_etcdctl role add fleet &&
        root_etcdctl role grant-permission fleet --prefix=true readwrite "$STORE_PREFIX" &&
        root_etcdctl user grant-role fleet fleet &&
        root_etcdctl auth enable
}

change_password() {
    root_etcdctl --user root:master --interactive=false user passwd fleet <<<"$1"
}

# How often etcd was asked for a token.
logins() {
    lab exec m1 curl -s http://127.0.0.1:2392/metrics |
        awk '/^grpc_server_handled_total.*grpc_code="OK".*grpc_method="Authenticate"/ { print $2 }'
}

more_logins_than() {
    (($(logins) > $1))
}

# configure MACHINE PASSWORD [CA [CERTIFICATE]]
configure() {
    local certificate=${4:-client}
    lab exec "$1" sh -c 'umask 077; sed -i "/^etcd_/d" /etc/fleet/fleet.conf; chmod 600 /etc/fleet/fleet.conf
        cat >>/etc/fleet/fleet.conf' <<END
etcd_servers = ["$URL"]
etcd_cafile = /etc/fleet/tls/${3:-ca}.pem
etcd_certfile = /etc/fleet/tls/$certificate.pem
etcd_keyfile = /etc/fleet/tls/$certificate.key
etcd_username = fleet
etcd_password = "$2"
END
}

restart_fleetd() {
    lab exec "$1" systemctl restart fleet.service
}

both_listed() {
    equal 2 "$(ctl list-machines --no-legend | wc -l)"
}

processes() {
    main_pids m1 m2 | grep u@
}

unchanged() {
    equal "$before" "$(processes)"
}

# told N TEXT MACHINE: its journal says so N times since its fleetd was last started.
told() {
    local count
    # shellcheck disable=SC2016
    count=$(lab exec "$3" sh -c 'journalctl --sync; journalctl -o cat _SYSTEMD_INVOCATION_ID="$(
        systemctl show -p InvocationID --value fleet.service)"' | grep -cF "$2")
    equal "$1" "$count"
}

authority ca
authority other
certificate ca server /CN=server
certificate ca client /O=fleet
certificate ca named /CN=fleet
certificate other foreign /O=fleet
install_certificates m1
install_certificates m2
start_etcd
check "an etcd with TLS is up" eventually 10 root_etcdctl endpoint health
check "it wants logins" enable_logins

for machine in m1 m2; do
    configure $machine "$FIRST"
    restart_fleetd $machine
done
check "both machines register there" eventually 10 both_listed
check "units start" ctl start u@{1..4}.service
check "they are listed" running_is 4 '^u@'
before=$(processes)

# --- tokens run out
asked=$(logins)
sleep $((2 * TOKEN_SECONDS + 2)) # what is not used for the time of a token has run out
check "after more than the time of a token units start" ctl start u@5.service
check "and stop" ctl destroy u@5.service
check "as fleetd has asked for another token" eventually 10 more_logins_than "$asked"
lab exec m1 systemctl stop secure-etcd.service
start_etcd
check "after a restart of etcd, which forgets all tokens, units start" eventually 20 ctl start u@6.service
ctl destroy u@6.service >/dev/null
check "no unit has changed by that" unchanged

# --- the password changes
check "the password is changed" change_password "$SECOND"
check "fleetctl says that the store cannot be reached" \
    eventually 15 mentions "store cannot be reached" lab exec m2 fleetctl list-machines
check "fleetd says that its user is refused" eventually 5 told 1 "etcd refuses user 'fleet'" m2
sleep 6 # more than the lease
check "it is said once" told 1 "etcd refuses user 'fleet'" m2
check "no unit has changed by that" unchanged
configure m1 "$SECOND"
configure m2 "$SECOND"
lab exec m2 systemctl reload fleet.service
check "a reload says that another password needs a restart" \
    eventually 5 mentions "not taken over before fleetd is restarted: etcd_password" lab logs m2
restart_fleetd m1
restart_fleetd m2
check "with the new password both are there again" eventually 15 both_listed
check "and units start" ctl start u@7.service
ctl destroy u@7.service >/dev/null
check "no unit has changed by that" unchanged

# --- secrets stay where they are
# Passwords, also in base64; a line of the key; tokens, which etcd tells when they have run out.
secrets() {
    lab exec m1 journalctl -o cat -u secure-etcd.service | grep -oE '"token":"[^"]+' | cut -d '"' -f 4
    printf '%s\n' "$FIRST" "$SECOND" "$(printf %s "$FIRST" | base64)" "$(printf %s "$SECOND" | base64)" \
        "$(sed -n 2p client.key)"
}

# Everything that m1 and m2 say of themselves, at the most talkative; etcd's own log is etcd's.
collect() {
    local machine path
    for machine in m1 m2; do
        lab exec $machine journalctl --sync
        lab exec $machine journalctl -o json | jq -c 'select(._SYSTEMD_UNIT != "secure-etcd.service")'
        # shellcheck disable=SC2016
        lab exec $machine sh -c 'tr "\0" " " </proc/$(pidof fleetd)/cmdline; systemctl status --no-pager fleet.service'
        lab exec $machine fleetd --check-config 2>&1
        # shellcheck disable=SC2016
        lab exec $machine sh -c 'FLEET_ETCD_PASSWORD="$(printf "%s\001" "$1")" fleetd --check-config 2>&1' sh "$SECOND"
        for path in metrics fleet/v1/discovery fleet/v1/machines fleet/v1/units fleet/v1/state; do
            lab exec $machine curl -s --unix-socket /run/fleet.sock "http://fleet/$path"
        done
    done
    ctl list-machines --full --fields machine,ip,metadata,status
    ctl status u@1.service
    root_etcdctl --user root:master get --prefix "$STORE_PREFIX"
}

no_secrets() {
    local where=$1
    ! grep -nF -f <(secrets) "$where" && ! grep -nE '[A-Za-z]{16}\.[0-9]{1,6}([^0-9]|$)|Authorization' "$where"
}

collect >said 2>&1
check "much was said" test "$(wc -l <said)" -gt 500
check "no password, key or token is in the journal, in answers, in the store or on a command line" no_secrets said
secrets >told
check "which would be found" not no_secrets told
check "tokens are among them" grep -qE '^[A-Za-z]{16}\.[0-9]+$' told
check "fleetd --check-config says that there is one" mentions "etcd_password = (hidden)" lab exec m1 fleetd --check-config
check "and finds nothing wrong" status_is 0 lab exec m1 fleetd --check-config

# --- what is wrong is named
configure m2 "$SECOND" other
restart_fleetd m2
check "a wrong authority is told with its file" \
    eventually 10 mentions "not from an authority in etcd_cafile '/etc/fleet/tls/other.pem'" lab logs m2
configure m2 "$SECOND" ca foreign
restart_fleetd m2
check "so is a certificate that etcd does not take" \
    eventually 10 mentions "refuses the certificate in etcd_certfile '/etc/fleet/tls/foreign.pem'" lab logs m2
configure m2 "$SECOND" ca nobody
lab exec m2 systemctl restart fleet.service 2>/dev/null
check "a file that is not there keeps fleetd from starting" \
    eventually 10 mentions "option 'etcd_certfile': /etc/fleet/tls/nobody.pem: No such file or directory" lab logs m2
configure m2 "$SECOND" ca named
restart_fleetd m2
check "all right again, also with a common name in the certificate" eventually 15 both_listed
check "nothing of all this has changed a unit" eventually 10 unchanged
ctl destroy '*' >/dev/null
