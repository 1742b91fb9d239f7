/* A small strict reader of XML, spec 12.7.1: what can make another parser fetch, expand or loop is
 * refused, not ignored. */
#include "readback/kml.h"
#include "readback/text.h"

static enum rb_err bad(struct rb_reject *rj, const char *what, size_t at) {
    return rb_reject(rj, RB_ERR_MALFORMED, "12.7.1", what, at);
}

static bool blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool name_byte(uint8_t c, bool first) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || c >= 0x80)
        return true;
    return !first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
}

static uint8_t byte(const struct rb_xml *x, size_t at) {
    return at < x->in.n ? x->in.p[at] : 0;
}

static void pass_blanks(struct rb_xml *x) {
    while (x->at < x->in.n && blank(x->in.p[x->at]))
        x->at++;
}

static bool starts(const struct rb_xml *x, const char *z) {
    return rb_slice_starts(rb_slice_sub(x->in, x->at, x->in.n), z);
}

/* to behind the next z */
static enum rb_err pass_to(struct rb_xml *x, const char *z, struct rb_reject *rj) {
    const size_t from = x->at;
    for (; x->at < x->in.n; x->at++) {
        if (!starts(x, z)) continue;
        x->at += strlen(z);
        return RB_OK;
    }
    return bad(rj, "the XML ends early", from);
}

static struct rb_slice take_name(struct rb_xml *x) {
    const size_t from = x->at;
    if (name_byte(byte(x, x->at), true))
        while (x->at < x->in.n && name_byte(x->in.p[x->at], false))
            x->at++;
    return rb_slice_sub(x->in, from, x->at);
}

/* ---- text ---------------------------------------------------------------------------------------
 */

/* the character behind & and before ;, 0: none that XML has */
static uint32_t entity(struct rb_slice s) {
    static const struct {
        const char *name;
        uint8_t c;
    } five[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t i = 0; i < 5; i++)
        if (rb_slice_is(s, five[i].name)) return five[i].c;
    const bool hex = s.n > 1 && s.p[1] == 'x';
    uint32_t v = 0;
    if (s.n < 2 || s.n > 9 || s.p[0] != '#' || (hex && s.n == 2)) return 0;
    for (size_t i = hex ? 2 : 1; i < s.n; i++) {
        const uint8_t c = s.p[i];
        const uint32_t d = c >= '0' && c <= '9'   ? c - (uint32_t)'0'
                           : c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10
                           : c >= 'A' && c <= 'F' ? c - (uint32_t)'A' + 10
                                                  : 99;
        if (d >= (hex ? 16u : 10u)) return 0;
        v = v * (hex ? 16 : 10) + d;
    }
    const bool control = v < 0x20 && v != '\t' && v != '\n' && v != '\r';
    return control || v > 0x10ffff || (v >= 0xd800 && v < 0xe000) ? 0 : v;
}

static enum rb_err check_text(struct rb_slice raw, size_t at, struct rb_reject *rj) {
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] != '&') continue;
        const size_t end = rb_slice_find(raw, i, ';');
        if (end == raw.n || entity(rb_slice_sub(raw, i + 1, end)) == 0)
            return bad(rj, "an entity that XML does not have by itself", at + i);
        i = end;
    }
    return RB_OK;
}

static void put_utf8(struct rb_writer *w, uint32_t c) {
    if (c < 0x80) {
        rb_put_u8(w, (uint8_t)c);
        return;
    }
    const unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    rb_put_u8(w, (uint8_t)(lead[more] | c >> 6 * more));
    for (unsigned i = more; i > 0; i--)
        rb_put_u8(w, (uint8_t)(0x80 | (c >> 6 * (i - 1) & 63)));
}

void rb_xml_put_plain(struct rb_writer *w, struct rb_slice raw, bool cdata) {
    for (size_t i = 0; i < raw.n; i++) {
        if (cdata || raw.p[i] != '&') {
            rb_put_u8(w, raw.p[i]);
            continue;
        }
        const size_t end = rb_slice_find(raw, i, ';');
        put_utf8(w, entity(rb_slice_sub(raw, i + 1, end)));
        i = end;
    }
}

void rb_xml_put_text(struct rb_writer *w, struct rb_slice text) {
    for (size_t i = 0; i < text.n; i++) {
        const uint8_t c = text.p[i];
        if (c == '<')
            rb_put_z(w, "&lt;");
        else if (c == '>')
            rb_put_z(w, "&gt;");
        else if (c == '&')
            rb_put_z(w, "&amp;");
        else if (c == '"')
            rb_put_z(w, "&quot;");
        else if (c == 0xef && i + 2 < text.n && text.p[i + 1] == 0xbf && text.p[i + 2] >= 0xbe) {
            rb_put_z(w, "\xef\xbf\xbd"); /* U+FFFE and U+FFFF cannot be in XML */
            i += 2;
        } else
            rb_put_u8(w, c);
    }
}

/* ---- tags ---------------------------------------------------------------------------------------
 */

static struct rb_slice local_name(struct rb_slice qualified, struct rb_slice *prefix) {
    const size_t colon = rb_slice_find(qualified, 0, ':');
    *prefix = rb_slice_sub(qualified, 0, colon == qualified.n ? 0 : colon);
    return colon == qualified.n ? qualified : rb_slice_sub(qualified, colon + 1, qualified.n);
}

static enum rb_err find_space(const struct rb_xml *x, struct rb_slice prefix, size_t at,
                              struct rb_slice *out, struct rb_reject *rj) {
    *out = rb_slice(NULL, 0);
    for (size_t i = x->spaces_n; i > 0; i--)
        if (rb_slice_eq(x->spaces[i - 1].prefix, prefix)) {
            *out = x->spaces[i - 1].uri;
            return RB_OK;
        }
    return prefix.n == 0 ? RB_OK : bad(rj, "a prefix that is not declared", at);
}

static enum rb_err bind(struct rb_xml *x, const struct rb_xml_attribute *a, struct rb_reject *rj) {
    struct rb_slice prefix;
    const struct rb_slice local = local_name(a->name, &prefix);
    const bool standard = rb_slice_is(a->name, "xmlns");
    if (!standard && !rb_slice_is(prefix, "xmlns")) return RB_OK;
    if (x->spaces_n == RB_MAX_XML_NAMESPACES)
        return rb_reject(rj, RB_ERR_LIMIT, "12.7.1", "too many namespaces", x->at);
    x->spaces[x->spaces_n].prefix = standard ? rb_slice(NULL, 0) : local;
    x->spaces[x->spaces_n].uri = a->raw;
    x->spaces[x->spaces_n++].depth = x->depth;
    return RB_OK;
}

static enum rb_err attribute(struct rb_xml *x, struct rb_xml_event *e, struct rb_reject *rj) {
    if (e->attributes_n == RB_MAX_XML_ATTRIBUTES)
        return rb_reject(rj, RB_ERR_LIMIT, "12.7.1", "too many attributes", x->at);
    struct rb_xml_attribute *a = &e->attributes[e->attributes_n];
    const size_t at = x->at;
    a->name = take_name(x);
    if (a->name.n == 0) return bad(rj, "a tag that is not well-formed", at);
    for (size_t i = 0; i < e->attributes_n; i++)
        if (rb_slice_eq(e->attributes[i].name, a->name)) return bad(rj, "an attribute twice", at);
    pass_blanks(x);
    if (byte(x, x->at) != '=') return bad(rj, "an attribute without value", x->at);
    x->at++;
    pass_blanks(x);
    const uint8_t quote = byte(x, x->at);
    if (quote != '"' && quote != '\'') return bad(rj, "a value without quotes", x->at);
    const size_t end = rb_slice_find(x->in, ++x->at, quote);
    if (end == x->in.n) return bad(rj, "the XML ends early", x->at);
    a->raw = rb_slice_sub(x->in, x->at, end);
    if (rb_slice_find(a->raw, 0, '<') != a->raw.n) return bad(rj, "'<' in a value", x->at);
    RB_TRY(check_text(a->raw, x->at, rj));
    x->at = end + 1;
    e->attributes_n++;
    return bind(x, a, rj);
}

static enum rb_err start_tag(struct rb_xml *x, struct rb_xml_event *e, struct rb_reject *rj) {
    struct rb_slice prefix;
    if (x->depth == RB_MAX_XML_DEPTH)
        return rb_reject(rj, RB_ERR_LIMIT, "12.7.1", "elements too deep in one another", x->at);
    x->at++;
    const struct rb_slice name = take_name(x);
    if (name.n == 0) return bad(rj, "a tag that is not well-formed", e->at);
    x->open[x->depth++] = name;
    x->rooted = true;
    for (;;) {
        const bool parted = blank(byte(x, x->at));
        pass_blanks(x);
        const uint8_t c = byte(x, x->at);
        if (c == '>' || c == '/') break;
        if (x->at == x->in.n) return bad(rj, "the XML ends early", x->at);
        if (!parted) return bad(rj, "a tag that is not well-formed", x->at);
        RB_TRY(attribute(x, e, rj));
    }
    x->empty_tag = byte(x, x->at) == '/';
    x->at += x->empty_tag;
    if (byte(x, x->at) != '>') return bad(rj, "a tag that is not well-formed", x->at);
    x->at++;
    e->type = RB_XML_START;
    e->name = local_name(name, &prefix);
    return find_space(x, prefix, e->at, &e->space, rj);
}

static enum rb_err close(struct rb_xml *x, struct rb_xml_event *e, struct rb_reject *rj) {
    struct rb_slice prefix;
    const struct rb_slice name = x->open[x->depth - 1];
    e->type = RB_XML_END;
    e->name = local_name(name, &prefix);
    const enum rb_err found = find_space(x, prefix, e->at, &e->space, rj);
    while (x->spaces_n > 0 && x->spaces[x->spaces_n - 1].depth == x->depth)
        x->spaces_n--;
    x->depth--;
    x->empty_tag = false;
    return found;
}

static enum rb_err end_tag(struct rb_xml *x, struct rb_xml_event *e, struct rb_reject *rj) {
    x->at += 2;
    const struct rb_slice name = take_name(x);
    pass_blanks(x);
    if (byte(x, x->at) != '>') return bad(rj, "a tag that is not well-formed", e->at);
    if (x->depth == 0 || !rb_slice_eq(name, x->open[x->depth - 1]))
        return bad(rj, "an end without its beginning", e->at);
    x->at++;
    return close(x, e, rj);
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static enum rb_err cdata(struct rb_xml *x, struct rb_xml_event *e, struct rb_reject *rj) {
    x->at += 9;
    const size_t from = x->at;
    RB_TRY(pass_to(x, "]]>", rj));
    e->type = RB_XML_TEXT;
    e->cdata = true;
    e->raw = rb_slice_sub(x->in, from, x->at - 3);
    return x->depth > 0 ? RB_OK : bad(rj, "text outside of the root", from);
}

static enum rb_err text(struct rb_xml *x, struct rb_xml_event *e, struct rb_reject *rj) {
    const size_t end = rb_slice_find(x->in, x->at, '<');
    e->type = RB_XML_TEXT;
    e->raw = rb_slice_sub(x->in, x->at, end);
    x->at = end;
    if (x->depth == 0) return bad(rj, "text outside of the root", e->at);
    return check_text(e->raw, e->at, rj);
}

/* comments and instructions, and blanks outside of the root */
static enum rb_err pass_asides(struct rb_xml *x, struct rb_reject *rj) {
    for (;;) {
        if (x->depth == 0) pass_blanks(x);
        if (starts(x, "<!--")) {
            x->at += 4;
            RB_TRY(pass_to(x, "-->", rj));
        } else if (starts(x, "<?")) {
            x->at += 2;
            RB_TRY(pass_to(x, "?>", rj));
        } else
            return RB_OK;
    }
}

enum rb_err rb_xml_next(struct rb_xml *x, struct rb_xml_event *out, struct rb_reject *rj) {
    *out = (struct rb_xml_event){.type = RB_XML_DONE, .at = x->at};
    if (x->empty_tag) return close(x, out, rj);
    RB_TRY(pass_asides(x, rj));
    out->at = x->at;
    if (x->at == x->in.n)
        return x->depth == 0 && x->rooted ? RB_OK : bad(rj, "the XML ends early", x->at);
    if (starts(x, "</")) return end_tag(x, out, rj);
    if (starts(x, "<![CDATA[")) return cdata(x, out, rj);
    if (starts(x, "<!")) return bad(rj, "a document type: entities are not expanded here", x->at);
    if (byte(x, x->at) != '<') return text(x, out, rj);
    if (x->depth == 0 && x->rooted) return bad(rj, "two roots", x->at);
    return start_tag(x, out, rj);
}

enum rb_err rb_xml_skip(struct rb_xml *x, struct rb_reject *rj) {
    struct rb_xml_event e;
    const unsigned depth = x->depth;
    do {
        RB_TRY(rb_xml_next(x, &e, rj));
    } while (x->depth >= depth);
    return RB_OK;
}

/* <?xml version=... encoding=...?>: any encoding but UTF-8 is refused */
static enum rb_err declaration(const struct rb_xml *x, struct rb_reject *rj) {
    static const char *const ours[] = {"\"UTF-8\"", "'UTF-8'", "\"utf-8\"", "'utf-8'"};
    const struct rb_slice rest = rb_slice_sub(x->in, x->at, x->in.n);
    const struct rb_slice head = rb_slice_sub(rest, 0, rb_slice_find(rest, 0, '>'));
    if (!rb_slice_starts(rest, "<?xml ")) return RB_OK;
    for (size_t i = 0; i < head.n; i++) {
        struct rb_slice s = rb_slice_sub(head, i, head.n);
        if (!rb_slice_starts(s, "encoding=")) continue;
        s = rb_slice_sub(s, 9, s.n);
        for (size_t k = 0; k < 4; k++)
            if (rb_slice_starts(s, ours[k])) return RB_OK;
        return bad(rj, "an encoding other than UTF-8", x->at + i);
    }
    return RB_OK;
}

enum rb_err rb_xml_open(struct rb_xml *x, struct rb_slice in, struct rb_reject *rj) {
    struct rb_xml n = {.in = in};
    if (!rb_utf8_ok(in)) return bad(rj, "not UTF-8", 0);
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] < 0x20 && !blank(in.p[i])) return bad(rj, "a control character", i);
    if (rb_slice_starts(in, "\xef\xbb\xbf")) n.at = 3;
    RB_TRY(declaration(&n, rj));
    *x = n;
    return RB_OK;
}
