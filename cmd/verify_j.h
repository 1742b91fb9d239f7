/* JSON out, for the reports of readback-verify. A key is NULL in a list. Text is UTF-8 already. */
#ifndef RB_CMD_VERIFY_J_H
#define RB_CMD_VERIFY_J_H
#include "cmd/verify.h"

struct vj {
    FILE *out;
    bool first; /* nothing stands before the next value */
};
void vj_text(struct vj *j, struct rb_slice s);
void vj_next(struct vj *j, const char *key);
void vj_open(struct vj *j, const char *key, char c);
void vj_close(struct vj *j, char c);
void vj_slice(struct vj *j, const char *key, struct rb_slice s);
void vj_bool(struct vj *j, const char *key, bool b);
void vj_uint(struct vj *j, const char *key, uint64_t n);
void vj_time(struct vj *j, const char *key, int64_t utc_ms);
void vj_time_s(struct vj *j, const char *key, uint64_t time_s);
void vj_hex(struct vj *j, const char *key, const uint8_t *p, size_t n);
#endif
