/* readback-verify on a folder that somebody hands over. The input is the folder: u8 length, name,
 * u16 length, bytes of each file; names that come twice stand for the last one. Whatever it holds,
 * the judgement ends, and what is judged to hold has a charter and no complaint. */
#include <sys/mman.h>
#include "cmd/verify.h"
#include "fuzz_file.h"

static void unpack(struct rb_slice in) {
    struct rb_reader r = rb_reader(in);
    char name[256];
    uint8_t k;
    uint16_t n;
    for (size_t files = 0; files < 64 && rb_get_u8(&r, &k) == RB_OK; files++) {
        struct rb_slice text, bytes;
        if (rb_get_view(&r, k, &text) != RB_OK || rb_get_u16(&r, &n) != RB_OK) return;
        if (rb_get_view(&r, n, &bytes) != RB_OK) return;
        if (text.n > 0) memcpy(name, text.p, text.n);
        name[text.n] = '\0';
        if (strlen(name) == text.n && fuzz_name_ok(name)) fuzz_put(name, bytes.p, bytes.n);
    }
}

#define BOOK ((size_t)64 << 20)
#define WORK ((size_t)16 << 20)

static void judge(uint8_t *room) {
    static struct verify v;
    static FILE *nowhere;
    if (nowhere == NULL) nowhere = fopen("/dev/null", "w");
    memset(&v, 0, sizeof v);
    v.fs.root = v.fs.last = -1;
    rb_region_init(&v.region, room, BOOK);
    v.work = rb_arena(room + BOOK, WORK);
    v.fold = rb_arena(room + BOOK + WORK, WORK);
    v.keys = rb_arena(room + BOOK + 2 * WORK, WORK);
    FUZZ_CHECK(verify_open_root(&v, fuzz_dir) == 0);
    verify_run(&v);
    verify_say(&v, nowhere);
    verify_json(&v, nowhere);
    FUZZ_CHECK(v.bad.total > 0 || v.founded);
    for (size_t i = 0; i < v.feeds_n; i++) {
        free((void *)(uintptr_t)v.feeds[i].checkpoint.p);
        free(v.feeds[i].held);
    }
    free(v.feeds);
    free(v.sizes);
    free(v.parties);
    verify_list_free(&v.bad);
    verify_list_free(&v.notes);
    if (v.fs.last >= 0) (void)close(v.fs.last);
    if (v.fs.root >= 0) (void)close(v.fs.root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static uint8_t *room;
    if (room == NULL) {
        FUZZ_CHECK(rb_crypto_init() == RB_OK);
        fuzz_folder();
    } else {
        (void)munmap(room, BOOK + 3 * WORK);
    }
    /* zero pages, as the program has them */
    room = mmap(NULL, BOOK + 3 * WORK, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FUZZ_CHECK(room != MAP_FAILED);
    fuzz_empty();
    unpack(rb_slice(data, n));
    judge(room);
    return 0;
}
