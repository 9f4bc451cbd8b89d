/* The API's parsers and answers, the configuration, and what is read of systemd's journal. */
#include "tests/torture/torture-cases.h"

#include "fleetd/api/api.h"
#include "fleetd/api/forecast-request.h"
#include "fleetd/api/metadata-patch.h"
#include "fleetd/api/page.h"
#include "fleetd/api/unit-request.h"
#include "fleetd/base/strv.h"
#include "fleetd/configuration.h"
#include "fleetd/model/unit-file.h"
#include "fleetd/store/memory-store.h"
#include "fleetd/systemd/journal-lines.h"
#include "tests/fakes/recorded-exchange.h"
#include "tests/fakes/virtual-loop.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* --- requests --- */

static int unit_request_judge(Torture *t, const char *body) {
    UnitRequest request;
    _cleanup_error_ Error error = {};
    torture_fill(&request, sizeof(request));
    torture_arm(t);
    int r = unit_request_parse("web@1.service", body, strlen(body), &request, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &request, sizeof(request)))
        return r;
    torture_note_take(t, strdup(unit_file_text(request.file, NULL)));
    unit_request_done(&request);
    return 0;
}

static int unit_request_case(Torture *t) {
    return unit_request_judge(t, "{\"name\":\"web@1.service\",\"desiredState\":\"launched\","
                                 "\"text\":\"[Service]\\nExecStart=/bin/a"
                                 "\\n[X-Fleet]\\nConflicts=%p@*.service\\n\"}");
}

static int unit_request_options_case(Torture *t) {
    return unit_request_judge(
        t,
        "{\"desiredState\":\"loaded\",\"options\":[{\"section\":\"Service\",\"name\":\"ExecStart\","
        "\"value\":"
        "\"/bin/a\"},{\"section\":\"X-Fleet\",\"name\":\"MachineOf\",\"value\":\"b.service\"}]}");
}

static int unit_request_refused_case(Torture *t) {
    return unit_request_judge(t, "{\"desiredState\":\"loaded\",\"text\":\"[Service]\\nExecStart=/"
                                 "bin/a\\n[X-Fleet]\\nGlobl=true\\n\"}");
}

static int plan_request_case(Torture *t) {
    static const char text[] =
        "{\"units\":[{\"name\":\"a.service\",\"text\":\"[Service]\\nExecStart=/bin/a\\n\"}],"
        "\"destroy\":[\"b.service\"],\"drain\":[\"" MACHINE_ID "\"]}";
    ForecastRequest request;
    _cleanup_error_ Error error = {};
    torture_fill(&request, sizeof(request));
    torture_arm(t);
    int r = forecast_request_parse(text, strlen(text), &request, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &request, sizeof(request)))
        return r;
    torture_note_take(t, str_printf("%s %s %s", request.wishes[0].name, request.wishes[1].name,
                                    request.drained[0]));
    forecast_request_done(&request);
    return 0;
}

static int metadata_patch_case(Torture *t) {
    static const char text[] =
        "[{\"op\":\"add\",\"path\":\"/" MACHINE_ID "/metadata/region\",\"value\":\"eu\"},"
        "{\"op\":\"remove\",\"path\":\"/" MACHINE_ID "/metadata/a~1b\"}]";
    MetadataPatch patch;
    _cleanup_error_ Error error = {};
    torture_fill(&patch, sizeof(patch));
    torture_arm(t);
    int r = metadata_patch_parse(TEXT(text), &patch, &error);
    torture_disarm(t);
    if (!torture_has_struct(t, r, &patch, sizeof(patch)))
        return r;
    for (size_t i = 0; i < patch.n_changes; i++)
        torture_note_take(
            t, str_printf("%s=%s", patch.changes[i].key, str_or(patch.changes[i].value, "-")));
    metadata_patch_done(&patch);
    return 0;
}

static int metadata_patch_refused_case(Torture *t) {
    MetadataPatch patch;
    _cleanup_error_ Error error = {};
    torture_fill(&patch, sizeof(patch));
    torture_arm(t);
    int r = metadata_patch_parse(
        TEXT("[{\"op\":\"add\",\"path\":\"/x/metadata/region\",\"value\":\"eu\"}]"), &patch,
        &error);
    torture_disarm(t);
    torture_has_struct(t, r, &patch, sizeof(patch));
    return r;
}

static int page_token_case(Torture *t) {
    char *name = UNTOUCHED;
    torture_arm(t);
    _cleanup_free_ char *token = page_token_format('u', "web@1.service");
    int r = token ? page_token_parse('u', token, &name, NULL) : -ENOMEM;
    torture_disarm(t);
    return torture_has(t, r, name) ? torture_text_take(t, name) : r;
}

/* --- the whole of it, without a socket --- */

typedef struct Asked {
    const char *method, *target, *body;
} Asked;

static bool has_ended(void *userdata) {
    return ((RecordedExchange *) userdata)->is_ended;
}

/* Without memory it may answer with 500 or 503, or break off; it may not stay silent, or answer
 * something else. */
static int answer_judge(Torture *t, const RecordedExchange *recorded) {
    torture_expect(t, recorded->is_ended, "it was not answered");
    if (recorded->status == 500 || recorded->status == 503 || recorded->status == 0)
        return -ENOMEM;
    torture_note_take(t, str_printf("%u %s", recorded->status, str_or(recorded->text, "")));
    return 0;
}

static int ask(Torture *t, const Asked *asked) {
    Loop *loop = virtual_loop_new(1);
    Store *store = NULL;
    Api *api = UNTOUCHED;
    _cleanup_free_ char *path = str_printf("/fleet/v1%s", asked->target);
    torture_expect(t, memory_store_new(loop, &store) == 0, "no store");
    const ApiOptions options = {
        .store = store, .loop = loop, .store_timeout_usec = 2 * USEC_PER_SEC};
    RecordedExchange *recorded = recorded_exchange_new(
        asked->method, path, asked->body ? "application/json" : NULL, asked->body);
    torture_arm(t);
    int r = api_new(&options, &api);
    if (r >= 0) {
        api_serve(api, &recorded->exchange);
        virtual_loop_run_until(loop, has_ended, recorded, 10 * USEC_PER_SEC);
    }
    torture_disarm(t);
    if (torture_has(t, r, api)) {
        r = answer_judge(t, recorded);
        api_free(api);
    }
    recorded_exchange_free(recorded);
    store_free(store);
    virtual_loop_free(loop);
    return r;
}

#define UNIT_BODY "{\"desiredState\":\"launched\",\"text\":\"[Service]\\nExecStart=/bin/a\\n\"}"
#define ASK_CASE(name, method, target, body) \
    static int ask_##name##_case(Torture *t) { \
        return ask(t, &(Asked){method, target, body}); \
    }

ASK_CASE(units, "GET", "/units", NULL)
ASK_CASE(unit, "GET", "/units/a.service", NULL)
ASK_CASE(put, "PUT", "/units/a.service", UNIT_BODY)
ASK_CASE(put_refused, "PUT", "/units/a.service", "{\"desiredState\":\"up\"}")
ASK_CASE(delete, "DELETE", "/units/a.service", NULL)
ASK_CASE(states, "GET", "/state", NULL)
ASK_CASE(machines, "GET", "/machines", NULL)
ASK_CASE(patch, "PATCH", "/machines",
         "[{\"op\":\"add\",\"path\":\"/" MACHINE_ID "/metadata/region\",\"value\":\"eu\"}]")
ASK_CASE(discovery, "GET", "/discovery", NULL)
ASK_CASE(nothing, "GET", "/nothing", NULL)

/* --- the configuration --- */

static int config_judge(Torture *t, const char *text, char *const *environment) {
    char path[] = "/tmp/torture-XXXXXX";
    Config *config = UNTOUCHED;
    _cleanup_(strv_freep) char **problems = NULL;
    int fd = mkstemp(path);
    torture_expect(t, fd >= 0 && dprintf(fd, "%s", text) >= 0, "no file");
    close(fd);
    torture_arm(t);
    int r = config_load(path, environment, &config, &problems);
    torture_disarm(t);
    unlink(path);
    if (!torture_has(t, r, config))
        return r;
    torture_note_take(t, str_printf("%s %s", config->public_ip, config->etcd_key_prefix));
    config_free(config);
    return 0;
}

static int config_case(Torture *t) {
    char *environment[] = {(char *) "FLEET_VERBOSITY=1", (char *) "OTHER=x", NULL};
    return config_judge(
        t,
        "# "
        "fleet\npublic_ip=\"10.0.0.1\"\nmetadata=region=eu,disk=ssd\netcd_servers=http://"
        "a:2379,http://b:2379\n"
        "etcd_key_prefix=/"
        "x\nagent_ttl=10s\ndisable_watches=true\netcd_username=me\netcd_password=secret\n",
        environment);
}

static int config_refused_case(Torture *t) {
    char *environment[] = {(char *) "FLEET_AGENT_TTL=soon", NULL};
    return config_judge(t, "verbosity=high\nagent_tll=10s\n", environment);
}

static int config_describe_case(Torture *t) {
    char *environment[] = {(char *) "FLEET_METADATA=a=b", NULL};
    _cleanup_(config_freep) Config *config = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    torture_expect(t, config_load("/dev/null", environment, &config, &problems) == 0,
                   "no configuration");
    torture_arm(t);
    char *text = config_describe(config);
    torture_disarm(t);
    return torture_text_take(t, text);
}

static int config_take_case(Torture *t) {
    char *none[] = {NULL};
    char *other[] = {(char *) "FLEET_METADATA=a=b", (char *) "FLEET_PUBLIC_IP=10.0.0.9",
                     (char *) "FLEET_AGENT_TTL=9s", NULL};
    _cleanup_(config_freep) Config *config = NULL, *from = NULL;
    _cleanup_(strv_freep) char **problems = NULL;
    char **taken = NULL, **kept = NULL;
    torture_expect(t, config_load("/dev/null", none, &config, &problems) == 0, "no configuration");
    torture_expect(t, config_load("/dev/null", other, &from, &problems) == 0, "no configuration");
    torture_arm(t);
    int r = config_take_live(config, from, &taken, &kept);
    torture_disarm(t);
    if (r >= 0) {
        torture_note_take(t, strv_join(taken, " "));
        torture_note_take(t, strv_join(kept, " "));
    }
    strv_free(taken);
    strv_free(kept);
    return r;
}

static int journal_line_case(Torture *t) {
    torture_arm(t);
    char *line = journal_line_clean("a\tb\377c", 5);
    torture_disarm(t);
    return torture_text_take(t, line);
}

const TortureCase torture_fleetd[] = {
    {"unit-request", unit_request_case},
    {"unit-request-options", unit_request_options_case},
    {"unit-request-refused", unit_request_refused_case},
    {"plan-request", plan_request_case},
    {"metadata-patch", metadata_patch_case},
    {"metadata-patch-refused", metadata_patch_refused_case},
    {"page-token", page_token_case},
    {"get-units", ask_units_case, .has_world = true},
    {"get-unit", ask_unit_case, .has_world = true},
    {"put-unit", ask_put_case, .has_world = true},
    {"put-refused", ask_put_refused_case, .has_world = true, .may_lose = true},
    {"delete-unit", ask_delete_case, .has_world = true},
    {"get-states", ask_states_case, .has_world = true},
    {"get-machines", ask_machines_case, .has_world = true},
    {"patch-machines", ask_patch_case, .has_world = true},
    {"get-discovery", ask_discovery_case, .has_world = true},
    {"get-nothing", ask_nothing_case, .has_world = true},
    {"config", config_case},
    {"config-refused", config_refused_case},
    {"config-describe", config_describe_case},
    {"config-take", config_take_case},
    {"journal-line", journal_line_case},
    {},
};
