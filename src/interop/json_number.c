/* Decimal numbers to integers without floating point, spec 12.1.4. */
#include <assert.h>
#include "readback/json.h"

__extension__ typedef unsigned __int128 wide;

#define KEPT 19         /* digits of a number that are looked at: they fit 64 bits */
#define EXPONENT 100000 /* beyond it all the same: 0 or too large */
#define RESULT_MAX 100000000000000000ull

struct decimal {
    bool negative, rest; /* rest: digits that were not kept are not all 0 */
    uint64_t digits;
    int64_t exponent; /* value = digits * 10^exponent */
};

static bool digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static void keep(struct decimal *d, unsigned *kept, uint8_t c, bool fraction) {
    if (*kept == KEPT) {
        d->rest |= c != '0';
        d->exponent += !fraction;
        return;
    }
    d->digits = d->digits * 10 + (uint64_t)(c - '0');
    d->exponent -= fraction;
    *kept += d->digits != 0; /* zeros in front take no room */
}

static enum rb_err read_exponent(struct rb_slice s, size_t i, struct decimal *d) {
    bool negative = false;
    int64_t v = 0;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) negative = s.p[i++] == '-';
    if (i == s.n) return RB_ERR_MALFORMED;
    for (; i < s.n; i++) {
        if (!digit(s.p[i])) return RB_ERR_MALFORMED;
        if (v < EXPONENT) v = v * 10 + (s.p[i] - '0');
    }
    d->exponent += negative ? -v : v;
    return RB_OK;
}

static enum rb_err read(struct rb_slice s, struct decimal *d) {
    unsigned kept = 0;
    size_t i = 0, seen = 0;
    bool fraction = false;
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) d->negative = s.p[i++] == '-';
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && !fraction)
            fraction = true;
        else if (digit(s.p[i]))
            keep(d, &kept, s.p[i], fraction), seen++;
        else
            break;
    }
    if (seen == 0) return RB_ERR_MALFORMED;
    if (i == s.n) return RB_OK;
    if (s.p[i] != 'e' && s.p[i] != 'E') return RB_ERR_MALFORMED;
    return read_exponent(s, i + 1, d);
}

static enum rb_err enlarge(wide *v, int64_t exponent) {
    for (; exponent > 0 && *v != 0; exponent--) {
        *v *= 10;
        if (*v >= RESULT_MAX) return RB_ERR_LIMIT;
    }
    return RB_OK;
}

/* v / 10^-exponent to the nearest, halves up */
static bool reduce(wide *v, int64_t exponent, bool rest) {
    wide den = 1;
    for (; exponent < 0 && den <= *v * 2; exponent++)
        den *= 10;
    if (exponent < 0) { /* less than a half, however much less */
        const bool exact = *v == 0 && !rest;
        *v = 0;
        return exact;
    }
    const wide q = *v / den, r = *v % den;
    *v = q + (r * 2 >= den);
    return r == 0 && !rest;
}

enum rb_err rb_decimal_scaled(struct rb_slice text, uint32_t mul, int places, int64_t *out,
                              bool *exact) {
    struct decimal d = {0};
    RB_TRY(read(text, &d));
    wide v = (wide)d.digits * mul;
    bool whole = !d.rest;
    d.exponent += places;
    if (d.exponent < 0)
        whole = reduce(&v, d.exponent, d.rest);
    else
        RB_TRY(enlarge(&v, d.exponent));
    if (v >= RESULT_MAX) return RB_ERR_LIMIT;
    *out = d.negative ? -(int64_t)v : (int64_t)v;
    if (exact != NULL) *exact = whole;
    return RB_OK;
}

void rb_decimal_put(struct rb_writer *w, int64_t v, unsigned places) {
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, unit = 1;
    assert(places <= 18);
    for (; places > 0 && u % 10 == 0; places--)
        u /= 10;
    for (unsigned i = 0; i < places; i++)
        unit *= 10;
    if (v < 0) rb_put_u8(w, '-');
    rb_put_dec(w, u / unit);
    if (places == 0) return;
    rb_put_u8(w, '.');
    for (unit /= 10; unit > 0; unit /= 10)
        rb_put_u8(w, (uint8_t)('0' + u / unit % 10));
}
