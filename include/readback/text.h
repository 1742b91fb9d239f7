/* Text: hex, base64, numbers, UTF-8, UTC. Pure; no locale. */
#ifndef READBACK_TEXT_H
#define READBACK_TEXT_H
#include "readback/bytes.h"

/* exactly out_n bytes from 2*out_n lower-case hex digits */
enum rb_err rb_hex_decode(struct rb_slice in, void *out, size_t out_n) RB_MUST_USE;
/* standard alphabet, padded, canonical only (no spare bits, no spaces); writes at most cap bytes */
enum rb_err rb_base64_decode(struct rb_slice in, void *out, size_t cap, size_t *out_n) RB_MUST_USE;
/* decimal without sign, without leading zero, within u64 */
enum rb_err rb_dec_decode(struct rb_slice in, uint64_t *out) RB_MUST_USE;

/* well-formed UTF-8 (no surrogates, no overlong forms). */
bool rb_utf8_ok(struct rb_slice s);
/* well-formed, no control characters except '\n' and '\t', no NUL */
bool rb_text_ok(struct rb_slice s);
/* one line for names: well-formed, no control character at all, no bidi control
 * (U+061C, 200E, 200F, 202A-202E, 2066-2069), no line or paragraph separator */
bool rb_name_ok(struct rb_slice s);
/* [a-z0-9-]{1,32} */
bool rb_handle_ok(struct rb_slice s);

/* UTC, proleptic Gregorian, milliseconds since 1970 */
struct rb_utc {
    int year, month, day, hour, minute, second, ms;
};
struct rb_utc rb_utc_split(int64_t utc_ms);
int64_t rb_utc_join(struct rb_utc t);
/* "2015-09-30T13:00:00Z", with ".250" where ms are not 0; needs 32 bytes with the NUL */
void rb_put_rfc3339(struct rb_writer *w, int64_t utc_ms);
/* date-time group: "301300ZSEP15" */
void rb_put_dtg(struct rb_writer *w, int64_t utc_ms);
/* RFC 3339 with Z or an offset; seconds and a fraction of up to 3 digits may be left out */
enum rb_err rb_rfc3339_decode(struct rb_slice in, int64_t *utc_ms) RB_MUST_USE;
/* "90s" "15m" "2h" "3d" or a number of seconds, to ms */
enum rb_err rb_duration_decode(struct rb_slice in, int64_t *ms) RB_MUST_USE;
#endif
