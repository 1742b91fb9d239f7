"""Who is shown to have said what of a text, and whether that is as much as its rule asks for (spec 9.7.11, 16.2, 5.7, 5.8), from what
disclosure.py found in a file. Written from the clauses, to stand beside readback-verify: never *adopted*."""

PARTY, GUARANTOR = 0, 1
POSITION, TEXT = 13, 19
READ, PASSED_DOWN, QUERY, ACCEPT, REJECT, ABSTAIN, DISSOCIATE, WITHDRAW, CORRECT = 1, 2, 3, 10, 11, 12, 13, 17, 18
ALL, QUORUM, QUORUM_VETO, SILENCE, GUARANTORS = range(5)
RULES = ("all", "quorum", "quorum-veto", "silence", "guarantors")
NAMES = ("", "read", "passed-down", "query", "dispute-fact", "cannot-comply", "object", "will-comply", "complied", "declined", "accept",
         "reject", "abstain", "dissociate", "confirm", "dispute", "took-place", "withdraw", "correct")


class Charter:
    def __init__(self, body, parties):
        """parties: index by hash of the party key"""
        self.index = parties
        self.listed = {m[0]: m for m in body[3]}
        self.handle = {m[0]: m[1] for m in body[3]}
        self.groups = [(lead, set(members)) for _, lead, members in body.get(4, [])]
        self.policy = {p[0]: p for p in body.get(18, [])}
        self.timekeeper, self.version = body.get(19), body[21]

    def closes(self, kind):
        return kind in self.policy and self.policy[kind][1]

    def wants_two(self, kind):
        return kind in self.policy and self.policy[kind][4]

    def other_side(self, a, b):
        """5.8.1: of another affiliation and another group"""
        if a == b or a not in self.listed or b not in self.listed:
            return False
        if self.listed[a][3] is not None and self.listed[a][3] == self.listed[b][3]:
            return False
        return not any(a in g and b in g for _, g in self.groups)

    def speaker(self, member, electors):
        """16.2.2"""
        for lead, group in self.groups:
            if member in group and lead in electors:
                return lead
        return member


def mark_text(c, text):
    if 6 not in text.env:
        if c.closes(TEXT):
            return "must-be-closed"
    elif not set(text.env[6]) <= set(c.listed) or text.author not in text.env[6]:
        return "wrong-recipients"
    return "needs-second-officer" if c.wants_two(TEXT) and text.signers < 2 and 16 not in text.env else None


def mark_against(c, p, s):
    """5.7, of a position on one of the records it answers"""
    own = p.author == s.author
    if 6 not in p.env:
        if 6 in s.env or c.closes(POSITION):
            return "must-be-closed"
    else:
        to = set(p.env[6])
        if not to <= set(c.listed) or p.author not in to or (s.author in c.listed and s.author not in to):
            return "wrong-recipients"
        if 6 in s.env and not to <= set(s.env[6]) | {s.author, p.author}:
            return "wrong-recipients"
    if p.type is None:
        return None
    if 6 in s.env and not own and p.author not in s.env[6] and p.type != QUERY:
        return "not-in-table"
    table = {READ, PASSED_DOWN, QUERY} | ({WITHDRAW, CORRECT} if own else set())
    if p.type not in table | ({ACCEPT, REJECT, ABSTAIN, DISSOCIATE} if s.env[1] == TEXT else set()):
        return "not-in-table"
    if c.wants_two(POSITION) and p.type not in (READ, PASSED_DOWN) and p.signers < 2 and 16 not in p.env:
        return "needs-second-officer"
    return None


def why_not(c, p, text):
    """why a position does not count, or None"""
    if p.author is None:
        return "no-member"
    if p.env is None:
        return None
    if 15 in p.env:
        return "reported"
    if p.on_more:
        return "answers-more"
    for s in p.on:
        mark = mark_against(c, p, s) if s.env is not None and s.author is not None else None
        if mark:
            return mark
    return None


def in_time(c, by, p):
    """5.8.1, by the lines that are here"""
    if by is None:
        return True
    lines = [t for m, t in p.held.items() if m == c.timekeeper and m != p.author]
    lines = lines or [t for m, t in p.held.items() if c.other_side(m, p.author)]
    return bool(lines) and all(t * 1000 <= by for t in lines)


class Voice:
    """what is shown of one member, of what it said in the order of the file"""

    def __init__(self, c, by, text, said):
        mine = [p for p in said if p.why not in ("no-member", "reported")]
        counts = lambda p: p.why is None and p.type is not None
        on_text = lambda p: p.env is None or text in p.on
        self.shown = bool(mine)
        self.not_shown = sum(p.type is None for p in mine)
        taken = [(i, s) for i, p in enumerate(mine) if counts(p) and p.type == WITHDRAW for s in p.on if s is not text]
        for i, s in taken:
            s.taken_back = s.taken_back or s.type != WITHDRAW
        words = [i for i, p in enumerate(mine) if counts(p) and p.whole and text in p.on]
        # what may be more than it shows
        maybe = [i for i, p in enumerate(mine) if not counts(p) and (p.type in (None, WITHDRAW) or (p.whole and text in p.on and p.type != ACCEPT))]
        self.doubt = any(i > (words[-1] if words else -1) for i in maybe)
        self.withdrew = any(counts(p) and p.type == WITHDRAW and text in p.on for p in mine)
        self.may_withdraw = any(mine[i].type in (None, WITHDRAW) and on_text(mine[i]) for i in maybe)
        against = [mine[i].type for i in words] + [mine[i].type for i in maybe if mine[i].whole and text in mine[i].on]
        self.rejected = REJECT in against or any(mine[i].type is None and on_text(mine[i]) for i in maybe)
        self.other = ABSTAIN in against or DISSOCIATE in against
        self.last = mine[words[-1]] if words else None
        if self.last is not None and any(s is self.last for _, s in taken):
            self.word, self.time = None, None
        else:
            self.word = self.last.type if self.last is not None else None
            self.time = in_time(c, by, self.last) if self.last is not None else None
        self.made = False
        self.find_apart(c, by, text, mine, words, counts, taken)

    def find_apart(self, c, by, text, mine, words, counts, taken):
        """16.3.3: the last dissociation stands until it is taken back; one from the whole, too, until another word in time"""
        self.apart, self.apart_whole = [], False
        out = [i for i, p in enumerate(mine) if counts(p) and p.type == DISSOCIATE and text in p.on]
        if not out or any(s is mine[out[-1]] for _, s in taken):
            return
        if mine[out[-1]].paragraphs:
            self.apart = mine[out[-1]].paragraphs
        else:
            self.apart_whole = not any(i > out[-1] and in_time(c, by, mine[i]) for i in words)

    def make(self):
        """the text's author accepts by making it"""
        self.shown = True
        if self.last is None:
            self.made, self.word, self.time = True, ACCEPT, True

    def counted(self):
        return self.word if self.time and not self.doubt else None


def enough(rule, quorum, voices, veto, of):
    """16.2.4 to 16.2.7, before the hour"""
    accepted = {m for m in voices if of[m].counted() == ACCEPT}
    rejected = {m for m in voices if of[m].counted() == REJECT}
    if rule in (ALL, GUARANTORS):
        return bool(voices) and accepted == voices
    if rule == QUORUM:
        return len(accepted) >= quorum
    if rule == QUORUM_VETO:
        return len(accepted) >= quorum and not rejected & veto and all(of[m].counted() is not None for m in veto)
    return False


def may_have_failed(rule, quorum, voices, veto, of):
    """whether all that was ever said against it settles it, said at once"""
    rejected = {m for m in voices if of[m].rejected}
    against = {m for m in voices if of[m].rejected or of[m].other}
    if rule in (ALL, GUARANTORS, SILENCE):
        return bool(rejected)
    return len(voices - against) < quorum or (rule == QUORUM_VETO and bool(rejected & veto))


def electors(c, adoption):
    if 5 in adoption:
        return set(adoption[5])
    roles = (GUARANTOR,) if adoption.get(1) == GUARANTORS else (PARTY, GUARANTOR)
    return {i for i, m in c.listed.items() if m[2] in roles}


def judge(c, text, positions):
    """the same words as readback-verify --json has, as far as it is judged here"""
    adoption = text.body.get(5, {}) if text.body is not None else {}
    by = adoption.get(4)
    for p in positions:
        p.taken_back, p.why = False, why_not(c, p, text)
    of = {i: Voice(c, by, text, [p for p in positions if p.author == i]) for i in range(64)}
    if text.author is not None:
        of[text.author].make()
    out = {"positions": [position_json(p, text) for p in positions],
           "voices": {c.handle[i]: voice_json(of[i], text.body is not None) for i in c.listed}}
    mark = mark_text(c, text) if text.author is not None else None
    if mark:
        out["text_does_not_count"] = mark
    out["rule"] = rule_json(c, text, adoption, of, mark) if text.body is not None else {"shown": False}
    return out


def rule_json(c, text, adoption, of, mark):
    rule, quorum, every = adoption.get(1, ALL), adoption.get(2, 0), electors(c, adoption)
    voices = {c.speaker(m, every) for m in every}
    veto = {c.speaker(m, every) for m in every & set(adoption.get(3, []))}
    author = of[text.author] if text.author is not None else None
    lacks = [name for name, is_so in (
        ("unknown-rules", c.version != 1), ("author-no-member", author is None), ("text-does-not-count", mark is not None),
        ("brackets", 8 in text.body), ("withdrawn", author is not None and author.withdrew),
        ("may-be-withdrawn", author is not None and author.may_withdraw),
        ("may-be-not-adopted", may_have_failed(rule, quorum, voices, veto, of)),
        ("acceptances", not enough(rule, quorum, voices, veto, of))) if is_so]
    named = lambda members: [c.handle.get(m, "?") for m in sorted(members)]
    return {"shown": True, "rule": RULES[rule], **({"quorum": quorum} if quorum else {}), "of": named(every), "voices": named(voices),
            "veto": named(veto), "bracketed": len(text.body.get(8, [])), "withdrawn": author is not None and author.withdrew,
            "enough_shown": not lacks, "lacks": lacks}


def position_json(p, text):
    out = {"by": p.handle, "member": p.author is not None, "taken_back": p.taken_back}
    if p.type is not None:
        out["position"] = NAMES[p.type]
    if p.env is not None:
        out.update(on_text=text in p.on, on=[s.hash.hex() for s in p.on if s is not text])
    if p.why:
        out["does_not_count"] = p.why
    return out


def voice_json(v, rule_shown):
    out = {"shown": v.shown, "by_making_it": v.made, "dissociates_from_whole": v.apart_whole, "dissociates": v.apart, "not_shown": v.not_shown}
    if v.word is not None:
        out["position"] = NAMES[v.word]
        if rule_shown:
            out["in_time"] = v.time
    return out
