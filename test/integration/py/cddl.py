"""RFC 8610, as much of it as spec/record.cddl uses: a grammar is read, and a value is held against it. Knows nothing
of records. `Grammar(text).why(rule, value)` is None where the value matches."""
import re

import cbor2

TOKEN = re.compile(r"""
    (?P<skip>\s+|;[^\n]*) | (?P<string>"[^"]*") | (?P<bytes>h'[0-9a-f]*') | (?P<tag>\#6\.\d+) |
    (?P<occur>\d*\*\d*) | (?P<number>-?\d+) | (?P<control>\.(?:size|regexp|cbor)\b) |
    (?P<name>[A-Za-z@_$](?:[A-Za-z0-9@_$.-]*[A-Za-z0-9@_$])?) | (?P<sign>\.\.|//|[=/:,?+*(){}\[\]])""", re.X)
PLAIN = {"uint": lambda v: number(v) and v >= 0, "bstr": lambda v: isinstance(v, bytes), "tstr": lambda v: isinstance(v, str),
         "bool": lambda v: isinstance(v, bool), "true": lambda v: v is True, "null": lambda v: v is None}


def number(v):
    return isinstance(v, int) and not isinstance(v, bool)


class Reader:
    """Recursive descent; a node is a tuple whose first item says what it is."""

    def __init__(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            m = TOKEN.match(text, at)
            if m is None:
                raise SyntaxError("line %d: %r" % (text.count("\n", 0, at) + 1, text[at:at + 20]))
            if m.lastgroup != "skip":
                self.tokens.append((m.lastgroup, m.group(), text.count("\n", 0, at) + 1))
            at = m.end()
        self.at = 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead][1] if self.at + ahead < len(self.tokens) else None

    def sort(self):
        return self.tokens[self.at][0] if self.at < len(self.tokens) else None

    def take(self, want=None):
        if self.at >= len(self.tokens) or (want is not None and self.peek() != want):
            line = self.tokens[min(self.at, len(self.tokens) - 1)][2]
            raise SyntaxError("line %d: %r where %r is wanted" % (line, self.peek(), want))
        self.at += 1
        return self.tokens[self.at - 1][1]

    def rules(self):
        out = {}
        while self.sort() is not None:
            name = self.take()
            self.take("=")
            if name in out:
                raise SyntaxError("%s is there twice" % name)
            out[name] = self.type()
        return out

    def type(self):
        parts = [self.type1()]
        while self.peek() == "/":
            self.take()
            parts.append(self.type1())
        return parts[0] if len(parts) == 1 else ("choice", parts)

    def type1(self):
        one = self.type2()
        if self.peek() == "..":
            self.take()
            return ("range", one[1], self.type2()[1])
        if self.sort() == "control":
            return (self.take(), one, self.type2())
        return one

    def type2(self):
        sort, word = self.sort(), self.take()
        if sort == "number":
            return ("value", int(word))
        if sort == "string":
            return ("value", word[1:-1])
        if sort == "bytes":
            return ("value", bytes.fromhex(word[2:-1]))
        if sort == "name":
            return ("name", word)
        if sort == "tag":
            self.take("(")
            inner = self.type()
            self.take(")")
            return ("tag", int(word[3:]), inner)
        if word in "([{":
            inner = self.group({"(": ")", "[": "]", "{": "}"}[word])
            return ({"(": "group", "[": "array", "{": "map"}[word], inner)
        raise SyntaxError("line %d: %r" % (self.tokens[self.at - 1][2], word))

    def group(self, end):
        choices, entries = [], []
        while self.peek() != end:
            if self.peek() == "//":
                self.take()
                choices.append(entries)
                entries = []
                continue
            entries.append(self.entry())
            if self.peek() not in (end, "//"):
                self.take(",")
        self.take(end)
        return choices + [entries]

    def entry(self):
        least, most, key = 1, 1, None
        if self.peek() in ("?", "+", "*"):
            least, most = {"?": (0, 1), "+": (1, None), "*": (0, None)}[self.take()]
        elif self.sort() == "occur":
            a, b = self.take().split("*")
            least, most = int(a or 0), int(b) if b else None
        if self.peek(1) == ":" and self.sort() in ("number", "name"):
            word = self.take()
            key = int(word) if re.fullmatch(r"-?\d+", word) else word
            self.take(":")
        return least, most, key, self.type()


class Grammar:
    def __init__(self, text):
        self.rules = Reader(text).rules()
        for name, node in self.rules.items():
            for used in self.names(node):
                if used not in self.rules and used not in PLAIN:
                    raise SyntaxError("%s: nothing is said of %s" % (name, used))

    def names(self, node):
        if isinstance(node, tuple) and node and node[0] == "name":
            yield node[1]
        elif isinstance(node, (tuple, list)):
            for x in node:
                yield from self.names(x)

    def used_from(self, rule):
        """every rule that is reached from this one"""
        out, more = set(), [rule]
        while more:
            name = more.pop()
            if name not in out and name in self.rules:
                out.add(name)
                more += self.names(self.rules[name])
        return out

    def why(self, rule, value):
        return None if self.matches(("name", rule), value) else "no %s: %.300r" % (rule, value)

    def matches(self, node, v):
        return getattr(self, "is_" + node[0].lstrip("."))(node, v)

    def is_value(self, node, v):
        return type(v) is type(node[1]) and v == node[1]

    def is_name(self, node, v):
        return self.matches(self.rules[node[1]], v) if node[1] in self.rules else PLAIN[node[1]](v)

    def is_choice(self, node, v):
        return any(self.matches(x, v) for x in node[1])

    def is_range(self, node, v):
        return number(v) and node[1] <= v <= node[2]

    def is_size(self, node, v):
        n = len(v.encode() if isinstance(v, str) else v) if isinstance(v, (str, bytes)) else -1
        want = node[2] if node[2][0] != "group" else node[2][1][0][0][3]
        return self.matches(node[1], v) and self.matches(want, n)

    def is_regexp(self, node, v):
        return self.matches(node[1], v) and re.fullmatch(node[2][1], v) is not None

    def is_cbor(self, node, v):
        if not self.matches(node[1], v):
            return False
        try:
            inner = cbor2.loads(v)
        except (cbor2.CBORError, ValueError):
            return False
        return cbor2.dumps(inner) == v and self.matches(node[2], inner)

    def is_tag(self, node, v):
        return isinstance(v, cbor2.CBORTag) and v.tag == node[1] and self.matches(node[2], v.value)

    def is_group(self, node, v):
        """in the place of a type: one entry without a key"""
        return any(len(c) == 1 and c[0][2] is None and self.matches(c[0][3], v) for c in node[1])

    def is_array(self, node, v):
        if not isinstance(v, (list, tuple)):
            return False
        if len(node[1]) == 1 and len(node[1][0]) == 1 and not self.inline(node[1][0][0][3]):  # one sort; it may be long
            least, most, _, inner = node[1][0][0]
            return least <= len(v) and (most is None or len(v) <= most) and all(self.matches(inner, x) for x in v)
        return any(at == len(v) for at in self.walk(node[1], v, 0))

    def is_map(self, node, v):
        return isinstance(v, dict) and any(len(used) == len(v) for used in self.walk(node[1], v, frozenset()))

    # What of it is used up: of an array how far, of a map which keys. Each way in which it can be.
    def walk(self, choices, v, used):
        for entries in choices:
            yield from self.walk_entries(entries, v, used)

    def walk_entries(self, entries, v, used):
        if not entries:
            yield used
            return
        least, most, key, node = entries[0]
        yield from self.repeat(least, most, key, node, entries[1:], v, used)

    def repeat(self, least, most, key, node, rest, v, used):
        if most is None or most > 0:
            for more in self.once(key, node, v, used):
                if more != used:
                    yield from self.repeat(max(least - 1, 0), None if most is None else most - 1, key, node, rest, v, more)
                elif least > 0:  # a group of which nothing is there: so it can be as often as is wanted
                    yield from self.walk_entries(rest, v, used)
        # a key that is there is not passed over: nothing else in the group takes it
        if least == 0 and not (isinstance(v, dict) and key in v and key not in used):
            yield from self.walk_entries(rest, v, used)

    def inline(self, node):
        """the group that stands in the place of this entry, or None"""
        group = self.rules.get(node[1]) if node[0] == "name" else node
        return group if group is not None and group[0] == "group" and not self.is_plain(group) else None

    def once(self, key, node, v, used):
        group = self.inline(node)
        if key is None and group is not None:
            yield from self.walk(group[1], v, used)
        elif isinstance(v, dict):
            if key in v and key not in used and self.matches(node, v[key]):
                yield used | {key}
        elif used < len(v) and self.matches(node, v[used]):
            yield used + 1

    def is_plain(self, group):
        return len(group[1]) == 1 and len(group[1][0]) == 1 and group[1][0][0][:3] == (1, 1, None)
