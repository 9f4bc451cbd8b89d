# shellcheck shell=bash
# lab: --machines 2 --conf agent_ttl=5s
# timeout: 240
# lane: 2
# Units are asked for their health, and restarted when they are unhealthy.
# shellcheck source=tests/lab/lib/check.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/check.sh"
# shellcheck source=tests/lab/lib/ask.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/ask.sh"

# Serves its health; it is ill from when somebody makes it so until it is started anew.
for machine in m1 m2; do
    lab exec $machine tee /usr/local/bin/patient >/dev/null <<'PATIENT'
#!/usr/bin/python3
import http.server, os, sys
port, ill = int(sys.argv[1]), "/run/ill-" + sys.argv[1]
if os.path.exists(ill):
    os.unlink(ill)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_well = self.path == "/healthz" and not os.path.exists(ill)
        self.send_response(200 if is_well else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
PATIENT
    lab exec $machine chmod +x /usr/local/bin/patient
done

OFTEN=('HealthInterval=1' 'HealthTimeout=900ms' 'HealthRetries=2' 'HealthStartPeriod=20')

# patient NAME PORT CHECK SERVICE-LINE...: on m1.
patient() {
    unit "$1" '[Service]' "ExecStart=/usr/local/bin/patient $2" 'TimeoutStopSec=2' "${@:4}" \
        '[X-Fleet]' 'MachineMetadata=host=m1' "HealthCheck=$3" "${OFTEN[@]}"
}

health_of() {
    ctl list-units --no-legend --fields=unit,health | awk -v unit="$1" '$1 == unit { print $2 }'
}

health_is() {
    equal "$2" "$(health_of "$1")"
}

pid_of() {
    lab exec m1 systemctl show -p MainPID --value "$1"
}

was_restarted() {
    local pid
    pid=$(pid_of "$1")
    echo "main process: $pid, before: $2"
    [[ $pid != 0 && $pid != "$2" ]]
}

was_left_alone() {
    equal "$2" "$(pid_of "$1")"
}

make_ill() {
    lab exec m1 touch "/run/ill-$1"
}

patient web.service 8001 'http://:8001/healthz' 'Restart=on-failure'
patient plain.service 8002 'tcp://:8002' 'Restart=always'
patient proud.service 8003 'http://:8003/healthz'
unit script.service '[Service]' 'ExecStartPre=-/bin/rm -f /run/ill-script' 'ExecStart=/bin/sleep infinity' \
    'Restart=always' '[X-Fleet]' 'MachineMetadata=host=m1' \
    "HealthCheck=exec:/bin/sh -c 'test ! -e /run/ill-\$0' script" "${OFTEN[@]}"
sleeper unasked.service

lab exec m1 sh -c 'cd /run && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=elsewhere -keyout key.pem -out cert.pem' >/dev/null 2>&1
unit secret.service '[Service]' "ExecStart=/usr/bin/openssl s_server -quiet -accept 8443 -www -key /run/key.pem -cert /run/cert.pem" \
    'Restart=always' '[X-Fleet]' 'MachineMetadata=host=m1' 'HealthCheck=https://:8443/' "${OFTEN[@]}"

check "units with health checks start, and are waited for" ctl start --wait-healthy {web,plain,proud,script,secret,unasked}.service
for name in web plain proud script secret; do
    check "$name.service is healthy" health_is $name.service healthy
done
check "who has no check has no health" health_is unasked.service -
check "status tells of it" mentions "Health: healthy" ctl status web.service
check "and so does the API" mentions '"health":"healthy"' lab exec m1 curl -s --unix-socket /run/fleet.sock http://x/fleet/v1/state/web.service
check "and the metrics" mentions 'fleet_agent_unit_health{health="healthy"} 5' \
    lab exec m1 curl -s --unix-socket /run/fleet.sock http://x/metrics

# --- restarted
pid=$(pid_of web.service)
make_ill 8001
check "a unit that answers with an error is restarted" eventually 10 was_restarted web.service "$pid"
check "and is healthy again" eventually 10 health_is web.service healthy
check "the journal says why" eventually 5 mentions "Restarting unit 'web.service', as it is unhealthy: it answered with status 503" \
    lab logs m1

pid=$(pid_of plain.service)
lab exec m1 kill -STOP "$pid"
lab exec m1 python3 -c '
import os, socket, time
for i in range(20):  # what the kernel accepts in its place has an end
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", 8002))
    s.detach()
while not os.path.exists("/run/let-go"):  # those that got through would keep the next one from others
    time.sleep(0.1)' &
check "one that takes no connections is restarted" eventually 20 was_restarted plain.service "$pid"
lab exec m1 touch /run/let-go
check "and is healthy again" eventually 10 health_is plain.service healthy
wait

pid=$(pid_of script.service)
make_ill script
check "one whose command fails is restarted" eventually 10 was_restarted script.service "$pid"
check "and is healthy again" eventually 10 health_is script.service healthy

# --- left as it is
pid=$(pid_of proud.service)
make_ill 8003
check "a unit without Restart= becomes unhealthy" eventually 10 health_is proud.service unhealthy
check "and is left as it is" never 5 was_restarted proud.service "$pid"
check "whoever waits for its health is told" status_is 1 ctl wait --for=healthy proud.service
check "status says why" mentions "it answered with status 503; left as it is, as Restart= is not set" ctl status proud.service
check "unhealthy units can be listed" equal "proud.service" \
    "$(ctl list-units --no-legend --fields=unit --state=unhealthy)"
lab exec m1 rm /run/ill-8003
check "it may recover by itself" eventually 10 status_is 0 ctl wait --for=healthy proud.service
check "without a restart" was_left_alone proud.service "$pid"

# --- fleetd
before=$(main_pids m1)
lab exec m1 systemctl restart fleet.service
check "after a restart of fleetd all are as healthy as before" eventually 10 health_is web.service healthy
check "and nobody was restarted" equal "$before" "$(main_pids m1)"
pid=$(pid_of script.service)
lab fleetd stop m1
make_ill script
lab fleetd start m1
check "what became ill while fleetd was away is restarted after it, with a pause since the last time" \
    eventually 45 was_restarted script.service "$pid"

# --- the store
lab etcd stop
pid=$(pid_of web.service)
make_ill 8001
check "an ill unit is restarted also while the store is away" eventually 60 was_restarted web.service "$pid"
lab etcd start
check "and is healthy in the store when that is back" eventually 20 health_is web.service healthy

check "what does not happen is waited for up to the end of the time" status_is 124 ctl wait --for=gone --timeout=1 web.service
ctl destroy --no-block '*' >/dev/null
check "the end of units can be waited for" ctl wait --for=gone --timeout=30 {web,plain,proud,script,secret}.service
check "no command is left over" prints 0 lab exec m1 sh -c 'pgrep -fc "[t]est ! -e /run/ill-" || true'
