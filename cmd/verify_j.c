/* JSON written by hand: this program links no library but the core. */
#include "cmd/verify_j.h"
#include <inttypes.h>

void vj_text(struct vj *j, struct rb_slice s) {
    fputc('"', j->out);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            fprintf(j->out, "\\%c", s.p[i]);
        else if (s.p[i] < 0x20)
            fprintf(j->out, "\\u%04x", s.p[i]);
        else
            fputc(s.p[i], j->out);
    }
    fputc('"', j->out);
}

void vj_next(struct vj *j, const char *key) {
    if (!j->first) fputc(',', j->out);
    j->first = false;
    if (key == NULL) return;
    vj_text(j, rb_str(key));
    fputc(':', j->out);
}

void vj_open(struct vj *j, const char *key, char c) {
    vj_next(j, key);
    fputc(c, j->out);
    j->first = true;
}

void vj_close(struct vj *j, char c) {
    fputc(c, j->out);
    j->first = false;
}

void vj_slice(struct vj *j, const char *key, struct rb_slice s) {
    vj_next(j, key);
    vj_text(j, s);
}

void vj_bool(struct vj *j, const char *key, bool b) {
    vj_next(j, key);
    fputs(b ? "true" : "false", j->out);
}

void vj_uint(struct vj *j, const char *key, uint64_t n) {
    vj_next(j, key);
    fprintf(j->out, "%" PRIu64, n);
}

void vj_time(struct vj *j, const char *key, int64_t utc_ms) {
    char buf[48];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_rfc3339(&w, utc_ms);
    vj_slice(j, key, rb_written(&w));
}

void vj_time_s(struct vj *j, const char *key, uint64_t time_s) {
    if (time_s < 253402300800ull)
        vj_time(j, key, (int64_t)time_s * 1000);
    else
        vj_uint(j, key, time_s);
}

void vj_hex(struct vj *j, const char *key, const uint8_t *p, size_t n) {
    char buf[2 * RB_HASH_LEN];
    struct rb_writer w = rb_writer(buf, sizeof buf);
    rb_put_hex(&w, p, n);
    vj_slice(j, key, rb_written(&w));
}
