#include "tests/torture/torture-cases.h"

#include "fleetctl/api/endpoint.h"
#include "fleetctl/api/event-reader.h"
#include "fleetctl/commands/list.h"
#include "fleetctl/options/options.h"
#include "fleetctl/print/table.h"
#include "fleetctl/remote/machine-find.h"
#include "fleetctl/remote/shell-words.h"
#include "fleetctl/remote/ssh-address.h"
#include "fleetctl/remote/ssh-command.h"
#include "fleetctl/wait/wait-tracker.h"
#include "fleetd/base/json.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <stdio.h>

static int shell_words_case(Torture *t) {
    char *words[] = {(char *) "ls", (char *) "a b", (char *) "it's", NULL};
    torture_arm(t);
    char *text = shell_words_join(words);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int ssh_file_option_case(Torture *t) {
    torture_arm(t);
    char *text = ssh_file_option("UserKnownHostsFile", "/home/m e/%h");
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int ssh_address_judge(Torture *t, const char *typed) {
    SshAddress address;
    _cleanup_error_ Error error = {};
    torture_fill(&address, sizeof(address));
    torture_arm(t);
    int r = ssh_address_parse(typed, &address, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &address, sizeof(address)))
        return r;
    torture_note_take(t, str_printf("%s %u", address.host, address.port));
    ssh_address_done(&address);
    return 0;
}

static int ssh_address_case(Torture *t) {
    return ssh_address_judge(t, "core@[::1]:22");
}

static int ssh_address_refused_case(Torture *t) {
    return ssh_address_judge(t, "host:port");
}

static int ssh_command_case(Torture *t) {
    const Options options = {.ssh_username = "core",
                             .known_hosts_file = "keys",
                             .strict_host_key_checking = TRISTATE_ON};
    const SshTarget target = {
        .host = "m1", .port = 22, .proxy_command = "ssh -W %h:%p gate", .command = "ls -l"};
    char **words = UNTOUCHED;
    torture_arm(t);
    int r = ssh_command(&options, &target, &words);
    torture_disarm(t);
    if (!torture_has(t, r, words))
        return r;
    torture_note_take(t, strv_join(words, "|"));
    strv_free(words);
    return 0;
}

static int ssh_tunnel_case(Torture *t) {
    const Options options = {.ssh_username = "core"};
    const SshAddress address = {.host = (char *) "gate", .port = 22};
    char **words = UNTOUCHED;
    torture_arm(t);
    int r = ssh_tunnel_session(&options, &address, "/tmp/control", "/run/fleet.sock", NULL, &words);
    torture_disarm(t);
    if (!torture_has(t, r, words))
        return r;
    torture_note_take(t, strv_join(words, "|"));
    strv_free(words);
    return 0;
}

static int endpoint_judge(Torture *t, const char *text) {
    Endpoint endpoint;
    _cleanup_error_ Error error = {};
    torture_fill(&endpoint, sizeof(endpoint));
    torture_arm(t);
    int r = endpoint_parse(text, &endpoint, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &endpoint, sizeof(endpoint)))
        return r;
    torture_note_take(t, str_printf("%s %s", endpoint.base_url, str_or(endpoint.unix_socket, "")));
    endpoint_done(&endpoint);
    return 0;
}

static int endpoint_case(Torture *t) {
    return endpoint_judge(t, "unix:///run/fleet.sock");
}

static int endpoint_url_case(Torture *t) {
    return endpoint_judge(t, "https://fleet:8080/x/");
}

static int endpoint_refused_case(Torture *t) {
    return endpoint_judge(t, "fleet");
}

static int options_judge(Torture *t, const char *const *arguments) {
    static const char *const environment[] = {"FLEETCTL_ENDPOINT=http://a", "HOME=/", NULL};
    Options options;
    const char **words = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = options_parse(arguments, environment, NULL, &options, &words, &error);
    torture_disarm(t);
    if (!torture_has(t, r, words))
        return r;
    torture_note_take(t, str_printf("%s %d", options.endpoint, options.full));
    free(words);
    return 0;
}

static int options_case(Torture *t) {
    return options_judge(t,
                         (const char *const[]){"--full", "list-units", "--fields=unit", "a", NULL});
}

static int options_refused_case(Torture *t) {
    return options_judge(t, (const char *const[]){"list-units", "--ful", NULL});
}

static int event_path_case(Torture *t) {
    const char *names[] = {"a.service", "b@x\\x2d.service"};
    torture_arm(t);
    char *path = event_reader_path(names, ELEMENTSOF(names), 7);
    torture_disarm(t);
    return torture_text_take(t, path);
}

#define LINE(unit, rest) "{\"type\":\"unit\",\"unit\":\"" unit "\"" rest "}"
#define DONE \
    ",\"machineID\":\"m1\",\"unitRevision\":10,\"desiredState\":\"launched\",\"currentState\":" \
    "\"launched\",\"revision\":10,\"job\":\"done\""

static int wait_tracker_case(Torture *t) {
    WaitTracker *tracker = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = wait_tracker_new(WAIT_LAUNCHED, &tracker), made = r;
    if (r >= 0)
        r = wait_tracker_add(tracker, "a.service", 10, false);
    if (r >= 0)
        r = wait_tracker_add(tracker, "b.service", 10, false);
    if (r >= 0)
        wait_tracker_begin(tracker);
    if (r >= 0)
        r = wait_tracker_feed(tracker, TEXT(LINE("a.service", DONE)), &error);
    if (r >= 0)
        r = wait_tracker_feed(tracker, TEXT("{\"type\":\"synced\",\"revision\":11}"), &error);
    torture_disarm(t);
    if (!torture_has(t, made, tracker))
        return r;
    if (r >= 0)
        torture_note_take(t, str_printf("%zu", wait_tracker_count(tracker, WAIT_STATUS_REACHED)));
    wait_tracker_free(tracker);
    return r;
}

static int event_refused_case(Torture *t) {
    _cleanup_json_ json_object *json = NULL;
    ApiEvent event;
    _cleanup_error_ Error error = {};
    torture_expect(t, json_parse(TEXT("{\"type\":\"unit\",\"unit\":7}"), &json, NULL) == 0,
                   "no JSON");
    torture_arm(t);
    int r = api_event_read(json, &event, &error);
    torture_disarm(t);
    return r;
}

static int machine_find_case(Torture *t) {
    _cleanup_json_ json_object *machines = NULL;
    ApiMachine machine;
    _cleanup_error_ Error error = {};
    torture_expect(t,
                   json_parse(TEXT("[{\"id\":\"ab1\",\"primaryIP\":\"10.0.0.1\"},{\"id\":\"ab2\","
                                   "\"primaryIP\":\"10.0.0.2\"}]"),
                              &machines, NULL) == 0,
                   "no JSON");
    torture_arm(t);
    int r = machine_find(machines, "ab", &machine, &error);
    torture_disarm(t);
    return r;
}

static int columns_case(Torture *t) {
    static const ListColumn columns[] = {{"unit", NULL}, {"machine", NULL}, {"hash", NULL}, {}};
    static const List list = {.columns = columns, .n_default = 2};
    const ListColumn **chosen = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = list_choose_columns(&list, "hash,unit", &chosen, &error);
    torture_disarm(t);
    if (!torture_has(t, r, chosen))
        return r;
    torture_note_take(t, str_printf("%s %s", chosen[0]->name, chosen[1]->name));
    free(chosen);
    return 0;
}

static int columns_refused_case(Torture *t) {
    static const ListColumn columns[] = {{"unit", NULL}, {}};
    static const List list = {.columns = columns, .n_default = 1};
    const ListColumn **chosen = UNTOUCHED;
    _cleanup_error_ Error error = {};
    torture_arm(t);
    int r = list_choose_columns(&list, "colour", &chosen, &error);
    torture_disarm(t);
    torture_has(t, r, chosen);
    return r;
}

static int table_judge(Torture *t, const Look *look) {
    static const TableColumn columns[] = {{"unit"}, {"sub", .is_toned = true}, {}};
    char *cells[] = {strdup("a.service"), strdup("run\tning")}, printed[256] = "";
    FILE *file = fmemopen(printed, sizeof(printed), "w");
    setbuf(file, NULL);
    torture_arm(t);
    Table *table = table_new(columns);
    int r = table ? table_add_row_take(table, TONE_GOOD, cells) : -ENOMEM;
    if (r >= 0)
        r = table_print(table, look, true, file);
    torture_disarm(t);
    fclose(file);
    for (size_t i = 0; !table && i < ELEMENTSOF(cells); i++)
        free(cells[i]);
    table_free(table);
    torture_note_take(t, strdup(printed));
    return r;
}

static int table_case(Torture *t) {
    return table_judge(t, &(Look){.is_for_people = true, .has_color = true, .has_utf8 = true});
}

static int table_for_scripts_case(Torture *t) {
    return table_judge(t, &(Look){});
}

const TortureCase torture_fleetctl[] = {
    {"shell-words", shell_words_case},
    {"ssh-file-option", ssh_file_option_case},
    {"ssh-address", ssh_address_case},
    {"ssh-address-refused", ssh_address_refused_case},
    {"ssh-command", ssh_command_case},
    {"ssh-tunnel", ssh_tunnel_case},
    {"endpoint", endpoint_case},
    {"endpoint-url", endpoint_url_case},
    {"endpoint-refused", endpoint_refused_case},
    {"options", options_case},
    {"options-refused", options_refused_case},
    {"event-path", event_path_case},
    {"wait-tracker", wait_tracker_case},
    {"event-refused", event_refused_case},
    {"machine-find", machine_find_case},
    {"columns", columns_case},
    {"columns-refused", columns_refused_case},
    {"table", table_case, .has_world = true}, /* the file is stdio's */
    {"table-for-scripts", table_for_scripts_case, .has_world = true},
    {},
};
