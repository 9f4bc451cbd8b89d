/* A disk under SQLite that fails on demand. */
#pragma once

typedef enum DiskFault {
    DISK_WORKS,
    DISK_IS_FULL,    /* writes fail */
    DISK_CANNOT_SYNC /* what was written may not last */
} DiskFault;

/* Puts it under every database that is opened from now on in this process. 0, or an SQLite error
 * code. */
int faulty_disk_install(void);
void faulty_disk_set(DiskFault fault);
