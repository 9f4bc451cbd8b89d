#include "tests/fakes/fake-script.h"

#include "fleetd/base/map.h"
#include "fleetd/base/strv.h"

struct FakeScript {
    Map *behaviours; /* name -> FakeBehaviour; "" is the default */
    FakeFault fault;
    void *fault_userdata;
    struct {
        size_t n;
        int r;
    } fail_next[_FAKE_ACTION_MAX];
    size_t counts[_FAKE_ACTION_MAX];
    char **actions; /* NULL-terminated */
    size_t n_actions, n_allocated;
};

/* A FakeBehaviour whose strings are its own. */
typedef struct OwnBehaviour {
    FakeBehaviour behaviour;
    char *message, *log, *end_result;
} OwnBehaviour;

static void own_behaviour_free(void *value) {
    OwnBehaviour *own = value;
    if (!own)
        return;
    free(own->message);
    free(own->log);
    free(own->end_result);
    free(own);
}

int fake_script_new(FakeScript **ret) {
    _cleanup_(fake_script_freep) FakeScript *script = calloc(1, sizeof(FakeScript));
    if (!script)
        return -ENOMEM;
    script->behaviours = map_new(own_behaviour_free);
    if (!script->behaviours)
        return -ENOMEM;
    int r = fake_script_set_behaviour(script, NULL, &(FakeBehaviour){0});
    if (r < 0)
        return r;
    *ret = TAKE_PTR(script);
    return 0;
}

void fake_script_free(FakeScript *script) {
    if (!script)
        return;
    map_free(script->behaviours);
    strv_free(script->actions);
    free(script);
}

static int own_behaviour_new(const FakeBehaviour *behaviour, OwnBehaviour **ret) {
    OwnBehaviour *own = calloc(1, sizeof(OwnBehaviour));
    if (!own)
        return -ENOMEM;
    if (str_replace(&own->message, behaviour->message) < 0 ||
        str_replace(&own->log, behaviour->log) < 0 ||
        str_replace(&own->end_result, behaviour->end_result) < 0) {
        own_behaviour_free(own);
        return -ENOMEM;
    }
    own->behaviour = *behaviour;
    own->behaviour.message = own->message;
    own->behaviour.log = own->log;
    own->behaviour.end_result = own->end_result;
    *ret = own;
    return 0;
}

int fake_script_set_behaviour(FakeScript *script, const char *name,
                              const FakeBehaviour *behaviour) {
    OwnBehaviour *own;
    int r = own_behaviour_new(behaviour, &own);
    if (r < 0)
        return r;
    r = map_put(script->behaviours, str_or(name, ""), own);
    if (r < 0)
        own_behaviour_free(own);
    return MIN(r, 0);
}

const FakeBehaviour *fake_script_behaviour(const FakeScript *script, const char *name) {
    const OwnBehaviour *own = map_get(script->behaviours, name);
    if (!own)
        own = map_get(script->behaviours, "");
    return &own->behaviour;
}

void fake_script_set_fault(FakeScript *script, FakeFault fault, void *userdata) {
    script->fault = fault;
    script->fault_userdata = userdata;
}

void fake_script_fail_next(FakeScript *script, FakeAction action, size_t n, int r) {
    script->fail_next[action].n = n;
    script->fail_next[action].r = r;
}

int fake_script_check(FakeScript *script, FakeAction action, const char *name) {
    if (script->fail_next[action].n > 0) {
        script->fail_next[action].n--;
        return script->fail_next[action].r;
    }
    return script->fault ? script->fault(action, name, script->fault_userdata) : 0;
}

/* Not strv_push(), which walks the whole array: simulations note hundreds of thousands. */
static int actions_push_take(FakeScript *script, char *text) {
    if (script->n_actions + 2 > script->n_allocated) {
        size_t n = MAX((size_t) 64, script->n_allocated * 2);
        char **grown = realloc(script->actions, n * sizeof(char *));
        if (!grown)
            return -ENOMEM;
        script->actions = grown;
        script->n_allocated = n;
    }
    script->actions[script->n_actions++] = text;
    script->actions[script->n_actions] = NULL;
    return 0;
}

void fake_script_note(FakeScript *script, FakeAction action, const char *name) {
    static const char *const verbs[_FAKE_ACTION_MAX] = {
        [FAKE_ACTION_LIST] = "list",     [FAKE_ACTION_WRITE] = "write",
        [FAKE_ACTION_REMOVE] = "remove", [FAKE_ACTION_START] = "start",
        [FAKE_ACTION_STOP] = "stop",     [FAKE_ACTION_CLAIM] = "claim",
        [FAKE_ACTION_RELOAD] = "reload", [FAKE_ACTION_RESTART] = "restart",
        [FAKE_ACTION_REBOOT] = "reboot",
    };
    char *text = name ? str_printf("%s %s", verbs[action], name) : strdup(verbs[action]);
    if (!text || actions_push_take(script, text) < 0)
        abort(); /* out of memory in a test */
    script->counts[action]++;
}

size_t fake_script_count(const FakeScript *script, FakeAction action) {
    return script->counts[action];
}

char *const *fake_script_actions(const FakeScript *script) {
    return script->actions;
}

void fake_script_clear_actions(FakeScript *script) {
    strv_free(script->actions);
    script->actions = NULL;
    script->n_actions = script->n_allocated = 0;
    memset(script->counts, 0, sizeof(script->counts));
}
