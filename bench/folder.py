"""The folder that is served, and what is asked of it. It is made once and kept: build/bench/site."""
import os
import random

BLOCK_BYTES = 1 << 20
CROSSOVER_KIB = (4, 8, 16, 32, 64, 128)
CONTENTS = {"hello/Ann": '{"hello":"Ann"}'}  # of the rest nobody minds the contents
FILES = {"index.html": 128, **{name: len(text) for name, text in CONTENTS.items()}, "10k.bin": 10 << 10, "100k.bin": 100 << 10, "10m.bin": 10 << 20, "1g.bin": 1 << 30,
         **{f"{kib}k.bin": kib << 10 for kib in CROSSOVER_KIB}}
MANY_FOLDERS, MANY_FILES = 100, 1000  # of each folder
BROWSER = [
    'sec-ch-ua: "Not/A)Brand";v="8", "Chromium";v="128", "Google Chrome";v="128"',
    "sec-ch-ua-mobile: ?0",
    'sec-ch-ua-platform: "Linux"',
    "Upgrade-Insecure-Requests: 1",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0"
    " Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
    "Sec-Fetch-Site: same-origin",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-User: ?1",
    "Sec-Fetch-Dest: document",
    "Referer: http://localhost/a/page/somewhere.html",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8,fr;q=0.7",
    "Cookie: " + "; ".join(f"part{number}={number * 0x9e3779b9:040x}" for number in range(9)),
]
PLAIN = ["User-Agent: hewn-bench", "Accept: */*"]  # beside Host: what a small client sends
FIELDS = {"plain": PLAIN, "browser": BROWSER,
          "sixty": [*PLAIN, *(f"X-Some-Field-{number:02}: and value {number:02} of it" for number in range(60))]}


def write_file(path, size):
    """Bytes that differ from place to place, so that an answer from the wrong place is noticed."""
    if os.path.exists(path) and os.path.getsize(path) == size:
        return
    noise = random.Random(size)
    block = noise.randbytes(min(size, BLOCK_BYTES))
    if path.endswith(".html"):
        block = b"<!doctype html><title>A small page</title><p>".ljust(size, b"x")
    with open(path, "wb") as file:
        for at in range(0, size, len(block)):
            mark = b"" if path.endswith(".html") else b"%016x" % at
            file.write((mark + block[len(mark):])[:size - at])


def many_path(number):
    return f"/many/{number // MANY_FILES:02}/{number % MANY_FILES:03}.html"


def write_many(root):
    """100,000 small files: all but a little of the time they take is their making."""
    if os.path.exists(root + many_path(MANY_FOLDERS * MANY_FILES - 1)):
        return
    for number in range(MANY_FOLDERS * MANY_FILES):
        path = root + many_path(number)
        if number % MANY_FILES == 0:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{number:127}\n")


def write_text(path, text):
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(text)


def write_fields(path, lines):
    write_text(path, "".join(line + "\r\n" for line in lines))


def make(place, names, many):
    """The site under this place, with the files of these names and, when `many` paths are asked for, those too."""
    root = os.path.join(place, "site")
    os.makedirs(root, exist_ok=True)
    for name in names:
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        if name in CONTENTS:
            write_text(os.path.join(root, name), CONTENTS[name])
        else:
            write_file(os.path.join(root, name), FILES[name])
    for name, lines in FIELDS.items():
        write_fields(os.path.join(place, f"{name}.fields"), lines)
    if many:
        write_many(root)
    for count in many:
        step = MANY_FOLDERS * MANY_FILES // count
        write_text(os.path.join(place, f"{count}.paths"),
                   "".join(many_path(number * step) + "\n" for number in range(count)))
    return root
