/* Bodies for the tests of the store: recognisable bytes, the effects that store them, and a search
 * for them in the database's files. Include after cmocka.h. */
#ifndef RB_TEST_STORE_BYTES_H
#define RB_TEST_STORE_BYTES_H
#include <sys/types.h>
#include "test_store_fixture.h"

#define MIB ((size_t)1 << 20)
#define OK(x) assert_int_equal((x), RB_OK)

extern long alloc_fault_in; /* the Nth allocation of SQLite's from now on fails; 0: none */
/* before SQLite's first use */
bool take_over_memory(void);

/* n bytes of the body `id`, to be freed */
uint8_t *ciphertext(unsigned id, size_t n);
/* six bytes that every unit of eight begins with */
void magic(unsigned id, uint8_t out[6]);
/* units of a body in the database (""), "-wal" or "-shm"; in all three */
size_t found_in_file(const struct place *p, const char *ending, unsigned id);
size_t found(const struct place *p, unsigned id);
/* bytes of the write-ahead log */
off_t log_bytes(const struct place *p);

struct rb_body_ref ref_of(unsigned id);
/* as it is: deletes */
struct rb_effect body_effect(unsigned id);
struct rb_effect bytes_effect(unsigned id, uint64_t at, const uint8_t *p, size_t n);
enum rb_err try_put(struct rb_store *s, unsigned id, uint64_t at, const uint8_t *p, size_t n);
enum rb_err try_delete(struct rb_store *s, unsigned id);
enum rb_err try_name(struct rb_store *s, unsigned id, uint64_t staged);
/* as the node does it: pieces of at most RB_BODY_CHUNK */
enum rb_err try_body(struct rb_store *s, unsigned id, size_t n);
enum rb_err try_stage(struct rb_store *s, unsigned id, size_t n, size_t step, uint64_t *staged);
uint64_t size_of(struct rb_store *s, unsigned id);
void expect_body(struct rb_store *s, unsigned id, size_t size, uint64_t from, size_t cap);

void sql(const struct place *p, const char *words);
int64_t sql_int(const struct place *p, const char *words);
#endif
