/* A folder for each test of the store, and this process's system calls failing or dying on demand. */
#ifndef RB_TEST_STORE_FIXTURE_H
#define RB_TEST_STORE_FIXTURE_H
#include "shell/store/store.h"

struct place {
    char dir[64], db[96], heads[96];
};
int place_setup(void **state);
int place_teardown(void **state);
void place_forget(const struct place *p);
struct rb_store *place_open(const struct place *p);
/* a store opened and closed: SQLite must not be used in a process before the store is */
bool place_first(void);

extern long fault_in;      /* the Nth write, sync or cut from now on fails; 0: none */
extern long read_fault_in; /* the Nth read */
extern long die_in;        /* at the Nth write, sync or cut the process is killed */
extern char strange_file[256]; /* the last file opened for writing that is not the database's */
#endif
