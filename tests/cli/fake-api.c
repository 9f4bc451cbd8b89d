#include "tests/cli/fake-api.h"

#include "fleetd/base/strv.h"
#include "tests/cli/interruption.h"
#include "tests/fakes/scripted-peer.h"

#include <error.h>
#include <stdio.h>

/* A stream whose rest waits for a request. */
typedef struct Held {
    PeerConnection *connection;
    char *until; /* NULL: none waits */
    const char *rest;
} Held;

struct FakeApi {
    sd_event *event;
    Held held;
    Interruption *interruption; /* NULL: none was asked for */
    ScriptedPeer *peer;
    Case *c;
    char *unexpected; /* lines */
};

#define API_ROOT "/fleet/v1"

static CaseAnswer *answer_find(Case *c, const char *request) {
    for (size_t i = 0; i < c->n_answers; i++) {
        CaseAnswer *answer = &c->answers[i];
        if (streq(answer->request, request) && (answer->is_always || answer->n_asked == 0))
            return answer;
    }
    return NULL;
}

static void lines_add(char **lines, const char *request, const char *body) {
    char *longer = str_printf("%s%s%s%s\n", *lines, request, *body ? " " : "", body);
    free(*lines);
    *lines = longer;
}

static void send_text(PeerConnection *connection, const char *text) {
    peer_connection_send(connection, text, strlen(text));
}

static void answer_status(PeerConnection *connection, const CaseAnswer *answer) {
    _cleanup_free_ char *revision =
        answer->revision ? str_printf("X-Fleet-Revision: %s\r\n", answer->revision) : NULL;
    _cleanup_free_ char *next =
        answer->next_page ? str_printf("X-Fleet-Next-Page: %s\r\n", answer->next_page) : NULL;
    _cleanup_free_ char *length = streq(answer->kind, "204")
                                      ? NULL
                                      : str_printf("Content-Length: %zu\r\n", strlen(answer->text));
    _cleanup_free_ char *head =
        str_printf("HTTP/1.1 %s X\r\nContent-Type: application/json\r\n%s%s%s\r\n", answer->kind,
                   str_or(revision, ""), str_or(next, ""), str_or(length, ""));
    send_text(connection, head);
    send_text(connection, answer->text);
}

static void interrupt(FakeApi *api, PeerConnection *connection) {
    interruption_free(api->interruption);
    api->interruption = interruption_new(api->event, peer_connection_pid(connection));
    if (!api->interruption)
        error(2, 0, "it cannot be interrupted");
}

/* Sends lines of a stream up to the end, or up to one that holds the rest back: all of them at
 * once, so that nothing depends on how far a reader has come. */
static void stream_send(FakeApi *api, PeerConnection *connection, const char *text) {
    size_t size = 0;
    while (text[size] && text[size] != '@')
        size += strcspn(text + size, "\n") + 1;
    if (size > 0)
        peer_connection_send_chunk(connection, text, size);
    text += size;
    if (!*text)
        return;
    _cleanup_free_ char *word = strndup(text, strcspn(text, "\n"));
    text += strlen(word) + 1;
    if (streq(word, "@break")) {
        peer_connection_close(connection);
    } else if (strncmp(word, "@until ", strlen("@until ")) == 0) {
        api->held = (Held){connection, strdup(word + strlen("@until ")), text};
    } else {
        if (streq(word, "@end"))
            send_text(connection, "0\r\n\r\n");
        else if (streq(word, "@interrupt"))
            interrupt(api, connection);
        stream_send(api, connection, text);
    }
}

static void stream_resume(FakeApi *api, const char *request) {
    Held held = api->held;
    if (!held.until || !streq(held.until, request))
        return;
    api->held = (Held){};
    stream_send(api, held.connection, held.rest);
    free(held.until);
}

static void answer_give(FakeApi *api, PeerConnection *connection, const CaseAnswer *answer) {
    if (streq(answer->kind, "stream")) {
        send_text(connection, PEER_CHUNKED_HEADERS);
        stream_send(api, connection, answer->text);
    } else if (streq(answer->kind, "break"))
        peer_connection_close(connection);
    else if (!streq(answer->kind, "silence"))
        answer_status(connection, answer);
}

static void on_request(PeerConnection *connection, const char *text, void *userdata) {
    FakeApi *api = userdata;
    _cleanup_free_ char *method = NULL, *path = NULL;
    const char *body = strstr(text, "\r\n\r\n") + 4;
    if (sscanf(text, "%ms %ms", &method, &path) != 2)
        error(2, 0, "not a request: %s", text);
    bool is_ours = strncmp(path, API_ROOT, strlen(API_ROOT)) == 0;
    _cleanup_free_ char *request =
        str_printf("%s %s", method, is_ours ? path + strlen(API_ROOT) : path);

    CaseAnswer *answer = answer_find(api->c, request);
    if (!answer) {
        lines_add(&api->unexpected, request, body);
        peer_connection_answer(connection, 500,
                               "{\"error\":{\"code\":500,\"message\":\"not in the case\"}}");
        return;
    }
    answer->n_asked++;
    lines_add(&answer->asked, request, body);
    answer_give(api, connection, answer);
    stream_resume(api, request);
}

FakeApi *fake_api_new(sd_event *event, const char *socket_path, Case *c) {
    FakeApi *api = calloc(1, sizeof(FakeApi));
    if (!api)
        return NULL;
    api->event = event;
    api->c = c;
    api->unexpected = strdup("");
    api->peer = scripted_peer_new(event, socket_path, on_request, api);
    if (api->peer && api->unexpected)
        return api;
    fake_api_free(api);
    return NULL;
}

void fake_api_free(FakeApi *api) {
    interruption_free(api->interruption);
    scripted_peer_free(api->peer);
    free(api->unexpected);
    free(api->held.until);
    free(api);
}

void fake_api_print(const FakeApi *api) {
    for (size_t i = 0; i < api->c->n_answers; i++) {
        const CaseAnswer *answer = &api->c->answers[i];
        if (answer->n_asked == 0)
            printf("not asked: %s\n", answer->request);
        fputs(answer->asked, stdout);
    }
    if (*api->unexpected)
        printf("without an answer in the case:\n%s", api->unexpected);
}
