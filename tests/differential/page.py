"""The page about what was found: docs/differential.md."""
from collections import Counter

WANTS = {"refuse": "an error (MUST)", "should": "an error (SHOULD)", "accept": "an answer", "choice": "either", "choice-close": "either, then close", "close": "an answer, then close",
         "method": "an error for the method"}

HEAD = """# Where Hewn and its peers part

The same bytes are sent to Hewn and to other servers, each serving the same three files, with a last sound request behind
them. What a server believes shows in which answers come: `200A` the file that was asked for, `200X` a request hidden in
content, `200S` the last request (`405` where the method is POST), and whether the connection was `closed` or `kept`. `./dev differential SEED COUNT` does
it again; `tests/differential/ingredients.py` is the list of oddities with the section that decides each. Bold is what
the section forbids: a server is **wrong** where it says MUST, and acts against a SHOULD where it says that (RFC 9112 2.2 and 3 say so of whatever
the grammar does not allow); where it leaves a choice, nobody is wrong. lighttpd closes behind every POST to a file
without a look at the content, so `200A closed` there shows nothing; Hewn, too, answers a request that wants no content before it reads
that, and closes when it turns out broken. Strictness is Hewn's choice throughout: one reading or none
(src/h1/README.md).

"""


def table(lines):
    head, *rest = lines
    return "\n".join(["| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rest]]) + "\n"


def cell(outcome, is_wrong):
    return f"**{outcome}**" if is_wrong else outcome


def verdict(wrong, seen, one):
    """Who is right."""
    names = [name for name, is_wrong in wrong.items() if is_wrong]
    if names:
        return ("against a SHOULD: " if one.wants == "should" else "wrong: ") + ", ".join(names)
    strict = [name for name, view in seen.items() if one.wants == "accept" and view in ("stops", "waits")]
    return "stricter than need be: " + ", ".join(strict) if strict else "nobody is wrong"


def are_alike(seen):
    return len(set(seen.values()) - {"mute"}) <= 1


def examples(rows, names):
    yield ["what is odd", "decided by", "it wants", *names, "who is right"]
    for one, _, outcomes, seen, wrong in rows:
        if not are_alike(seen):
            yield [one.name, one.rule, WANTS[one.wants], *(cell(outcomes[name], wrong[name]) for name in names),
                   verdict(wrong, seen, one)]


def refusals(census, names):
    yield ["what Hewn says", "requests", *(f"{name} reads on" for name in names if name != "hewn")]
    for reason, found in sorted(census.refused.items(), key=lambda item: -item[1]["all"]):
        if len(found) > 1:
            yield [reason.replace("|", "\\|"), str(found["all"]), *(str(found[name]) for name in names if name != "hewn")]


def alone(census):
    yield ["who stops", "requests", "of these with one oddity alone", "most often"]
    for who, found in sorted(census.alone.items(), key=lambda item: -len(item[1])):
        single = [made_of[0] for made_of, is_mutated, _, _ in found if len(made_of) == 1 and not is_mutated]
        often = ", ".join(f"{name} ({count})" for name, count in Counter(single).most_common(5))
        yield [", ".join(who), str(len(found)), str(len(single)), often.replace("|", "\\|")]


def page(rows, census, versions, absent, seed):
    names = list(versions)
    same = sum(are_alike(seen) for _, _, _, seen, _ in rows)
    tally = Counter((name, one.wants == "should") for one, _, _, _, wrong in rows for name, is_wrong in wrong.items() if is_wrong)
    return (HEAD + table([["server", "version", f"wrong in so many of {len(rows)} cases", "against a SHOULD"],
                          *([name, versions[name], str(tally[name, False]), str(tally[name, True])] for name in names)])
            + (f"\nNot to be had on this machine: {', '.join(absent)}.\n" if absent else "")
            + f"\n## One oddity at a time\n\nIn {same} of {len(rows)} cases all make the same of it; the others:\n\n"
            + table(list(examples(rows, names)))
            + f"\n## Generated requests\n\nSeed {seed}, {census.count} requests: one to three oddities each, and in every eighth a byte that"
              f" fell in, out or over. In {census.same} all\nservers agree on whether the last request is reached. Where Hewn stops and"
              " another reads on, Hewn has said why, with the\nsection; a request that is answered before its content is read gets its"
              " answer, and its content's faults close the connection:\n\n"
            + table(list(refusals(census, names)))
            + "\nWhere Hewn reads on and another stops, the request is sound, or the other one closes behind requests that are:"
              " lighttpd\nrefuses content with GET (RFC 9110 9.3.1 lets it) and closes behind a POST to a file. Where all the others stop, two of"
              " their own\nrefusals meet: an empty Host (allowed by RFC 9112 3.2), blanks behind `chunked` (RFC 9112 5), TRACE (501 here, RFC"
              " 9110 15.6.2),\nmore than one empty line before a request (RFC 9112 2.2), a method nobody knows.\n\n"
            + table(list(alone(census))))
