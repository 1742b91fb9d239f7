/* The whole reading path of `readback check`, from a descriptor to the register, in every format:
 * never a crash or an endless file; every refusal has a clause and a byte within the file; numbers
 * go up; what is read keeps 3.7 and is taken by the register. The first byte says the name of the
 * file and the terms. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cmd/check.h"
#include "fuzz.h"
#include "readback/text.h"

#define ROOM (4u << 20)
static uint8_t room[ROOM] __attribute__((aligned(16)));

static void into_register(struct rb_register *reg, const struct check_item *it, uint64_t number) {
    struct rb_register_entry e = {.class_ = it->class_,
                                  .volumes_n = it->f.volumes_n,
                                  .volumes = it->f.volumes,
                                  .title = it->f.title};
    struct rb_reject rj = {0};
    memcpy(e.id.b, &number, sizeof number);
    const enum rb_err err = rb_register_add(reg, &e, &rj);
    FUZZ_CHECK(err == RB_OK || err == RB_ERR_LIMIT);
}
static void looks_right(const struct check_item *it, size_t n) {
    FUZZ_CHECK(it->offset <= n);
    if (it->refused) {
        FUZZ_CHECK(it->why.err != RB_OK && it->why.clause != NULL && it->why.what != NULL);
        FUZZ_CHECK(it->why.offset <= n);
        return;
    }
    FUZZ_CHECK((unsigned)it->class_ < RB_PLACE_CLASSES && !it->rest);
    FUZZ_CHECK(it->f.volumes_n > 0 && it->f.volumes_n <= RB_MAX_VOLUMES);
    FUZZ_CHECK(it->id.n <= CHECK_MAX_ID && rb_name_ok(it->id) && rb_name_ok(it->declared_by));
    FUZZ_CHECK(it->pointed_out < RB_PLAUSIBLE_END);
    for (size_t i = 0; i < it->f.volumes_n; i++)
        FUZZ_CHECK(rb_volume_check(&it->f.volumes[i], NULL) == RB_OK);
}
static void read_all(struct check_reader *r, size_t n) {
    struct rb_region region;
    struct check_item it;
    uint64_t last = 0, items = 0;
    memset(room, 0, ROOM);
    rb_region_init(&region, room, ROOM);
    struct rb_register *reg = rb_register_open(&region, 1);
    FUZZ_CHECK(reg != NULL);
    for (bool over = false;;) {
        const enum check_event e = check_reader_next(r, &it);
        FUZZ_CHECK(e != CHECK_IO);
        if (e == CHECK_DONE) break;
        FUZZ_CHECK(!over && ++items <= n + 1);
        looks_right(&it, n);
        FUZZ_CHECK(it.number > last || it.rest);
        last = it.number;
        over = it.rest;
        if (!it.refused) into_register(reg, &it, items);
    }
    FUZZ_CHECK(check_reader_next(r, &it) == CHECK_DONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static const char *const names[] = {"a", "a.json", "a.kml", "a.csv"};
    static struct check_reader *r;
    static int fd = -1;
    if (n == 0 || n > 1u << 16) return 0;
    if (r == NULL) r = check_reader_new();
    if (fd < 0) fd = memfd_create("check", MFD_CLOEXEC);
    FUZZ_CHECK(r != NULL && fd >= 0);
    const uint8_t how = data[0];
    const struct check_file f = {.path = names[how & 3],
                                 .path_n = strlen(names[how & 3]),
                                 .has_class = how >> 2 & 1,
                                 .class_ = (enum rb_place_class)(how >> 5 & 3)};
    const struct check_terms t = {.how = {.has_edges = how >> 3 & 1,
                                          .edges = RB_EDGES_LONLAT,
                                          .radius_mm = how >> 4 & 1 ? 100000 : 0,
                                          .half_width_mm = how >> 4 & 1 ? 100000 : 0},
                                  .has_theatre = how >> 7,
                                  .theatre = {30000000000, 30000000000, 40000000000, 45000000000}};
    FUZZ_CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, data + 1, n - 1, 0) == (ssize_t)(n - 1));
    const int own = dup(fd);
    FUZZ_CHECK(own > STDIN_FILENO && lseek(own, 0, SEEK_SET) == 0);
    check_reader_take(r, own, &f, &t);
    read_all(r, n - 1);
    return 0;
}
