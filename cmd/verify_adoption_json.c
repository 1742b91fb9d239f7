/* A text and what was said of it as one JSON object, "exercise" first. */
#include "cmd/verify_adoption.h"
#include "cmd/verify_j.h"

static void j_members(const struct va *a, const char *key, uint64_t members, struct vj *j) {
    vj_open(j, key, '[');
    for (uint16_t m = 0; m < RB_MAX_MEMBERS; m++)
        if (members >> m & 1) vj_slice(j, NULL, va_handle(a, m));
    vj_close(j, ']');
}

static void j_charter(const struct va *a, struct vj *j) {
    vj_open(j, "charter", '{');
    vj_slice(j, "title", a->charter.title);
    vj_open(j, "members", '[');
    for (size_t i = 0; i < a->members_n; i++)
        vj_slice(j, NULL, a->members[i].handle);
    vj_close(j, ']');
    vj_uint(j, "amendments", a->f.charter_n - 1);
    vj_open(j, "records", '[');
    for (size_t i = 0; i < a->f.charter_n; i++) {
        vj_open(j, NULL, '{');
        vd_json_one(a->f.charter[i], j);
        vj_close(j, '}');
    }
    vj_close(j, ']');
    vj_close(j, '}');
}

static void j_on(const struct va *a, const struct va_word *w, struct vj *j) {
    vj_bool(j, "on_text", va_on_text(w));
    vj_open(j, "on", '[');
    for (size_t k = 0; k < w->on_n; k++)
        if (w->on[k] != VA_ON_TEXT)
            vj_hex(j, NULL, a->f.position[w->on[k]]->f.leaf_hash.b, RB_HASH_LEN);
    vj_close(j, ']');
}

static void j_position(const struct va *a, size_t i, struct vj *j) {
    const struct vd *d = a->f.position[i];
    const struct va_word *w = &a->word[i];
    vj_open(j, NULL, '{');
    vj_slice(j, "by", d->author.card.handle);
    vj_bool(j, "member", w->member != VA_NO_MEMBER);
    if (w->content) vj_slice(j, "position", rb_str(rb_position_name(w->p.type)));
    if (d->f.level != VD_HASH) j_on(a, w, j);
    vj_bool(j, "taken_back", w->taken_back);
    if (w->why != VA_COUNTS) vj_slice(j, "does_not_count", rb_str(va_why_name(w)));
    vj_open(j, "shown", '{');
    vd_json_one(d, j);
    vj_close(j, '}');
    vj_close(j, '}');
}

static void j_voice(const struct va *a, uint16_t m, struct vj *j) {
    const struct va_voice *v = &a->voice[m];
    vj_open(j, NULL, '{');
    vj_slice(j, "member", va_handle(a, m));
    vj_bool(j, "shown", v->spoke);
    if (v->position != 0)
        vj_slice(j, "position", rb_str(rb_position_name((enum rb_position_type)v->position)));
    vj_bool(j, "by_making_it", v->by_making);
    if (v->position != 0 && a->has_heading) vj_bool(j, "in_time", v->in_time);
    vj_bool(j, "dissociates_from_whole", v->apart_whole);
    vj_open(j, "dissociates", '[');
    for (unsigned n = 0; n <= RB_MAX_PARAGRAPHS; n++)
        if (v->apart[n / 64] >> (n % 64) & 1) vj_uint(j, NULL, n);
    vj_close(j, ']');
    vj_uint(j, "not_shown", v->unread);
    vj_close(j, '}');
}

static void j_lack(const struct va *a, struct vj *j) {
    static const struct {
        enum va_lack lack;
        const char *name;
    } all[] = {{VA_LACK_RULES, "unknown-rules"},        {VA_LACK_AUTHOR, "author-no-member"},
               {VA_LACK_TEXT, "text-does-not-count"},   {VA_LACK_BRACKETS, "brackets"},
               {VA_LACK_WITHDRAWN, "withdrawn"},        {VA_LACK_UNREAD, "may-be-withdrawn"},
               {VA_LACK_AGAINST, "may-be-not-adopted"}, {VA_LACK_WORDS, "acceptances"}};
    vj_open(j, "lacks", '[');
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (a->lack & all[i].lack) vj_slice(j, NULL, rb_str(all[i].name));
    vj_close(j, ']');
}

static void j_rule(const struct va *a, struct vj *j) {
    const struct rb_adoption *r = &a->head.adoption;
    const bool own = a->head.has_adoption;
    vj_open(j, "rule", '{');
    vj_bool(j, "shown", a->has_heading);
    if (a->has_heading) {
        vj_slice(j, "rule", rb_str(rb_rule_name(own ? r->rule : RB_RULE_ALL)));
        if (own && r->quorum > 0) vj_uint(j, "quorum", r->quorum);
        if (own && r->has_by) vj_time(j, "by", r->by_utc_ms);
        j_members(a, "of", a->electors, j);
        j_members(a, "voices", a->electorate.voices, j);
        j_members(a, "veto", a->electorate.veto, j);
        vj_uint(j, "bracketed", a->head.bracketed_n);
        vj_bool(j, "withdrawn", a->withdrawn);
        vj_bool(j, "enough_shown", a->lack == 0);
        j_lack(a, j);
    }
    vj_close(j, '}');
}

static void j_shown(const struct va *a, struct vj *j) {
    j_charter(a, j);
    vj_open(j, "text", '{');
    vd_json_one(a->f.text, j);
    vj_close(j, '}');
    if (a->text_mark != RB_MARK_NONE)
        vj_slice(j, "text_does_not_count", rb_str(rb_mark_name(a->text_mark)));
    vj_open(j, "positions", '[');
    for (size_t i = 0; i < a->f.position_n; i++)
        j_position(a, i, j);
    vj_close(j, ']');
    vj_open(j, "voices", '[');
    for (size_t i = 0; i < a->members_n; i++)
        j_voice(a, a->members[i].index, j);
    vj_close(j, ']');
    j_rule(a, j);
}

void va_json(const struct va *a, FILE *out) {
    struct vj j = {out, true};
    vj_open(&j, NULL, '{');
    vj_bool(&j, "exercise", a->v->exercise);
    vj_bool(&j, "holds", a->holds);
    if (a->holds) j_shown(a, &j);
    vd_json_failures(a->v, &j);
    vj_close(&j, '}');
    fputc('\n', out);
}
