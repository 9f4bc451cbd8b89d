#include "fleetd/systemd/journal-reader.h"

#include "fleetd/systemd/journal-lines.h"
#include "fleetd/systemd/journal-sync.h"

#include <errno.h>

/* On a busy machine journald is late, and a failure without its reason is worth little. */
#define SYNC_LIMIT_USEC (2 * USEC_PER_SEC)

typedef struct JournalRead JournalRead;
struct JournalRead {
    char *unit;
    usec_t since_usec;
    size_t max_lines;
    JournalReadDone done;
    void *userdata;
    JournalRead *next;
};

/* A read goes from waiting (for the next sync) over syncing to ready. */
struct JournalReader {
    sd_event *event;
    char *sync_socket;
    JournalSync *sync;
    JournalRead *waiting, *syncing, *ready;
    sd_event_source *ready_source; /* on while something is ready */
    sd_journal *journal;           /* open while something is ready */
};

static void journal_read_free(JournalRead *read) {
    if (!read)
        return;
    free(read->unit);
    free(read);
}
DEFINE_POINTER_CLEANUP(JournalRead, journal_read_free)

static void list_free(JournalRead *list) {
    while (list) {
        JournalRead *read = list;
        list = read->next;
        journal_read_free(read);
    }
}

static void list_append_take(JournalRead **list, JournalRead **more) {
    while (*list)
        list = &(*list)->next;
    *list = TAKE_PTR(*more);
}

static void sync_begin(JournalReader *reader);

static void syncing_is_ready(JournalReader *reader) {
    list_append_take(&reader->ready, &reader->syncing);
    sd_event_source_set_enabled(reader->ready_source, SD_EVENT_ON);
}

static void on_synced(void *userdata) {
    JournalReader *reader = userdata;
    journal_sync_free(TAKE_PTR(reader->sync));
    syncing_is_ready(reader);
    if (reader->waiting)
        sync_begin(reader);
}

static void sync_begin(JournalReader *reader) {
    list_append_take(&reader->syncing, &reader->waiting);
    if (journal_sync_new(reader->event, reader->sync_socket, SYNC_LIMIT_USEC, on_synced, reader,
                         &reader->sync) < 0)
        syncing_is_ready(reader);
}

/* Opening takes longer than reading, and an old handle does not see new files: it is kept for as
 * long as something is to be read, not longer. */
static int journal_ensure_open(JournalReader *reader) {
    if (reader->journal)
        return 0;
    return sd_journal_open(&reader->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
}

static int on_ready(sd_event_source *source, void *userdata) {
    JournalReader *reader = userdata;
    _cleanup_(journal_read_freep) JournalRead *read = reader->ready;
    char **lines = NULL;
    if (journal_ensure_open(reader) >= 0)
        journal_lines_get(reader->journal, read->unit, read->since_usec, read->max_lines, &lines);
    reader->ready = read->next;
    if (!reader->ready) {
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        sd_journal_close(TAKE_PTR(reader->journal));
    }
    read->done(lines, read->userdata);
    return 0;
}

int journal_reader_new(sd_event *event, const char *sync_socket, JournalReader **ret) {
    _cleanup_(journal_reader_freep) JournalReader *reader = calloc(1, sizeof(JournalReader));
    if (!reader)
        return -ENOMEM;
    reader->event = sd_event_ref(event);
    reader->sync_socket = strdup(sync_socket);
    if (!reader->sync_socket)
        return -ENOMEM;
    int r = sd_event_add_defer(event, &reader->ready_source, on_ready, reader);
    if (r >= 0)
        r = sd_event_source_set_enabled(reader->ready_source, SD_EVENT_OFF);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(reader);
    return 0;
}

void journal_reader_free(JournalReader *reader) {
    if (!reader)
        return;
    journal_sync_free(reader->sync);
    sd_event_source_disable_unref(reader->ready_source);
    sd_journal_close(reader->journal);
    list_free(reader->waiting);
    list_free(reader->syncing);
    list_free(reader->ready);
    sd_event_unref(reader->event);
    free(reader->sync_socket);
    free(reader);
}

int journal_reader_read(JournalReader *reader, const char *unit, usec_t since_usec,
                        size_t max_lines, JournalReadDone done, void *userdata) {
    _cleanup_(journal_read_freep) JournalRead *read = calloc(1, sizeof(JournalRead));
    if (!read || !(read->unit = strdup(unit)))
        return -ENOMEM;
    read->since_usec = since_usec;
    read->max_lines = max_lines;
    read->done = done;
    read->userdata = userdata;
    list_append_take(&reader->waiting, &read);
    if (!reader->sync)
        sync_begin(reader);
    return 0;
}
