/* What people write above the columns of a site list, spec 12.6.3. */
#include "sitelist_int.h"

static const char *const own_names[RB_SITE_COLUMNS] = {
    "name",     "latitude", "longitude", "place",       "radius",
    "accuracy", "method",   "surveyed",  "declared_by", "notes"};

const char *rb_site_column_name(enum rb_site_column c) {
    return (unsigned)c < RB_SITE_COLUMNS ? own_names[c] : "?";
}

/* folded: small letters, one blank between words */
static const struct {
    enum rb_site_column column;
    const char *word;
} words[] = {
    {RB_SITE_NAME, "name"},
    {RB_SITE_NAME, "site"},
    {RB_SITE_NAME, "site name"},
    {RB_SITE_NAME, "facility"},
    {RB_SITE_NAME, "facility name"},
    {RB_SITE_NAME, "nom"},
    {RB_SITE_NAME, "nom du site"},
    {RB_SITE_NAME, "название"},
    {RB_SITE_NAME, "наименование"},
    {RB_SITE_NAME, "имя"},
    {RB_SITE_NAME, "объект"},
    {RB_SITE_NAME, "الاسم"},
    {RB_SITE_NAME, "اسم"},
    {RB_SITE_NAME, "اسم الموقع"},
    {RB_SITE_NAME, "الموقع"},
    {RB_SITE_NAME, "المنشأة"},
    {RB_SITE_LATITUDE, "latitude"},
    {RB_SITE_LATITUDE, "lat"},
    {RB_SITE_LATITUDE, "lat."},
    {RB_SITE_LATITUDE, "y"},
    {RB_SITE_LATITUDE, "широта"},
    {RB_SITE_LATITUDE, "خط العرض"},
    {RB_SITE_LATITUDE, "دائرة العرض"},
    {RB_SITE_LATITUDE, "العرض"},
    {RB_SITE_LONGITUDE, "longitude"},
    {RB_SITE_LONGITUDE, "lon"},
    {RB_SITE_LONGITUDE, "lon."},
    {RB_SITE_LONGITUDE, "long"},
    {RB_SITE_LONGITUDE, "long."},
    {RB_SITE_LONGITUDE, "lng"},
    {RB_SITE_LONGITUDE, "x"},
    {RB_SITE_LONGITUDE, "долгота"},
    {RB_SITE_LONGITUDE, "خط الطول"},
    {RB_SITE_LONGITUDE, "الطول"},
    {RB_SITE_PLACE, "place"},
    {RB_SITE_PLACE, "coordinates"},
    {RB_SITE_PLACE, "coordinate"},
    {RB_SITE_PLACE, "coords"},
    {RB_SITE_PLACE, "position"},
    {RB_SITE_PLACE, "mgrs"},
    {RB_SITE_PLACE, "utm"},
    {RB_SITE_PLACE, "lat/lon"},
    {RB_SITE_PLACE, "grid"},
    {RB_SITE_PLACE, "coordonnées"},
    {RB_SITE_PLACE, "coordonnees"},
    {RB_SITE_PLACE, "координаты"},
    {RB_SITE_PLACE, "الإحداثيات"},
    {RB_SITE_PLACE, "الاحداثيات"},
    {RB_SITE_PLACE, "إحداثيات"},
    {RB_SITE_PLACE, "احداثيات"},
    {RB_SITE_RADIUS, "radius"},
    {RB_SITE_RADIUS, "rayon"},
    {RB_SITE_RADIUS, "радиус"},
    {RB_SITE_RADIUS, "نصف القطر"},
    {RB_SITE_ACCURACY, "accuracy"},
    {RB_SITE_ACCURACY, "precision"},
    {RB_SITE_ACCURACY, "précision"},
    {RB_SITE_ACCURACY, "точность"},
    {RB_SITE_ACCURACY, "الدقة"},
    {RB_SITE_ACCURACY, "دقة"},
    {RB_SITE_METHOD, "method"},
    {RB_SITE_METHOD, "méthode"},
    {RB_SITE_METHOD, "methode"},
    {RB_SITE_METHOD, "метод"},
    {RB_SITE_METHOD, "способ"},
    {RB_SITE_METHOD, "الطريقة"},
    {RB_SITE_METHOD, "طريقة القياس"},
    {RB_SITE_SURVEYED, "surveyed"},
    {RB_SITE_SURVEYED, "survey date"},
    {RB_SITE_SURVEYED, "date of survey"},
    {RB_SITE_SURVEYED, "date"},
    {RB_SITE_SURVEYED, "date du relevé"},
    {RB_SITE_SURVEYED, "дата"},
    {RB_SITE_SURVEYED, "дата съёмки"},
    {RB_SITE_SURVEYED, "дата съемки"},
    {RB_SITE_SURVEYED, "التاريخ"},
    {RB_SITE_SURVEYED, "تاريخ المسح"},
    {RB_SITE_SURVEYED, "تاريخ"},
    {RB_SITE_DECLARED_BY, "declared by"},
    {RB_SITE_DECLARED_BY, "declared-by"},
    {RB_SITE_DECLARED_BY, "organisation"},
    {RB_SITE_DECLARED_BY, "organization"},
    {RB_SITE_DECLARED_BY, "déclaré par"},
    {RB_SITE_DECLARED_BY, "declare par"},
    {RB_SITE_DECLARED_BY, "организация"},
    {RB_SITE_DECLARED_BY, "заявитель"},
    {RB_SITE_DECLARED_BY, "المنظمة"},
    {RB_SITE_DECLARED_BY, "الجهة"},
    {RB_SITE_NOTES, "notes"},
    {RB_SITE_NOTES, "note"},
    {RB_SITE_NOTES, "remarks"},
    {RB_SITE_NOTES, "comment"},
    {RB_SITE_NOTES, "comments"},
    {RB_SITE_NOTES, "description"},
    {RB_SITE_NOTES, "remarques"},
    {RB_SITE_NOTES, "примечание"},
    {RB_SITE_NOTES, "примечания"},
    {RB_SITE_NOTES, "комментарий"},
    {RB_SITE_NOTES, "ملاحظات"},
    {RB_SITE_NOTES, "ملاحظة"},
};

/* ---- letters ------------------------------------------------------------------------------------
 */

static size_t blank_at(struct rb_slice s, size_t i) { /* its bytes, 0: none */
    static const char *const wide[] = {"\xc2\xa0", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xef\xbb\xbf"};
    const uint8_t c = s.p[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '_') return 1;
    for (size_t k = 0; k < sizeof wide / sizeof *wide; k++)
        if (rb_slice_starts(rb_slice_sub(s, i, s.n), wide[k])) return strlen(wide[k]);
    return 0;
}

struct rb_slice sitelist_trim(struct rb_slice s) {
    while (s.n > 0 && s.p[0] != '_' && blank_at(s, 0) > 0)
        s = rb_slice_sub(s, blank_at(s, 0), s.n);
    for (bool again = true; again && s.n > 0;) {
        again = false;
        for (size_t n = 1; n <= 3 && n <= s.n && !again; n++) {
            if (s.p[s.n - n] == '_' || blank_at(s, s.n - n) != n) continue;
            s.n -= n;
            again = true;
        }
    }
    return s;
}

/* two bytes of UTF-8: Latin-1 and Cyrillic capitals become small */
static uint32_t small(uint32_t c) {
    if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 0x20;
    if (c >= 0x410 && c <= 0x42f) return c + 0x20;
    if (c >= 0x400 && c <= 0x40f) return c + 0x50;
    return c;
}

struct rb_slice sitelist_fold(struct rb_slice s, uint8_t *room, size_t cap) {
    struct rb_writer w = rb_writer(room, cap);
    s = sitelist_trim(s);
    for (size_t i = 0; i < s.n;) {
        const uint8_t c = s.p[i];
        const size_t blank = blank_at(s, i);
        if (blank > 0) {
            if (w.n == 0 || room[w.n - 1] != ' ') rb_put_u8(&w, ' ');
            i += blank;
        } else if (c >= 0xc2 && c < 0xe0 && i + 1 < s.n) {
            const uint32_t v = small((uint32_t)(c & 31) << 6 | (s.p[i + 1] & 63));
            rb_put_u8(&w, (uint8_t)(0xc0 | v >> 6));
            rb_put_u8(&w, (uint8_t)(0x80 | (v & 63)));
            i += 2;
        } else {
            rb_put_u8(&w, c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c);
            i++;
        }
    }
    return rb_written(&w);
}

/* ---- headings -----------------------------------------------------------------------------------
 */

static const struct {
    const char *word;
    enum rb_unit unit;
} units[] = {{"m", RB_UNIT_M},   {"metres", RB_UNIT_M}, {"meters", RB_UNIT_M}, {"м", RB_UNIT_M},
             {"م", RB_UNIT_M},   {"km", RB_UNIT_KM},    {"км", RB_UNIT_KM},    {"كم", RB_UNIT_KM},
             {"ft", RB_UNIT_FT}, {"feet", RB_UNIT_FT},  {"nm", RB_UNIT_NM}};

static bool unit_of(struct rb_slice s, enum rb_unit *out) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (rb_slice_is(s, units[i].word)) {
            *out = units[i].unit;
            return true;
        }
    return false;
}

static enum rb_site_column by_word(struct rb_slice s) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (rb_slice_is(s, words[i].word)) return words[i].column;
    return RB_SITE_COLUMNS;
}

/* "radius (km)", "radius [km]", "radius_km", "radius, km": s becomes what stands before the unit */
static void take_unit(struct rb_slice *s, enum rb_unit *unit) {
    size_t from = s->n, to = s->n;
    if (to > 0 && (s->p[to - 1] == ')' || s->p[to - 1] == ']')) to--;
    from = to;
    while (from > 0 && s->p[from - 1] != '(' && s->p[from - 1] != '[' && s->p[from - 1] != ' ')
        from--;
    if (from == 0 || !unit_of(rb_slice_sub(*s, from, to), unit)) return;
    from--;
    while (from > 0 && (s->p[from - 1] == ' ' || s->p[from - 1] == ','))
        from--;
    s->n = from;
}

enum rb_site_column sitelist_column(struct rb_slice heading, enum rb_unit *unit) {
    uint8_t room[96];
    struct rb_slice s = sitelist_fold(heading, room, sizeof room);
    *unit = RB_UNIT_M;
    const enum rb_site_column whole = by_word(s);
    if (whole != RB_SITE_COLUMNS) return whole;
    take_unit(&s, unit);
    const enum rb_site_column c = by_word(s);
    return c == RB_SITE_RADIUS || c == RB_SITE_ACCURACY ? c : RB_SITE_COLUMNS;
}
