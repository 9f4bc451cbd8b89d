/* An SQLite VFS in front of the system's: opening is its own, and each file gets a copy of its
 * methods in which two are replaced. */
#include "tests/fakes/faulty-disk.h"

#include "fleetd/base/macros.h"

#include <sqlite3.h>

/* Process-wide, as SQLite's registry of VFSes is. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *system;
    DiskFault fault;
} disk;

typedef struct FaultyFile { /* behind the system's own structure */
    sqlite3_io_methods methods;
    const sqlite3_io_methods *system;
} FaultyFile;

static size_t faulty_file_offset(void) {
    size_t alignment = _Alignof(FaultyFile);
    return ((size_t) disk.system->szOsFile + alignment - 1) / alignment * alignment;
}

static FaultyFile *faulty_file(sqlite3_file *file) {
    return (FaultyFile *) ((char *) file + faulty_file_offset());
}

static int disk_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset) {
    if (disk.fault == DISK_IS_FULL)
        return SQLITE_FULL;
    return faulty_file(file)->system->xWrite(file, data, size, offset);
}

static int disk_sync(sqlite3_file *file, int flags) {
    if (disk.fault == DISK_CANNOT_SYNC)
        return SQLITE_IOERR_FSYNC;
    return faulty_file(file)->system->xSync(file, flags);
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags) {
    int result = disk.system->xOpen(disk.system, name, file, flags, ret_flags);
    if (result != SQLITE_OK)
        return result;
    FaultyFile *faulty = faulty_file(file);
    *faulty = (FaultyFile){.methods = *file->pMethods, .system = file->pMethods};
    faulty->methods.xWrite = disk_write;
    faulty->methods.xSync = disk_sync;
    file->pMethods = &faulty->methods;
    return SQLITE_OK;
}

int faulty_disk_install(void) {
    disk.system = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.system;
    disk.vfs.zName = "faulty";
    disk.vfs.szOsFile = (int) (faulty_file_offset() + sizeof(FaultyFile));
    disk.vfs.xOpen = disk_open;
    return sqlite3_vfs_register(&disk.vfs, 1);
}

void faulty_disk_set(DiskFault fault) {
    disk.fault = fault;
}
