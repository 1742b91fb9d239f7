/* Text as it stands on the wire and before people. No locale, no printf: the same bytes everywhere.
 * Calendar arithmetic follows the 400-year cycle of the proleptic Gregorian calendar (RFC 3339,
 * appendix B and D give the rules), counting years from 1 March so that the leap day is the last.
 */
#include "readback/text.h"
#include <assert.h>
#include <limits.h>

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

enum rb_err rb_hex_decode(struct rb_slice in, void *out, size_t out_n) {
    uint8_t *b = out;
    if (in.n / 2 != out_n || in.n % 2 != 0) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i++) {
        if (hex_value(in.p[i]) < 0) return RB_ERR_MALFORMED;
    }
    for (size_t i = 0; i < out_n; i++)
        b[i] = (uint8_t)(hex_value(in.p[2 * i]) << 4 | hex_value(in.p[2 * i + 1]));
    return RB_OK;
}

static int base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '+') return 62;
    return c == '/' ? 63 : -1;
}

/* One group of four characters, `chars` of them not padding, into 24 bits. */
static enum rb_err base64_group(const uint8_t *p, size_t chars, uint32_t *out) {
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        int d = i < chars ? base64_value(p[i]) : 0;
        if (d < 0) return RB_ERR_MALFORMED;
        v = v << 6 | (uint32_t)d;
    }
    /* spare bits must be zero, or two texts would stand for the same bytes */
    if ((chars == 2 && (v & 0xffff) != 0) || (chars == 3 && (v & 0xff) != 0))
        return RB_ERR_MALFORMED;
    *out = v;
    return RB_OK;
}

enum rb_err rb_base64_decode(struct rb_slice in, void *out, size_t cap, size_t *out_n) {
    uint8_t *b = out;
    size_t pad = 0, n = 0;
    if (in.n % 4 != 0) return RB_ERR_MALFORMED;
    if (in.n > 0 && in.p[in.n - 1] == '=') pad = in.p[in.n - 2] == '=' ? 2 : 1;
    if (in.n / 4 * 3 - pad > cap) return RB_ERR_LIMIT;
    for (size_t i = 0; i < in.n; i += 4) {
        size_t chars = i + 4 == in.n ? 4 - pad : 4;
        uint32_t v = 0;
        RB_TRY(base64_group(in.p + i, chars, &v));
        for (size_t k = 0; k + 1 < chars; k++)
            b[n++] = (uint8_t)(v >> (16 - 8 * k));
    }
    *out_n = n;
    return RB_OK;
}

enum rb_err rb_dec_decode(struct rb_slice in, uint64_t *out) {
    uint64_t v = 0;
    if (in.n == 0 || (in.n > 1 && in.p[0] == '0')) return RB_ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];
        if (c < '0' || c > '9') return RB_ERR_MALFORMED;
        if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(c - '0'), &v))
            return RB_ERR_MALFORMED;
    }
    *out = v;
    return RB_OK;
}

/* ---- UTF-8 (RFC 3629) --------------------------------------------------------------------- */

/* Length of the sequence a first byte opens, 0 if it opens none; the bits it carries. */
static size_t utf8_open(uint8_t c, uint32_t *bits) {
    if (c < 0x80) return *bits = c, 1;
    if (c >= 0xc2 && c <= 0xdf) return *bits = c & 0x1f, 2;
    if (c >= 0xe0 && c <= 0xef) return *bits = c & 0x0f, 3;
    if (c >= 0xf0 && c <= 0xf4) return *bits = c & 0x07, 4;
    return 0;
}

/* The next code point; false where the bytes are not well-formed. */
static bool utf8_next(struct rb_slice s, size_t *at, uint32_t *cp) {
    uint32_t v = 0;
    size_t n = utf8_open(s.p[*at], &v);
    if (n == 0 || n > s.n - *at) return false;
    for (size_t i = 1; i < n; i++) {
        uint8_t c = s.p[*at + i];
        if ((c & 0xc0) != 0x80) return false;
        v = v << 6 | (c & 0x3f);
    }
    if ((n == 3 && v < 0x800) || (n == 4 && (v < 0x10000 || v > 0x10ffff))) return false;
    if (v >= 0xd800 && v <= 0xdfff) return false;
    *at += n;
    *cp = v;
    return true;
}

static bool is_control(uint32_t cp) {
    return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f);
}

static bool any_point(uint32_t cp) {
    (void)cp;
    return true;
}

static bool text_point(uint32_t cp) {
    return !is_control(cp) || cp == '\n' || cp == '\t';
}

/* A name with bidi controls could show itself as another; a line break could forge a list entry. */
static bool name_point(uint32_t cp) {
    if (is_control(cp) || cp == 0x061c || cp == 0x200e || cp == 0x200f) return false;
    return !(cp >= 0x2028 && cp <= 0x202e) && !(cp >= 0x2066 && cp <= 0x2069);
}

/* inline, so that `ok` is no call for each character; most of them are ASCII */
static inline bool every_point(struct rb_slice s, bool (*ok)(uint32_t)) {
    uint32_t cp = 0;
    for (size_t at = 0; at < s.n;) {
        if (s.p[at] < 0x80)
            cp = s.p[at++];
        else if (!utf8_next(s, &at, &cp))
            return false;
        if (!ok(cp)) return false;
    }
    return true;
}

bool rb_utf8_ok(struct rb_slice s) {
    return every_point(s, any_point);
}
bool rb_text_ok(struct rb_slice s) {
    return every_point(s, text_point);
}
bool rb_name_ok(struct rb_slice s) {
    return every_point(s, name_point);
}

bool rb_handle_ok(struct rb_slice s) {
    if (s.n < 1 || s.n > 32) return false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    return true;
}

/* ---- UTC ---------------------------------------------------------------------------------- */

#define MS_DAY 86400000
#define DAYS_CYCLE 146097   /* 400 years */
#define DAYS_TO_1970 719468 /* from 1 March of year 0 to 1 January 1970 */

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}
static int64_t floor_mod(int64_t a, int64_t b) {
    return a % b < 0 ? a % b + b : a % b;
}

/* Day number, 0 being 1970-01-01, of a date whose month is 1..12. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3; /* March = 0 */
    int64_t cycle = floor_div(y, 400), in_cycle = floor_mod(y, 400);
    int64_t day_of_year = (153 * m + 2) / 5 + day - 1;
    int64_t day_of_cycle = in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + day_of_year;
    return cycle * DAYS_CYCLE + day_of_cycle - DAYS_TO_1970;
}

struct rb_utc rb_utc_split(int64_t utc_ms) {
    int64_t days = floor_div(utc_ms, MS_DAY), ms = floor_mod(utc_ms, MS_DAY);
    int64_t since_march = days + DAYS_TO_1970;
    int64_t cycle = floor_div(since_march, DAYS_CYCLE), d = floor_mod(since_march, DAYS_CYCLE);
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t day_of_year = d - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * day_of_year + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;
    struct rb_utc t = {
        .year = (int)(cycle * 400 + y + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * m + 2) / 5 + 1),
        .hour = (int)(ms / 3600000),
        .minute = (int)(ms / 60000 % 60),
        .second = (int)(ms / 1000 % 60),
        .ms = (int)(ms % 1000),
    };
    return t;
}

int64_t rb_utc_join(struct rb_utc t) {
    int64_t months = (int64_t)t.month - 1, out;
    int64_t days = days_of(t.year + floor_div(months, 12), floor_mod(months, 12) + 1, t.day);
    int64_t rest =
        (int64_t)t.hour * 3600000 + (int64_t)t.minute * 60000 + (int64_t)t.second * 1000 + t.ms;
    if (days < 0) { /* the first day that int64 reaches begins before it */
        days++;
        rest -= MS_DAY;
    }
    /* beyond the range of int64: the nearest end, so that comparisons still hold */
    if (__builtin_mul_overflow(days, (int64_t)MS_DAY, &out) ||
        __builtin_add_overflow(out, rest, &out))
        return days < 0 ? INT64_MIN : INT64_MAX;
    return out;
}

static void put_digits(struct rb_writer *w, int64_t v, unsigned digits) {
    int64_t limit = 1;
    assert(v >= 0);
    for (unsigned i = 1; i < digits; i++)
        limit *= 10;
    for (; limit > 1 && v < limit; limit /= 10)
        rb_put_u8(w, '0');
    rb_put_dec(w, (uint64_t)v);
}

static void put_clock(struct rb_writer *w, const struct rb_utc *t) {
    put_digits(w, t->hour, 2);
    rb_put_u8(w, ':');
    put_digits(w, t->minute, 2);
    rb_put_u8(w, ':');
    put_digits(w, t->second, 2);
    if (t->ms != 0) {
        rb_put_u8(w, '.');
        put_digits(w, t->ms, 3);
    }
}

void rb_put_rfc3339(struct rb_writer *w, int64_t utc_ms) {
    struct rb_utc t = rb_utc_split(utc_ms);
    int64_t year = t.year;
    /* outside RFC 3339's four digits: ISO 8601's expanded form, visibly something else */
    if (year < 0) rb_put_u8(w, '-');
    if (year > 9999) rb_put_u8(w, '+');
    put_digits(w, year < 0 ? -year : year, 4);
    rb_put_u8(w, '-');
    put_digits(w, t.month, 2);
    rb_put_u8(w, '-');
    put_digits(w, t.day, 2);
    rb_put_u8(w, 'T');
    put_clock(w, &t);
    rb_put_u8(w, 'Z');
}

void rb_put_dtg(struct rb_writer *w, int64_t utc_ms) {
    static const char month[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    struct rb_utc t = rb_utc_split(utc_ms);
    put_digits(w, t.day, 2);
    put_digits(w, t.hour, 2);
    put_digits(w, t.minute, 2);
    rb_put_u8(w, 'Z');
    rb_put(w, month + 3 * (size_t)(t.month - 1), 3);
    put_digits(w, floor_mod(t.year, 100), 2);
}

static enum rb_err get_digits(struct rb_reader *r, size_t n, int *out) {
    struct rb_slice s;
    int v = 0;
    RB_TRY(rb_get_view(r, n, &s));
    for (size_t i = 0; i < n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return RB_ERR_MALFORMED;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = v;
    return RB_OK;
}

static enum rb_err get_char(struct rb_reader *r, char lower) {
    uint8_t c;
    RB_TRY(rb_get_u8(r, &c));
    if (c >= 'A' && c <= 'Z') c = (uint8_t)(c - 'A' + 'a');
    return c == (uint8_t)lower ? RB_OK : RB_ERR_MALFORMED;
}

static bool next_is(const struct rb_reader *r, char c) {
    return rb_left(r) > 0 && r->p[r->at] == (uint8_t)c;
}

static enum rb_err get_fraction(struct rb_reader *r, int *ms) {
    int scale = 100, digit;
    RB_TRY(get_char(r, '.'));
    RB_TRY(get_digits(r, 1, &digit));
    *ms = digit * scale;
    while (scale > 1 && rb_left(r) > 0 && r->p[r->at] >= '0' && r->p[r->at] <= '9') {
        scale /= 10;
        RB_TRY(get_digits(r, 1, &digit));
        *ms += digit * scale;
    }
    return RB_OK;
}

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static enum rb_err get_date(struct rb_reader *r, struct rb_utc *t) {
    RB_TRY(get_digits(r, 4, &t->year));
    RB_TRY(get_char(r, '-'));
    RB_TRY(get_digits(r, 2, &t->month));
    RB_TRY(get_char(r, '-'));
    RB_TRY(get_digits(r, 2, &t->day));
    if (t->month < 1 || t->month > 12) return RB_ERR_MALFORMED;
    if (t->day < 1 || t->day > month_days(t->year, t->month)) return RB_ERR_MALFORMED;
    return RB_OK;
}

static enum rb_err get_hour_minute(struct rb_reader *r, int *hour, int *minute) {
    RB_TRY(get_digits(r, 2, hour));
    RB_TRY(get_char(r, ':'));
    RB_TRY(get_digits(r, 2, minute));
    return *hour > 23 || *minute > 59 ? RB_ERR_MALFORMED : RB_OK;
}

/* A leap second (":60") has no place in milliseconds since 1970 and is refused, not moved. */
static enum rb_err get_time(struct rb_reader *r, struct rb_utc *t) {
    RB_TRY(get_hour_minute(r, &t->hour, &t->minute));
    if (!next_is(r, ':')) return RB_OK;
    RB_TRY(get_char(r, ':'));
    RB_TRY(get_digits(r, 2, &t->second));
    if (t->second > 59) return RB_ERR_MALFORMED;
    return next_is(r, '.') ? get_fraction(r, &t->ms) : RB_OK;
}

static enum rb_err get_offset(struct rb_reader *r, int64_t *ms) {
    int hour, minute, sign;
    if (next_is(r, '+') || next_is(r, '-')) {
        sign = next_is(r, '-') ? -1 : 1;
        r->at++;
        RB_TRY(get_hour_minute(r, &hour, &minute));
        *ms = (int64_t)sign * (hour * 60 + minute) * 60000;
        return RB_OK;
    }
    *ms = 0;
    return get_char(r, 'z');
}

enum rb_err rb_rfc3339_decode(struct rb_slice in, int64_t *utc_ms) {
    struct rb_reader r = rb_reader(in);
    struct rb_utc t = {0};
    int64_t offset_ms = 0;
    RB_TRY(get_date(&r, &t));
    RB_TRY(get_char(&r, 't'));
    RB_TRY(get_time(&r, &t));
    RB_TRY(get_offset(&r, &offset_ms));
    RB_TRY(rb_get_end(&r));
    *utc_ms = rb_utc_join(t) - offset_ms;
    return RB_OK;
}

enum rb_err rb_duration_decode(struct rb_slice in, int64_t *ms) {
    uint64_t n, unit = 1000;
    int64_t out;
    if (in.n == 0) return RB_ERR_MALFORMED;
    switch (in.p[in.n - 1]) {
    case 's':
        break;
    case 'm':
        unit = 60000;
        break;
    case 'h':
        unit = 3600000;
        break;
    case 'd':
        unit = MS_DAY;
        break;
    default:
        in.n++; /* a bare number: nothing to cut off below */
    }
    in.n--;
    RB_TRY(rb_dec_decode(in, &n));
    if (__builtin_mul_overflow(n, unit, &out)) return RB_ERR_LIMIT;
    *ms = out;
    return RB_OK;
}
