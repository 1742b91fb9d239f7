/* SQLite's memory is zeroed before SQLite gets it. When it recovers a write-ahead log whose first
 * frame was cut off, it copies 32 KiB of a buffer it never wrote to into the -shm file
 * (walIndexRecover, 3.40): with the C library's allocator those are remains of whatever this
 * process held before. */
#include <string.h>
#include "shell/store/internal.h"

static sqlite3_mem_methods lower; /* the allocator beneath */

static void *clean_malloc(int n) {
    void *p = lower.xMalloc(n);
    if (p != NULL) memset(p, 0, (size_t)lower.xSize(p));
    return p;
}

static void *clean_realloc(void *p, int n) {
    const int old = lower.xSize(p);
    uint8_t *q = lower.xRealloc(p, n);
    if (q != NULL && lower.xSize(q) > old) memset(q + old, 0, (size_t)(lower.xSize(q) - old));
    return q;
}

/* Once in a process, before SQLite's first use. */
enum rb_err store_clean_memory(struct rb_store *s) {
    static bool done;
    sqlite3_mem_methods m;
    if (done) return RB_OK;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &lower) == SQLITE_OK) {
        m = lower;
        m.xMalloc = clean_malloc;
        m.xRealloc = clean_realloc;
        done = sqlite3_config(SQLITE_CONFIG_MALLOC, &m) == SQLITE_OK;
    }
    if (done) return RB_OK;
    return store_say(s, RB_ERR_STATE, "SQLite was in use before the store was opened.");
}
