#!/usr/bin/python3
"""unique_names.py [ROOT]: no two files of src/ have a name of file scope in common: functions,
variables, typedefs, enumerators, tags, macros. So the library can be concatenated into one file
(tools/amalgamate.py), and a name found in a stack trace is one function. A macro of a source file is no
word of another file at all, for there it would be replaced. (One file may have a name twice, for two
compilers, say; files of which only one is compiled, like scan_x86 and scan_other, have theirs in
common.)"""
import re
import sys

import source

WORD = re.compile(r"[A-Za-z_]\w*")
TOKEN = re.compile(r"[A-Za-z_]\w*|[0-9][\w.]*|\"\"?|''?|\S")
DEFINE = re.compile(r"\s*#\s*define\s+(\w+)")
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)\s?|\b_Static_assert\s*\([^;]*;", re.DOTALL)
# Words of the language that may stand where a name might.
LANGUAGE = set("""static inline extern const volatile struct union enum typedef void char short int
    long float double signed unsigned bool _Bool _Atomic _Noreturn _Alignas register restrict
    sizeof""".split())
TAGGED = ("struct", "union", "enum")
VARIANT = re.compile(r"_(x86|other|libc|none|jansson|openssl|nghttp2|xxhash|zlib|brotli|libzstd)(?=\.c$)")


def without_directives(lines):
    """The lines with preprocessor directives blanked out; [(macro, line)]; the directives' words."""
    kept, macros, goes_on = [], [], False
    for number, line in enumerate(lines, 1):
        is_directive = goes_on or line.lstrip().startswith("#")
        if is_directive and not goes_on:
            found = DEFINE.match(line)
            if found:
                macros.append((found.group(1), number))
        goes_on = is_directive and line.rstrip().endswith("\\")
        kept.append("" if is_directive else line)
    return kept, macros


def tokens(text):
    """[(token, line)] of code without directives."""
    found, line, at = [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        found.append((match.group(), line))
    return found


def matching(items, opened):
    """The index behind the bracket that closes the one at `opened`."""
    depth = 0
    for index in range(opened, len(items)):
        if items[index][0] in "([{":
            depth += 1
        elif items[index][0] in ")]}":
            depth -= 1
            if depth == 0:
                return index + 1
    return len(items)


def declarations(items):
    """One list of tokens after another: each up to its `;`, or to the end of a function's body."""
    at = start = 0
    while at < len(items):
        token = items[at][0]
        if token in "([{":
            is_body = token == "{" and at > start and items[at - 1][0] == ")"
            at = matching(items, at)
            if is_body:
                yield items[start:at], True
                start = at
            continue
        at += 1
        if token == ";":
            yield items[start:at], False
            start = at


def enumerators(items):
    """Those of an enum's braces: what stands at the beginning of each item."""
    is_first, at = True, 1
    while at < len(items) - 1:
        token = items[at]
        if token[0] in "([{":
            at = matching(items, at)
            continue
        if is_first and WORD.fullmatch(token[0]):
            yield token
        is_first = token[0] == ","
        at += 1


def inner_names(items):
    """(kind, name, line) of the tags and enumerators that a declaration defines, nested ones too."""
    for index, (token, _) in enumerate(items):
        if token not in TAGGED:
            continue
        body = index + 1
        if body < len(items) and WORD.fullmatch(items[body][0]):
            body += 1
        if body >= len(items) or items[body][0] != "{":
            continue
        if body == index + 2:
            yield ("tag", *items[index + 1])
        if token == "enum":
            for name, line in enumerators(items[body:matching(items, body)]):
                yield "name", name, line


def declared_names(items):
    """(name, line) of what a declaration without a body declares: before `=`, `[`, `,`, `;`, or as
    in `int (*name)(void)`."""
    outer, at = [], 0
    while at < len(items):
        token = items[at][0]
        if token in TAGGED and at + 1 < len(items) and WORD.fullmatch(items[at + 1][0]):
            at += 2
            continue
        if token == "{":
            at = matching(items, at)
            continue
        if token == "[":
            outer.append(items[at])
            at = matching(items, at)
            continue
        if token == "(":
            if at + 2 < len(items) and items[at + 1][0] == "*" and WORD.fullmatch(items[at + 2][0]):
                outer.append(items[at + 2])
            outer.append(items[at])
            at = matching(items, at)
            continue
        outer.append(items[at])
        at += 1
    is_value = False
    for (token, line), (following, _) in zip(outer, outer[1:]):
        if token == "=":
            is_value = True
        elif token == ",":
            is_value = False
        elif not is_value and WORD.fullmatch(token) and token not in LANGUAGE \
                and following in ("=", "[", ",", ";", "("):
            yield token, line
            is_value = is_value or following == "("


def names(code):
    """(kind, name, line) of everything of file scope that this code defines."""
    for items, has_body in declarations(tokens(code)):
        words = [token for token, _ in items]
        if has_body:
            opened = words.index("(")
            yield ("name", *items[opened - 1])
            yield from inner_names(items[:words.index("{")])
            continue
        yield from inner_names(items)
        if "extern" in words and words[words.index("extern") + 1] != '""':
            continue
        if len(words) == 5 and words[0] == "typedef" and words[2] == words[3]:
            continue  # `typedef struct hw_loop hw_loop;` may be said again
        if "typedef" in words:
            kept = items[words.index("typedef") + 1:]
            yield from (("name", *found) for found in declared_names(kept))
            continue
        is_prototype = "(" in words and "=" not in words[:words.index("(")] \
            and (words.index("(") + 1 >= len(words) or words[words.index("(") + 1] != "*")
        if not is_prototype and len(words) > 1:
            yield from (("name", *found) for found in declared_names(items))


def check_file(path, lines, first, findings):
    """Its macros. `first`: what was defined so far, and where."""
    kept, macros = without_directives(lines)
    code = ATTRIBUTE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), "\n".join(kept))
    mine = [("name", *macro) for macro in macros if not macro[0].endswith("_H")] + list(names(code))
    for kind, name, line in mine:
        group, place = first.setdefault((kind, name), (VARIANT.sub("", path), f"{path}:{line}"))
        if group != VARIANT.sub("", path):
            findings.append((path, line, f"{name} is also in {place}"))
    return macros


def check_macros(words, macros, findings):
    """Macros of source files, in other files that do not define them."""
    for path in (path for path in macros if path.endswith(".c")):
        for name, line in macros[path]:
            other = next((other for other, theirs in words.items() if name in theirs
                          and VARIANT.sub("", other) != VARIANT.sub("", path)
                          and all(name != macro for macro, _ in macros[other])), None)
            if other:
                findings.append((path, line, f"{name} is a word of {other} too"))


def check(root):
    findings, first, macros, words = [], {}, {}, {}
    for path in source.files(root, ["src"]):
        lines = source.code_lines(source.read(root, path))
        macros[path] = check_file(path, lines, first, findings)
        words[path] = set(WORD.findall("\n".join(lines)))
    check_macros(words, macros, findings)
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
