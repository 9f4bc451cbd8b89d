/* Keys under a lease are not written: their leases live in this process, so both end with it, and
 * the states of units, which change most, cost no write to the disk. Their revisions must not come
 * again, though. The file says up to which revision they may be given out, and that is raised in
 * steps. */
#include "fleetd/store/embedded-db.h"

#include "fleetd/base/log.h"
#include "fleetd/base/strv.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x666c6565 /* "flee" */
#define SCHEMA_VERSION 1
#define REVISION_STEP 1000

typedef enum Statement {
    STATEMENT_BEGIN,
    STATEMENT_PUT,
    STATEMENT_DELETE,
    STATEMENT_REVISION,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    _STATEMENT_MAX,
} Statement;

static const char *const statement_texts[_STATEMENT_MAX] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_PUT] = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)",
    [STATEMENT_DELETE] = "DELETE FROM entry WHERE key = ?",
    [STATEMENT_REVISION] = "UPDATE meta SET revision = ?",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
};

struct EmbeddedDb {
    sqlite3 *sqlite;
    sqlite3_stmt *statements[_STATEMENT_MAX];
    char *path;
    int64_t revision_max; /* what may be given out without raising it in the file */
    bool is_failing;      /* and that was logged */
};

/* SQLite's results */

static int result_to_errno(sqlite3 *sqlite, int result) {
    static const struct {
        int result, r;
    } known[] = {
        {SQLITE_OK, 0},
        {SQLITE_ROW, 0},
        {SQLITE_DONE, 0},
        {SQLITE_BUSY, -EBUSY},
        {SQLITE_LOCKED, -EBUSY},
        {SQLITE_FULL, -ENOSPC},
        {SQLITE_NOMEM, -ENOMEM},
        {SQLITE_CORRUPT, -EUCLEAN},
        {SQLITE_NOTADB, -EUCLEAN},
        {SQLITE_READONLY, -EROFS},
        {SQLITE_PERM, -EACCES},
    };
    for (size_t i = 0; i < ELEMENTSOF(known); i++)
        if ((result & 0xff) == known[i].result) /* the rest is detail */
            return known[i].r;
    int e = sqlite ? sqlite3_system_errno(sqlite) : 0;
    return e > 0 ? -e : -EIO;
}

static int db_error(EmbeddedDb *db, int result, Error *reterr) {
    int r = result_to_errno(db->sqlite, result);
    if (r == -EBUSY)
        return error_set(reterr, r, "in use by another process");
    return r < 0 ? error_set(reterr, r, "%s", sqlite3_errmsg(db->sqlite)) : r;
}

static int db_exec(EmbeddedDb *db, const char *text, Error *reterr) {
    return db_error(db, sqlite3_exec(db->sqlite, text, NULL, NULL, NULL), reterr);
}

/* The number that a query without parameters answers. */
static int db_query_number(EmbeddedDb *db, const char *text, int64_t *ret, Error *reterr) {
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db->sqlite, text, -1, &statement, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    int r = result == SQLITE_DONE ? error_set(reterr, -EUCLEAN, "a row is missing")
                                  : db_error(db, result, reterr);
    sqlite3_finalize(statement);
    return r;
}

/* Opening */

static int errno_error(Error *reterr) {
    int r = -errno;
    return error_set(reterr, r, "%s", strerror(-r));
}

/* Made before SQLite does it, so that it never has another mode; its log inherits it. A link would
 * lead to a file that another may change, or wants changed. */
static int make_file(const char *path, Error *reterr) {
    struct stat st;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ELOOP ? error_set(reterr, -ELOOP, "it is a symbolic link")
                              : errno_error(reterr);
    int r = fstat(fd, &st) < 0    ? errno_error(reterr)
            : S_ISREG(st.st_mode) ? 0
                                  : error_set(reterr, -EINVAL, "it is no regular file");
    close(fd);
    return r;
}

static int db_create(EmbeddedDb *db, Error *reterr) {
    _cleanup_free_ char *text =
        str_printf("BEGIN IMMEDIATE;"
                   "CREATE TABLE meta (revision INTEGER NOT NULL);"
                   "INSERT INTO meta VALUES (0);"
                   "CREATE TABLE entry (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL,"
                   " create_revision INTEGER NOT NULL, mod_revision INTEGER NOT NULL)"
                   " WITHOUT ROWID;"
                   "PRAGMA application_id = %d;"
                   "PRAGMA user_version = %d;"
                   "COMMIT",
                   APPLICATION_ID, SCHEMA_VERSION);
    return text ? db_exec(db, text, reterr) : -ENOMEM;
}

/* Before anything is written: the file may be somebody else's. */
static int db_check(EmbeddedDb *db, Error *reterr) {
    int64_t application = 0, version = 0, n_tables = 0;
    int r = db_query_number(db, "SELECT count(*) FROM sqlite_schema", &n_tables, reterr);
    if (r >= 0)
        r = db_query_number(db, "PRAGMA application_id", &application, reterr);
    if (r >= 0)
        r = db_query_number(db, "PRAGMA user_version", &version, reterr);
    if (r < 0)
        return r;
    if (application == 0 && n_tables == 0)
        return db_create(db, reterr);
    if (application != APPLICATION_ID)
        return error_set(reterr, -EMEDIUMTYPE, "a database, but not a store of fleet");
    if (version > SCHEMA_VERSION)
        return error_set(reterr, -ENOTSUP,
                         "written by a later version of fleet (schema %d, known is %d)",
                         (int) version, SCHEMA_VERSION);
    return 0;
}

static int db_prepare(EmbeddedDb *db, Error *reterr) {
    for (size_t i = 0; i < _STATEMENT_MAX; i++) {
        int result = sqlite3_prepare_v3(db->sqlite, statement_texts[i], -1,
                                        SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL);
        if (result != SQLITE_OK)
            return db_error(db, result, reterr);
    }
    return 0;
}

static int db_open(EmbeddedDb *db, Error *reterr) {
    int r = make_file(db->path, reterr);
    if (r < 0)
        return r;
    int result =
        sqlite3_open_v2(db->path, &db->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result != SQLITE_OK)
        return db_error(db, result, reterr);
    /* Exclusive before the first access: it then holds for the whole of the life. */
    r = db_exec(db, "PRAGMA locking_mode = EXCLUSIVE", reterr);
    if (r >= 0)
        r = db_check(db, reterr);
    if (r >= 0 && chmod(db->path, 0600) < 0) /* it may come from a backup */
        r = errno_error(reterr);
    if (r >= 0) /* FULL: what is acknowledged survives a loss of power as well */
        r = db_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", reterr);
    if (r >= 0)
        r = db_query_number(db, "SELECT revision FROM meta", &db->revision_max, reterr);
    return r < 0 ? r : db_prepare(db, reterr);
}

int embedded_db_open(const char *path, EmbeddedDb **ret, Error *reterr) {
    _cleanup_(embedded_db_closep) EmbeddedDb *db = calloc(1, sizeof(EmbeddedDb));
    if (!db)
        return -ENOMEM;
    db->path = strdup(path);
    if (!db->path)
        return -ENOMEM;
    int r = db_open(db, reterr);
    if (r < 0)
        return error_prefix(reterr, r, "failed to open the store '%s'", path);
    *ret = TAKE_PTR(db);
    return 0;
}

void embedded_db_close(EmbeddedDb *db) {
    if (!db)
        return;
    for (size_t i = 0; i < _STATEMENT_MAX; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close(db->sqlite);
    free(db->path);
    free(db);
}

int64_t embedded_db_revision(const EmbeddedDb *db) {
    return db->revision_max;
}

/* Loading */

static int load_row(sqlite3_stmt *row, VersionMap *map) {
    StoreEntry entry = {
        .key = (const char *) sqlite3_column_text(row, 0),
        .value = sqlite3_column_blob(row, 1),
        .value_size = (size_t) sqlite3_column_bytes(row, 1),
        .create_revision = sqlite3_column_int64(row, 2),
        .mod_revision = sqlite3_column_int64(row, 3),
    };
    return entry.key ? version_map_load(map, &entry) : -ENOMEM;
}

int embedded_db_load(EmbeddedDb *db, VersionMap *map, Error *reterr) {
    sqlite3_stmt *rows = NULL;
    int r = 0, result = sqlite3_prepare_v2(
                   db->sqlite, "SELECT key, value, create_revision, mod_revision FROM entry", -1,
                   &rows, NULL);
    if (result == SQLITE_OK)
        while (r >= 0 && (result = sqlite3_step(rows)) == SQLITE_ROW)
            r = load_row(rows, map);
    if (r >= 0)
        r = db_error(db, result, reterr);
    sqlite3_finalize(rows);
    return r < 0 ? error_prefix(reterr, r, "failed to read the store '%s'", db->path) : 0;
}

/* Committing */

static int db_run(EmbeddedDb *db, Statement statement) {
    int result = sqlite3_step(db->statements[statement]);
    sqlite3_reset(db->statements[statement]);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int db_put(EmbeddedDb *db, const StoreEntry *entry) {
    sqlite3_stmt *put = db->statements[STATEMENT_PUT];
    int result = sqlite3_bind_text(put, 1, entry->key, -1, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_bind_blob64(put, 2, entry->value, entry->value_size, SQLITE_STATIC);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(put, 3, entry->create_revision);
    if (result == SQLITE_OK)
        result = sqlite3_bind_int64(put, 4, entry->mod_revision);
    return result == SQLITE_OK ? db_run(db, STATEMENT_PUT) : result;
}

static int db_delete(EmbeddedDb *db, const char *key) {
    int result = sqlite3_bind_text(db->statements[STATEMENT_DELETE], 1, key, -1, SQLITE_STATIC);
    return result == SQLITE_OK ? db_run(db, STATEMENT_DELETE) : result;
}

static int db_set_revision(EmbeddedDb *db, int64_t revision) {
    int result = sqlite3_bind_int64(db->statements[STATEMENT_REVISION], 1, revision);
    return result == SQLITE_OK ? db_run(db, STATEMENT_REVISION) : result;
}

static bool change_is_put(const StoreChange *change) {
    return change->kind == STORE_EVENT_PUT && change->entry->lease == 0;
}

static bool change_is_delete(const StoreChange *change) {
    return !change_is_put(change) && change->before && change->before->lease == 0;
}

static int db_write(EmbeddedDb *db, const StoreChange *changes, size_t n_changes,
                    int64_t revision_max) {
    int result = db_run(db, STATEMENT_BEGIN);
    for (size_t i = 0; result == SQLITE_OK && i < n_changes; i++) {
        if (change_is_put(&changes[i]))
            result = db_put(db, changes[i].entry);
        else if (change_is_delete(&changes[i]))
            result = db_delete(db, changes[i].entry->key);
    }
    if (result == SQLITE_OK && revision_max > db->revision_max)
        result = db_set_revision(db, revision_max);
    return result == SQLITE_OK ? db_run(db, STATEMENT_COMMIT) : result;
}

/* Once per trouble: whoever wants to write comes again and again. */
static int db_failed(EmbeddedDb *db, int result) {
    int r = result_to_errno(db->sqlite, result);
    if (!db->is_failing)
        log_error("Failed to write the store '%s': %s", db->path, sqlite3_errmsg(db->sqlite));
    db->is_failing = true;
    if (!sqlite3_get_autocommit(db->sqlite)) /* else it has rolled back by itself */
        db_run(db, STATEMENT_ROLLBACK);
    return r;
}

static bool needs_write(const EmbeddedDb *db, int64_t revision, const StoreChange *changes,
                        size_t n_changes) {
    if (revision > db->revision_max)
        return true;
    for (size_t i = 0; i < n_changes; i++)
        if (change_is_put(&changes[i]) || change_is_delete(&changes[i]))
            return true;
    return false;
}

int embedded_db_commit(EmbeddedDb *db, int64_t revision, const StoreChange *changes,
                       size_t n_changes) {
    if (!needs_write(db, revision, changes, n_changes))
        return 0;
    int64_t revision_max =
        revision > db->revision_max ? revision + REVISION_STEP : db->revision_max;
    int result = db_write(db, changes, n_changes, revision_max);
    if (result != SQLITE_OK)
        return db_failed(db, result);
    db->revision_max = revision_max;
    db->is_failing = false;
    return 0;
}
