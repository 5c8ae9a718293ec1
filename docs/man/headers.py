"""The public headers as the manual sees them: blocks of declarations with their comments.

A blank line at the outermost level ends a block. A block of one comment alone begins a section where it
stands behind declarations, and is a remark about all of its section where it stands behind that. A comment
is about what follows it, up to the next comment; one that begins where a declaration ends is about that
one. What compilers alone want (attributes, names that end in "_") is left out."""
import re

LABELS = ("Owns", "Valid", "Errors", "Threads")
ATTRIBUTE = re.compile(r"\s*\bHEWN_[A-Z_]+\b(?:\([^)]*\))?")


class Comment:
    """paragraphs: texts, and lists of lines of code; labels: {"Owns": text}; lines: all of it."""

    def __init__(self, lines):
        self.lines, self.paragraphs, self.labels, label, at_end = lines, [], {}, None, True
        is_blank = False
        for line in lines:
            found = re.match(rf"({'|'.join(LABELS)}): +(.*)", line)
            if not line.strip():
                label, at_end = None, True
            elif found:
                label = found.group(1)
                self.labels[label] = found.group(2)
            elif line.startswith("    "):
                self._add_code(line[4:], is_blank)
                at_end = True
            elif label:
                self.labels[label] += " " + line.strip()
            elif at_end:
                self.paragraphs.append(line.strip())
                at_end = False
            else:
                self.paragraphs[-1] += " " + line.strip()
            is_blank = not line.strip()

    def _add_code(self, line, is_next=False):
        """After a blank line the code goes on."""
        if not self.paragraphs or isinstance(self.paragraphs[-1], str):
            self.paragraphs.append([])
        elif is_next:
            self.paragraphs[-1].append("")
        self.paragraphs[-1].append(line)

    def text(self):
        return " ".join(part for part in self.paragraphs if isinstance(part, str))


class Declaration:
    """kind: "function", "macro" or "type"; comment: the one about it, or None; is_own: it is about this
    one alone."""

    def __init__(self, kind, name, code, comment):
        self.kind, self.name, self.code, self.comment, self.is_own = kind, name, code, comment, False
        self.constants = []  # of an enum without a name, which is known by them
        self.must_be_used = "HEWN_MUST_USE" in code
        self.result, self.parameters = "", []

    def is_in(self, text):
        """Whether a text speaks of this type; HEWN_BODY_* stands for all that begin so."""
        if self.name:
            return re.search(rf"\b{self.name}\b", text) is not None
        first = self.constants[0]
        return any(one in text for one in [*self.constants, first[:first.rindex("_")] + "_*"])

    def read_prototype(self):
        head, _, rest = ATTRIBUTE.sub("", self.code).strip().partition("(")
        if self.kind == "function":
            self.result = head[:-len(self.name)].strip()
        self.parameters = split_parameters(rest[:rest.rindex(")")])


class Block:
    def __init__(self, declarations, comments):
        self.declarations, self.comments = declarations, comments

    def of_kind(self, *kinds):
        return [one for one in self.declarations if one.kind in kinds]


def split_parameters(text):
    """At the commas that are in no parentheses."""
    found, depth = [""], 0
    for letter in " ".join(text.split()):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [parameter.strip() for parameter in found]


def comment_lines(raw):
    """A comment's lines without what makes it one."""
    lines = raw[2:-2].split("\n")
    return [lines[0].strip()] + [re.sub(r"^\s*\* ?", "", line).rstrip() for line in lines[1:]]


def items(text):
    """("comment" | "directive" | "code" | "blank", text) of the outermost level; "comment" is
    "behind" where it begins on the line on which the item before it ends."""
    at, is_new_line = 0, True
    while at < len(text):
        gap = re.match(r"\s*", text[at:]).group()
        is_new_line = is_new_line or "\n" in gap
        if gap.count("\n") > 1:
            yield "blank", ""
        at += len(gap)
        if at == len(text):
            return
        if text.startswith("/*", at):
            end = text.index("*/", at) + 2
            yield "comment" if is_new_line else "behind", text[at:end]
        elif text[at] == "#":
            end = at + re.match(r"(?:[^\n/\\]|\\\n|/(?!\*))*", text[at:]).end()
            yield "directive", text[at:end]
        else:
            end = end_of_declaration(text, at)
            yield "code", text[at:end]
        at, is_new_line = end, False


def end_of_declaration(text, at):
    """Behind the `;` that ends it; what is in braces is a part of it, comments too."""
    depth = 0
    for match in re.finditer(r"/\*.*?\*/|[(){};]", text[at:], re.DOTALL):
        depth += (match.group() in "({") - (match.group() in ")}")
        if depth == 0 and match.group() == ";":
            return at + match.end()
    return len(text)


def name_of_type(text):
    """Of an enum without a name it is None."""
    if "{" not in text:
        return re.search(r"(\w+)\)?[;(]", text).group(1)
    return re.search(r"\}\s*(\w*);$", text).group(1) or None


def declare(kind, text, comment):
    """A Declaration, or None where it is nobody's business."""
    if kind == "directive":
        found = re.match(r"#define (hewn_\w*[a-z])\(([^)]*)\)", text)
        if not found:
            return None
        made = Declaration("macro", found.group(1), found.group(), comment)
        made.code = made.code.removeprefix("#define ")
    elif text.startswith(("typedef", "enum", "struct")):
        made = Declaration("type", name_of_type(text), text, comment)
        if not made.name:
            made.constants = re.findall(r"[{,]\s*(\w+)", text)
    else:
        made = Declaration("function", re.search(r"(\w+)\(", ATTRIBUTE.sub("", text)).group(1), text,
                           comment)
    if made.name and made.name.endswith("_"):
        return None
    if made.kind != "type":
        made.read_prototype()
    return made


def blocks(text):
    """The Blocks of a header."""
    text = re.sub(r"#ifdef __cplusplus\n(?:extern \"C\" \{|\})\n#endif\n", "", text)
    declarations, comments, current = [], [], None
    for kind, raw in [*items(text), ("blank", "")]:
        if kind == "blank":
            if declarations or comments:
                yield Block(declarations, comments)
            declarations, comments, current = [], [], None
        elif kind == "comment":
            current = Comment(comment_lines(raw))
            comments.append(current)
        elif kind == "behind":
            if declarations and declarations[-1].code and not declarations[-1].is_own:
                declarations[-1].comment, declarations[-1].is_own = Comment(comment_lines(raw)), True
        else:
            made = declare(kind, raw, current)
            if made:
                declarations.append(made)
