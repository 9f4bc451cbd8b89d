#include "fleetctl/options/flags.h"

#include "fleetctl/options/options.h"

#include <ctype.h>

static int text_parse(const char *text, void *ret, Error *reterr) {
    *(const char **) ret = text;
    return 0;
}

static int switch_parse(const char *text, void *ret, Error *reterr) {
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (streq(text, words[i])) {
            *(bool *) ret = i % 2 == 1;
            return 0;
        }
    return error_set(reterr, -EINVAL, "'%s' is neither true nor false", text);
}

static int timeout_parse(const char *text, void *ret, Error *reterr) {
    usec_t usec = 0;
    int r = timespan_parse(text, &usec, reterr);
    if (r < 0)
        return r;
    if (usec == 0)
        return error_set(reterr, -EINVAL, "a timeout must be longer than nothing");
    *(usec_t *) ret = usec;
    return 0;
}

#define COUNT_MAX 1000000000

static int tristate_parse(const char *text, void *ret, Error *reterr) {
    bool is_on = false;
    int r = switch_parse(text, &is_on, reterr);
    if (r >= 0)
        *(Tristate *) ret = is_on ? TRISTATE_ON : TRISTATE_OFF;
    return r;
}

static int count_parse(const char *text, void *ret, Error *reterr) {
    if (!isdigit((unsigned char) *text) || strspn(text, "0123456789") != strlen(text))
        return error_set(reterr, -EINVAL, "'%s' is not a whole number", text);
    errno = 0;
    unsigned long long value = strtoull(text, NULL, 10);
    if (errno != 0 || value > COUNT_MAX)
        return error_set(reterr, -EINVAL, "'%s' is more than %d", text, COUNT_MAX);
    *(int64_t *) ret = (int64_t) value;
    return 0;
}

/* Unlike a timeout, it may be none. */
static int duration_parse(const char *text, void *ret, Error *reterr) {
    return timespan_parse(text, ret, reterr);
}

#define REVISION_DIGITS_MAX 18

static int revision_parse(const char *text, void *ret, Error *reterr) {
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > REVISION_DIGITS_MAX || text[n] || *text == '0')
        return error_set(reterr, -EINVAL, "'%s' is no revision", text);
    *(int64_t *) ret = strtoll(text, NULL, 10);
    return 0;
}

static int many_parse(const char *text, void *ret, Error *reterr) {
    int64_t value = 0;
    int r = count_parse(text, &value, reterr);
    if (r >= 0 && value == 0)
        return error_set(reterr, -EINVAL, "there must be at least 1");
    if (r >= 0)
        *(int64_t *) ret = value;
    return r;
}

#define PORT_MAX 65535

static int port_parse(const char *text, void *ret, Error *reterr) {
    int64_t port = 0;
    if (count_parse(text, &port, NULL) < 0 || port == 0 || port > PORT_MAX)
        return error_set(reterr, -EINVAL, "'%s' is no port (1 to %d)", text, PORT_MAX);
    *(unsigned *) ret = (unsigned) port;
    return 0;
}

static int color_parse(const char *text, void *ret, Error *reterr) {
    static const char *const words[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (streq(text, words[i])) {
            *(ColorMode *) ret = (ColorMode) i;
            return 0;
        }
    return error_set(reterr, -EINVAL, "'%s' is none of auto, always and never", text);
}

#define VALUE(field) offsetof(Options, field)

static const Flag flags[_FLAG_MAX] = {
    [FLAG_ENDPOINT] = {"endpoint", 0, "URL",
                       "Where fleetd answers: unix:///PATH, http://HOST:PORT or https://HOST:PORT "
                       "(default " ENDPOINT_DEFAULT ").",
                       text_parse, VALUE(endpoint)},
    [FLAG_REQUEST_TIMEOUT] =
        {"request-timeout", 0, "TIME",
         "How long to wait for the answer to one request; a bare number is seconds (default 10).",
         timeout_parse, VALUE(request_timeout_usec)},
    [FLAG_CA_FILE] = {"ca-file", 0, "FILE",
                      "Certificates of the authorities that may vouch for fleetd (PEM).",
                      text_parse, VALUE(ca_file)},
    [FLAG_CERT_FILE] = {"cert-file", 0, "FILE",
                        "Certificate to show to fleetd (PEM); needs --key-file.", text_parse,
                        VALUE(cert_file)},
    [FLAG_KEY_FILE] = {"key-file", 0, "FILE", "Key of that certificate (PEM).", text_parse,
                       VALUE(key_file)},
    [FLAG_DRIVER] = {"driver", 0, "NAME", "Accepted for old scripts; only API is left.", text_parse,
                     VALUE(driver)},
    [FLAG_ETCD_KEY_PREFIX] = {"etcd-key-prefix", 0, "PREFIX",
                              "Accepted for old scripts, without effect: fleetd knows its own.",
                              text_parse, VALUE(etcd_key_prefix)},
    [FLAG_TUNNEL] = {"tunnel", 0, "HOST[:PORT]",
                     "Reach fleetd, and all machines, through this host with ssh.", text_parse,
                     VALUE(tunnel)},
    [FLAG_SSH_USERNAME] = {"ssh-username", 0, "NAME",
                           "User to log in as with ssh (default: as ssh itself would).", text_parse,
                           VALUE(ssh_username)},
    [FLAG_SSH_TIMEOUT] = {"ssh-timeout", 0, "TIME",
                          "How long ssh may take to connect; a bare number is seconds (default "
                          "10, of status 3).",
                          timeout_parse, VALUE(ssh_timeout_usec)},
    [FLAG_KNOWN_HOSTS_FILE] = {"known-hosts-file", 0, "FILE",
                               "Where ssh finds and keeps the keys of hosts (default: as ssh "
                               "itself would).",
                               text_parse, VALUE(known_hosts_file)},
    [FLAG_STRICT_HOST_KEY_CHECKING] =
        {"strict-host-key-checking", 0, NULL,
         "Refuse hosts whose keys are unknown; =false accepts any (default: as ssh itself would).",
         tristate_parse, VALUE(strict_host_key_checking)},
    [FLAG_COLOR] = {"color", 0, "auto|always|never",
                    "Colours and marks of states; auto: only on a terminal.", color_parse,
                    VALUE(color)},
    [FLAG_DEBUG] = {"debug", 0, NULL, "Tell each request and its answer on standard error.",
                    switch_parse, VALUE(debug)},
    [FLAG_VERSION] = {"version", 0, NULL, "Print the version and exit.", switch_parse,
                      VALUE(version)},
    [FLAG_HELP] = {"help", 'h', NULL, "Print help, also on a command, and exit.", switch_parse,
                   VALUE(help)},
    [FLAG_REPLACE] = {"replace", 0, NULL,
                      "Replace a unit of the cluster whose local file differs. Local files win "
                      "over submitted templates.",
                      switch_parse, VALUE(replace)},
    [FLAG_NO_BLOCK] = {"no-block", 0, NULL, "Do not wait until the request has been carried out.",
                       switch_parse, VALUE(no_block)},
    [FLAG_BLOCK_ATTEMPTS] = {"block-attempts", 0, "N",
                             "Wait N seconds at most; 0 waits for ever, also for a place.",
                             count_parse, VALUE(block_attempts)},
    [FLAG_NO_LEGEND] = {"no-legend", 0, NULL, "Leave out the column headers.", switch_parse,
                        VALUE(no_legend)},
    [FLAG_FULL] = {"full", 'l', NULL, "Do not shorten machine ids and hashes.", switch_parse,
                   VALUE(full)},
    [FLAG_FIELDS] = {"fields", 0, "NAME,...", "The columns to show, in this order.", text_parse,
                     VALUE(fields)},
    [FLAG_OUTPUT] = {"output", 0, "FORMAT", "The form of what is printed.", text_parse,
                     VALUE(output)},
    [FLAG_STATE] = {"state", 0, "STATE,...", "Only what is in one of these states.", text_parse,
                    VALUE(state)},
    [FLAG_MACHINE] = {"machine", 0, "MACHINE,...",
                      "A machine: an id, its beginning, an address, or metadata as KEY=VALUE; "
                      "lists take several, with commas.",
                      text_parse, VALUE(machine)},
    [FLAG_UNIT] = {"unit", 0, "UNIT", "The machine that this unit is on.", text_parse, VALUE(unit)},
    [FLAG_LINES] = {"lines", 0, "N", "How many lines of the journal to show (default 10).",
                    count_parse, VALUE(lines)},
    [FLAG_FOLLOW] = {"follow", 'f', NULL, "Go on with new lines as they come.", switch_parse,
                     VALUE(follow)},
    [FLAG_SUDO] = {"sudo", 0, NULL, "Read the journal with sudo.", switch_parse, VALUE(sudo)},
    [FLAG_SSH_PORT] = {"ssh-port", 0, "PORT",
                       "Port of ssh on the machines (default: as ssh itself would).", port_parse,
                       VALUE(ssh_port)},
    [FLAG_FORWARD_AGENT] = {"forward-agent", 'A', NULL,
                            "Let the machine use your ssh agent meanwhile.", switch_parse,
                            VALUE(forward_agent)},
    [FLAG_ALL] = {"all", 0, NULL, "All that there are.", switch_parse, VALUE(all)},
    [FLAG_FORGET] = {"forget", 0, NULL,
                     "Stop them for good instead; of scale: keep no number any more.", switch_parse,
                     VALUE(forget)},
    [FLAG_DRY_RUN] = {"dry-run", 0, NULL, "Only say what would be done.", switch_parse,
                      VALUE(dry_run)},
    [FLAG_WAIT_HEALTHY] = {"wait-healthy", 0, NULL,
                           "Wait until their health checks say that they are well, too.",
                           switch_parse, VALUE(wait_healthy)},
    [FLAG_FOR] = {"for", 0, "running|healthy|gone|failed", "What to wait for (default running).",
                  text_parse, VALUE(wait_for)},
    [FLAG_TIMEOUT] = {"timeout", 0, "TIME",
                      "How long to wait, or to give a machine to be back; a bare number is seconds "
                      "(default: for ever; of reboot 10min).",
                      timeout_parse, VALUE(timeout_usec)},
    [FLAG_MESSAGE] = {"message", 0, "TEXT", "Why, for whoever looks at it later.", text_parse,
                      VALUE(message)},
    [FLAG_DEADLINE] =
        {"deadline", 0, "TIME",
         "After so long what is still there is stopped, also if it fits nowhere else; "
         "a bare number is seconds (default: never).",
         timeout_parse, VALUE(deadline_usec)},
    [FLAG_IGNORE_GLOBAL] = {"ignore-global", 0, NULL, "Let global units run on.", switch_parse,
                            VALUE(ignore_global)},
    [FLAG_DETACH] = {"detach", 'd', NULL, "Do not follow how it goes on.", switch_parse,
                     VALUE(detach)},
    [FLAG_NOW] = {"now", 0, NULL, "Wait no longer.", switch_parse, VALUE(now)},
    [FLAG_KEEP_CORDONED] = {"keep-cordoned", 0, NULL, "Let the machine get no units yet.",
                            switch_parse, VALUE(keep_cordoned)},
    [FLAG_MAX_PARALLEL] = {"max-parallel", 0, "N",
                           "How many machines may be under way at a time (default 1).", many_parse,
                           VALUE(max_parallel)},
    [FLAG_CANCEL] = {"cancel", 0, NULL, "Take it back instead.", switch_parse, VALUE(cancel)},
    [FLAG_PARALLEL] = {"parallel", 0, "N",
                       "How many units are updated at a time (default: UpdateParallel=, or 1).",
                       many_parse, VALUE(parallel)},
    [FLAG_CANARIES] = {"canaries", 0, "N",
                       "How many units are updated before it waits to be promoted (default: "
                       "UpdateCanaries=, or 0: it does not wait).",
                       count_parse, VALUE(canaries)},
    [FLAG_HEALTHY_TIME] = {"healthy-time", 0, "TIME",
                           "How long a unit must be up and healthy; a bare number is seconds "
                           "(default: UpdateHealthyTime=, or 10s).",
                           duration_parse, VALUE(healthy_usec)},
    [FLAG_HEALTHY_DEADLINE] = {"healthy-deadline", 0, "TIME",
                               "A unit that takes longer to be so has failed (default: "
                               "UpdateHealthyDeadline=, or 5min).",
                               timeout_parse, VALUE(healthy_deadline_usec)},
    [FLAG_ON_FAILURE] = {"on-failure", 0, "rollback|pause|continue",
                         "What to do when a unit has failed (default: UpdateOnFailure=, or "
                         "rollback).",
                         text_parse, VALUE(on_failure)},
    [FLAG_ORDER] = {"order", 0, "stop-first|start-first",
                    "Whether a unit is stopped before its next version is started, or only then, "
                    "on another machine (default: UpdateOrder=, or stop-first).",
                    text_parse, VALUE(order)},
    [FLAG_CHECK_REVISION] = {"check-revision", 0, "REVISION",
                             "Refuse if one of the units was changed after that revision of the "
                             "store.",
                             revision_parse, VALUE(check_revision)},
    [FLAG_STOP] = {"stop", 0, NULL, "Of stopping units instead.", switch_parse, VALUE(stop)},
    [FLAG_DESTROY] = {"destroy", 0, NULL, "Of destroying units instead.", switch_parse,
                      VALUE(destroy)},
    [FLAG_DRAIN] = {"drain", 0, NULL, "Of draining machines instead.", switch_parse, VALUE(drain)},
    [FLAG_MAX_MOVES] = {"max-moves", 0, "N",
                        "No more than so many units are moved (default: all that help).",
                        many_parse, VALUE(max_moves)},
};

bool flag_is_in_environment(FlagId id) {
    return id < FLAG_VERSION || id == FLAG_SSH_PORT || id == FLAG_FORWARD_AGENT;
}

const Flag *flag_get(FlagId id) {
    return &flags[id];
}

FlagId flag_find(const char *name, size_t length) {
    for (FlagId id = 0; id < _FLAG_MAX; id++)
        if (strlen(flags[id].name) == length && strncmp(flags[id].name, name, length) == 0)
            return id;
    return _FLAG_INVALID;
}

FlagId flag_find_letter(char letter) {
    for (FlagId id = 0; id < _FLAG_MAX; id++)
        if (flags[id].letter == letter && letter)
            return id;
    return _FLAG_INVALID;
}
