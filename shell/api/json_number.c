/* Numbers as people type them, exactly: degrees, metres, spans, times. No float is ever a stop on
 * the way of a decimal text. */
#include <math.h>
#include "json_body.h"
#include "readback/coord.h"
#include "readback/text.h"
#include "readback/volume.h"

static struct rb_slice text_of(const json_t *v) {
    return rb_slice(json_string_value(v), json_string_length(v));
}

static enum rb_err digits(struct rb_slice in, size_t *at, unsigned places, uint64_t *out) {
    uint64_t v = 0;
    size_t n = 0;
    unsigned after = 0;
    bool point = false;
    for (; *at < in.n; (*at)++) {
        uint8_t c = in.p[*at];
        if (c == '.' && !point && n > 0) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        if (point && after == places) {
            if (c != '0') return RB_ERR_USAGE;
            continue;
        }
        if (v > (UINT64_MAX / 2 - 9) / 10) return RB_ERR_USAGE;
        v = v * 10 + (uint64_t)(c - '0');
        n++;
        if (point) after++;
    }
    if (n == 0 || in.p[*at - 1] == '.') return RB_ERR_USAGE;
    for (; after < places; after++) {
        if (v > UINT64_MAX / 2 / 10) return RB_ERR_USAGE;
        v *= 10;
    }
    *out = v;
    return RB_OK;
}

static enum rb_err decimal_head(struct rb_slice in, unsigned places, int64_t *out,
                                struct rb_slice *rest) {
    size_t at = 0;
    uint64_t v = 0;
    bool minus = in.n > 0 && in.p[0] == '-';
    if (minus || (in.n > 0 && in.p[0] == '+')) at = 1;
    RB_TRY(digits(in, &at, places, &v));
    *out = minus ? -(int64_t)v : (int64_t)v;
    *rest = rb_slice_sub(in, at, in.n);
    return RB_OK;
}

enum rb_err rb_decimal(struct rb_slice in, unsigned places, int64_t *out) {
    struct rb_slice rest;
    int64_t v = 0;
    RB_TRY(decimal_head(in, places, &v, &rest));
    if (rest.n != 0) return RB_ERR_USAGE;
    *out = v;
    return RB_OK;
}

/* a JSON number times `scale`, to the nearest whole */
static enum rb_err number(const json_t *v, int64_t scale, int64_t *out) {
    if (json_is_integer(v))
        return __builtin_mul_overflow((int64_t)json_integer_value(v), scale, out) ? RB_ERR_USAGE
                                                                                  : RB_OK;
    if (!json_is_real(v)) return RB_ERR_USAGE;
    double d = json_real_value(v) * (double)scale;
    if (!(fabs(d) < 9e15)) return RB_ERR_USAGE;
    *out = (int64_t)llround(d);
    return RB_OK;
}

/* within a turn: what is further is no angle, and a JSON number could not bear it */
enum rb_err rb_json_degrees(const json_t *v, int64_t *nanodeg) {
    int64_t n = 0;
    RB_TRY(json_is_string(v) ? rb_decimal(text_of(v), 9, &n) : number(v, RB_NANODEG, &n));
    if (n < -360 * RB_NANODEG || n > 360 * RB_NANODEG) return RB_ERR_USAGE;
    *nanodeg = n;
    return RB_OK;
}

/* metres without a unit: to the nearest millimetre, halves away from zero */
static enum rb_err bare_metres(struct rb_slice in, int64_t *mm) {
    int64_t micro = 0;
    RB_TRY(rb_decimal(in, 6, &micro));
    *mm = (micro + (micro < 0 ? -500 : 500)) / 1000;
    return RB_OK;
}
enum rb_err rb_json_metres(const json_t *v, int64_t *mm) {
    struct rb_reject rj = {0};
    struct rb_length len;
    if (!json_is_string(v)) return number(v, 1000, mm);
    struct rb_slice in = text_of(v);
    if (bare_metres(in, mm) == RB_OK) return RB_OK;
    const bool minus = in.n > 0 && in.p[0] == '-';
    if (minus || (in.n > 0 && in.p[0] == '+')) in = rb_slice_sub(in, 1, in.n);
    if (rb_length_read(in, &len, &rj) != RB_OK || len.mm > INT64_MAX) return RB_ERR_USAGE;
    *mm = minus ? -(int64_t)len.mm : (int64_t)len.mm;
    return RB_OK;
}

enum rb_err rb_json_time(const json_t *v, int64_t *utc_ms) {
    if (json_is_integer(v)) {
        *utc_ms = (int64_t)json_integer_value(v);
        return *utc_ms < 0 ? RB_ERR_USAGE : RB_OK;
    }
    if (!json_is_string(v)) return RB_ERR_USAGE;
    int64_t t = 0;
    if (rb_rfc3339_decode(text_of(v), &t) != RB_OK || t < 0) return RB_ERR_USAGE;
    *utc_ms = t;
    return RB_OK;
}

enum rb_err rb_json_span(const json_t *v, int64_t *ms) {
    if (json_is_integer(v)) {
        *ms = (int64_t)json_integer_value(v);
        return *ms < 0 ? RB_ERR_USAGE : RB_OK;
    }
    if (!json_is_string(v)) return RB_ERR_USAGE;
    return rb_duration_decode(text_of(v), ms) == RB_OK ? RB_OK : RB_ERR_USAGE;
}

json_t *rb_degrees_json(int64_t nanodeg) {
    return json_real((double)nanodeg / 1e9);
}

json_t *rb_metres_json(int64_t mm) {
    if (mm % 1000 == 0) return json_integer(mm / 1000);
    return json_real((double)mm / 1e3);
}

/* Up to four days in hours, as people say it: 48 hours' notice, a calm of 72 hours. */
json_t *rb_span_json(int64_t ms) {
    static const int64_t days_from = 4 * INT64_C(86400000);
    static const struct {
        int64_t ms;
        char unit;
    } units[] = {{86400000, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (ms == 0 || ms % units[i].ms != 0) continue;
        if (units[i].unit == 'd' && ms <= days_from) continue;
        return json_sprintf("%lld%c", (long long)(ms / units[i].ms), units[i].unit);
    }
    return json_integer(ms);
}
json_t *rb_span_words(int64_t ms) {
    json_t *o = rb_span_json(ms);
    if (json_is_string(o)) return o;
    json_decref(o);
    return json_sprintf("%lld.%03llds", (long long)(ms / 1000), (long long)(ms % 1000));
}
