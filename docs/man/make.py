#!/usr/bin/python3
"""make.py FOLDER: the manual pages of section 3, made from the comments of include/ into FOLDER, which is
made anew: a page for each block of functions (docs/man/headers.py says what a block is), under the name of
its first one; a link to it for each other function, macro and type on it; and hewn.3, the index."""
import os
import re
import shutil
import sys

from headers import blocks

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = ["hewn.h", "hewn/server.h"]
SECTIONS = {"Owns": "OWNERSHIP", "Valid": "LIFETIME", "Errors": "ERRORS", "Threads": "THREADS"}
ESCAPES = {"\\": r"\e", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", "-": r"\-"}
SUMMARY_MIN, SUMMARY_MAX = 10, 80


def shorten(text, end):
    """What stands before the first such end that is not too near the beginning."""
    found = re.compile(end).search(text, SUMMARY_MIN)
    return text[:found.start()] if found else text


class Page:
    """What a block's functions, macros and comments are made into, and what it speaks of."""

    def __init__(self, header, section, block):
        self.header, self.section, self.blocks, self.types = header, section, [block], []

    def declarations(self):
        return [one for block in self.blocks for one in block.of_kind("function", "macro")]

    def names(self):
        return [one.name for one in self.declarations()]

    def name(self):
        return self.names()[0]

    def groups(self):
        """[(comment or None, declarations about which it is)]."""
        found = []
        for one in self.declarations():
            if found and found[-1][0] is one.comment:
                found[-1][1].append(one)
            else:
                found.append((one.comment, [one]))
        return found

    def summary(self):
        for one in self.declarations():
            if one.kind == "function" and not (one.comment and one.comment.text()):
                sys.exit(f"make.py: include/{self.header}: {one.name} has no comment")
        comment = self.declarations()[0].comment
        text = shorten(shorten(comment.text().rstrip("."), r"\. "), r"[:;] ")
        if len(text) > SUMMARY_MAX:
            text = shorten(text, ", ")
        return text if re.match(r"[A-Z]{2}|[A-Z]\w*_", text) else text[0].lower() + text[1:]


class Section:
    """A part of a header: its title, and what is said about all of it."""

    def __init__(self, title):
        self.title, self.remarks, self.pages = title, [], []


def read_header(name, pages):
    """(its first comment, its Sections, its types); the pages go to `pages`."""
    with open(os.path.join(TOP, "include", name), encoding="utf-8") as file:
        first, *rest = blocks(file.read())
    sections, types = [Section("")], []
    for block in rest:
        types += block.of_kind("type")
        if not block.declarations and (sections[-1].pages or not sections[-1].title):
            title = re.match(r"[^.:;(]*", block.comments[0].text()).group().strip()
            sections.append(Section(title))
            if block.comments[0].text().rstrip(".") != title:
                sections[-1].remarks.append(block.comments[0])
        elif not block.declarations:
            sections[-1].remarks += block.comments
        elif block.of_kind("function"):
            pages.append(Page(name, sections[-1], block))
            sections[-1].pages.append(pages[-1])
        elif block.of_kind("macro"):
            pages[-1].blocks.append(block)
    return first.comments[0], [section for section in sections if section.pages], types


def text_of(one):
    return one.code + "\n".join(one.comment.lines if one.comment else [])


def find_types(page, types):
    """The types that a reader of the page must see: those of its prototypes, and theirs; constants of
    which its comments speak too."""
    texts = [(one.code, text_of(one)) for one in page.declarations()]
    while texts:
        code, text = texts.pop()
        for one in types:
            if one not in page.types and ("{" in one.code or "(" in one.code) \
                    and one.is_in(code if one.name else text):
                page.types.append(one)
                texts.append((one.code, text_of(one)))
    page.types.sort(key=types.index)


def escape(text):
    return re.sub(r"[\\'`^~-]", lambda match: ESCAPES[match.group()], text)


def prose(text, page, places):
    """A text as lines of roff; functions that have pages are marked."""
    def mark(match):
        name = match.group()
        if name not in places:
            return name
        is_here = places[name] is page or match.string[match.end():match.end() + 1] == "("
        return rf"\fB{name}\fP" + ("" if is_here else "(3)")

    text = text.replace(": see ERRORS", ": see ERRORS in hewn(3)").replace(
        "(see ERRORS)", "(see ERRORS in hewn(3))")
    text = re.sub(r"\bhewn_\w*[a-z]\b", mark, escape(text))
    text = re.sub(r"(?<![\w\\])((?:\\-)?[A-Z]{3,}\w*)", r"\\%\1", text)  # -EAGAIN stays whole
    return "\n".join(rf"\&{line}" if line[:1] in ".'" else line
                     for line in re.split(r"(?<=[.:;?]) (?=[A-Z])", text))


def literal(lines):
    yield r".Bd -literal -offset indent"
    yield from (rf"\&{line}" if line[:1] in ".'" else line for line in map(escape, lines))
    yield r".Ed"


def paragraphs(comment, page, places):
    for number, part in enumerate(comment.paragraphs if comment else []):
        if isinstance(part, list):
            yield from literal(part)
        else:
            if number:
                yield ".Pp"
            yield prose(part, page, places)


def argument(text):
    """An argument of a macro of mdoc, in quotes where it needs them."""
    text = escape(text)
    return f'"{text}"' if " " in text else text


def prototypes(page):
    for one in page.declarations():
        if one.kind == "function":
            yield ".Ft " + argument(one.result)
        yield f".Fo {one.name}"
        yield from (f".Fa {argument(parameter)}" for parameter in one.parameters)
        yield ".Fc"


def description(page, places):
    for remark in page.section.remarks:
        yield from paragraphs(remark, page, places)
        yield ".Pp"
    groups = page.groups()
    if len(groups) == 1:
        yield from paragraphs(groups[0][0], page, places)
    else:
        yield ".Bl -tag -width Ds"
        for comment, declarations in groups:
            names = " , ".join(one.name for one in declarations)
            yield f".It Nm {names}"
            yield from paragraphs(comment, page, places)
        yield ".El"
    if any(one.must_be_used for one in page.declarations()):
        yield ".Pp"
        yield "The compiler warns where a result is dropped that must not be."


def labelled(page, places):
    """The sections that the words Owns, Valid, Errors and Threads of the comments begin."""
    groups = [group for group in page.groups() if group[0]]
    for label, title in SECTIONS.items():
        mine = [(comment.labels[label], declarations) for comment, declarations in groups
                if label in comment.labels]
        if mine:
            yield f".Sh {title}"
        for number, (text, declarations) in enumerate(mine):
            if number:
                yield ".Pp"
            if len(groups) > 1:
                yield ", ".join(rf"\fB{one.name}\fP" for one in declarations) + ":"
                yield prose(text, page, places)
            else:
                yield prose(text[0].upper() + text[1:], page, places)


def type_texts(page, places):
    if page.types:
        yield ".Sh TYPES"
    for number, one in enumerate(page.types):
        if number:
            yield ".Pp"
        yield from paragraphs(one.comment, page, places)
        for label, text in one.comment.labels.items() if one.comment else ():
            yield prose(f"{label}: {text}", page, places)
        yield from literal(one.code.split("\n"))


def see_also(page, places):
    texts = [comment.text() for block in page.blocks for comment in block.comments]
    texts += [one.comment.text() for one in page.declarations() if one.comment]
    named = {places[word].name() for word in re.findall(r"\bhewn_\w+", " ".join(texts))
             if word in places and places[word] is not page}
    yield ".Sh SEE ALSO"
    yield " ,\n".join(f".Xr {name} 3" for name in ["hewn", *sorted(named)])


def render(page, places, date):
    names = page.names()
    yield from (f".Dd {date}", f".Dt {page.name().upper()} 3", ".Os", ".Sh NAME")
    yield from (f".Nm {name} ," for name in names[:-1])
    yield f".Nm {names[-1]}"
    yield f".Nd {escape(page.summary())}"
    yield from (".Sh LIBRARY", "libhewn", ".Pq Li pkg\\-config --cflags --libs hewn", ".Sh SYNOPSIS",
                ".ad l", f".In {page.header}") # declarations break where they must, and are not stretched
    yield from prototypes(page)
    yield ".Sh DESCRIPTION"
    yield from description(page, places)
    yield from labelled(page, places)
    yield from type_texts(page, places)
    yield from see_also(page, places)


def index_text(comment, places):
    """The first comment of hewn.h: an example, then paragraphs under words in capitals."""
    yield "A web application is functions that answer requests, and a list of who answers what:"
    yield from literal(next(part for part in comment.paragraphs if isinstance(part, list)))
    texts = []
    for line in comment.lines:
        found = re.match(r"([A-Z]{3,}) {2,}(.*)", line)
        if found:
            texts.append([found.group(1), found.group(2)])
        elif texts:
            texts[-1].append(line.strip())
    for title, *lines in texts:
        yield f".Sh {title}"
        yield prose(" ".join(lines), None, places)


def render_index(comments, sections, places, date):
    yield from (f".Dd {date}", ".Dt HEWN 3", ".Os", ".Sh NAME", ".Nm hewn", ".Nd web applications in C",
                ".Sh LIBRARY", "libhewn", ".Pq Li pkg\\-config --cflags --libs hewn", ".Sh SYNOPSIS",
                ".In hewn.h", ".In hewn/server.h", ".Sh DESCRIPTION")
    yield from index_text(comments[0], places)
    yield ".Sh FUNCTIONS"
    for section in sections:
        yield f".Ss {section.title}"
        yield ".Bl -tag -width Ds -compact"
        for page in section.pages:
            yield ".It " + " , ".join(f"Xr {name} 3" for name in page.names())
            yield prose(page.summary(), page, places)
        yield ".El"
    yield from (".Sh SEE ALSO", ".Xr hewn 1")


def write(folder, name, lines):
    with open(os.path.join(folder, f"{name}.3"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main(folder):
    pages, comments, sections, types = [], [], [], []
    for name in HEADERS:
        comment, mine, more = read_header(name, pages)
        comments.append(comment)
        sections += mine
        types += more
    places = {name: page for page in pages for name in page.names()}
    with open(os.path.join(TOP, "docs/man/hewn.1"), encoding="utf-8") as file:
        date = re.match(r"\.Dd (.*)\n", file.read()).group(1)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    links = {}
    for page in pages:
        find_types(page, types)
        write(folder, page.name(), render(page, places, date))
        for name in page.names()[1:] + [one.name for one in page.types if one.name]:
            links.setdefault(name, page.name())
    for name, page in links.items():
        write(folder, name, [f".so man3/{page}.3"])
    write(folder, "hewn", render_index(comments, sections, places, date))


if __name__ == "__main__":
    main(sys.argv[1])
