#!/usr/bin/python3
"""amalgamate.py FOLDER: the whole library as two files in FOLDER, hewn.c and hewn.h.

hewn.h is the public headers, one after another. hewn.c is the sources of src/, one after another in the
order of the build, and before each the headers of ours that it is the first to need. Lines that include
one of ours are left out, and that is all: nothing is renamed or rewritten, for no two files have a name of
file scope in common (tests/lint/unique_names.py). Of two files of which the build compiles one, both are
there and the preprocessor chooses."""
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PUBLIC = ["hewn.h", "hewn/server.h"]
# The first where the condition holds, the second, if there is one, where it does not.
CHOICES = [
    ("sys/call_x86.c", "sys/call_libc.c", "defined(HEWN_DIRECT_)"),
    ("http/scan_x86.c", "http/scan_other.c", "defined(__x86_64__)"),
    ("app/json_read_jansson.c", "app/json_read_none.c", "defined(HEWN_WITH_JANSSON)"),
    ("app/sign_openssl.c", "app/sign_none.c", "defined(HEWN_WITH_OPENSSL)"),
    ("net/certificate_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/keyring_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/pem_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/ticket_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/tls_carrier_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/tls_keys_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/tls_openssl.c", "net/tls_none.c", "defined(HEWN_WITH_OPENSSL)"),
    ("net/tls_signer_local_openssl.c", None, "defined(HEWN_WITH_OPENSSL)"),
    ("net/tls_stream_openssl.c", "net/tls_stream_none.c", "defined(HEWN_WITH_OPENSSL)"),
    ("run/certificate_openssl.c", "run/certificate_none.c", "defined(HEWN_WITH_OPENSSL)"),
    ("run/describe_openssl.c", "run/describe_none.c", "defined(HEWN_WITH_OPENSSL)"),
    ("run/issue_openssl.c", "run/issue_none.c", "defined(HEWN_WITH_OPENSSL)"),
    ("h2/intake_nghttp2.c", "h2/intake_none.c", "defined(HEWN_WITH_NGHTTP2)"),
    ("h2/output_nghttp2.c", "h2/output_none.c", "defined(HEWN_WITH_NGHTTP2)"),
    ("h2/session_nghttp2.c", "h2/session_none.c", "defined(HEWN_WITH_NGHTTP2)"),
    ("kit/content_hash_xxhash.c", "kit/content_hash_none.c", "defined(HEWN_WITH_XXHASH)"),
    ("kit/encoder_gzip_zlib.c", "kit/encoder_gzip_none.c", "defined(HEWN_WITH_ZLIB)"),
    ("kit/encoder_br_brotli.c", "kit/encoder_br_none.c", "defined(HEWN_WITH_BROTLI)"),
    ("kit/encoder_zstd_libzstd.c", "kit/encoder_zstd_none.c", "defined(HEWN_WITH_ZSTD)"),
]
INCLUDE = re.compile(r'#include "([^"]+)"\n')

HEADER = """/* Hewn {version}: its public headers in one, for programs that are compiled with hewn.c. */
{headers}"""
SOURCE = """/* Hewn {version}: the library in one file, to be compiled with a program on Linux:
 *
 *     cc -O2 program.c hewn.c -lpthread
 *
 * It needs the C library and nothing else. With -DHEWN_WITH_JANSSON and -ljansson it reads JSON, with
 * -DHEWN_WITH_OPENSSL, -lssl and -lcrypto (OpenSSL 3) it speaks TLS, makes certificates and signs
 * cookies, with -DHEWN_WITH_NGHTTP2 and
 * -lnghttp2 it has an engine for HTTP/2, with -DHEWN_WITH_XXHASH (the header xxhash.h) entity tags
 * of files are of their content; with -DHEWN_WITH_ZLIB and -lz, -DHEWN_WITH_BROTLI and -lbrotlienc,
 * -DHEWN_WITH_ZSTD and -lzstd it compresses answers. This file was made by tools/amalgamate.py of the
 * sources that are named in it.
 *
{licence} */
#if !defined(__linux__)
#error "Hewn runs on Linux"
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* before the first header of the system */
#endif

#include "hewn.h"

#define HW_VERSION "{version}"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function" /* inline functions of headers stand here */
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized" /* it sees more functions here, not more errors */
#endif

/* Calls go straight to the kernel, but where a sanitizer wants to see them. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define HEWN_DIRECT_ 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \\
    __has_feature(memory_sanitizer)
#undef HEWN_DIRECT_
#endif
#endif

{sources}
#pragma GCC diagnostic pop
"""


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def version():
    return re.search(r"version: '([^']+)'", read("meson.build")).group(1)


def source_files():
    """In the order of the build."""
    for module in re.findall(r"'(\w+)'", read("src/meson.build").partition("]")[0]):
        if os.path.exists(os.path.join(TOP, "src", module, "meson.build")):
            for name in re.findall(r"'(\w+\.c)'", read("src", module, "meson.build")):
                yield f"{module}/{name}"


def needed_headers(text, found):
    """Adds to `found` those that a file needs, and those that they need."""
    for name in INCLUDE.findall(text):
        if name not in found and name not in PUBLIC:
            found.add(name)
            needed_headers(read("src", name), found)


class Writer:
    """seen: the headers that are there already. common: those that are needed where no condition holds."""

    def __init__(self, common):
        self.seen, self.common, self.parts = set(PUBLIC), common, []

    def put_headers(self, text):
        """Those that a file needs, and before each those that it needs itself."""
        for name in INCLUDE.findall(text):
            if name not in self.seen:
                self.seen.add(name)
                header = read("src", name)
                self.put_headers(header)
                self.put(name, header)

    def put(self, name, text):
        self.parts.append(f"/* src/{name} */\n\n{INCLUDE.sub('', text)}")

    def put_common_headers(self, text):
        needed = set()
        needed_headers(text, needed)
        for name in sorted(needed & self.common):
            self.put_headers(f'#include "{name}"\n')

    def put_choice(self, first, second, condition):
        """Headers that others need too come before; those of a library's own files need that library."""
        text = read("src", first)
        other = read("src", second) if second else ""
        self.put_headers(other)
        self.put_common_headers(text)
        self.parts.append(f"#if {condition}\n")
        self.put_headers(text)
        self.put(first, text)
        if second:
            self.parts.append("#else\n")
            self.put(second, other)
        self.parts.append("#endif\n")


def sources():
    choices = {name: choice for choice in CHOICES for name in choice[:2]}
    conditional = {choice[0] for choice in CHOICES}
    common = set()
    for name in [*source_files(), *(choice[1] for choice in CHOICES if choice[1])]:
        if name not in conditional:
            needed_headers(read("src", name), common)
    writer = Writer(common)
    for name in source_files():
        if name not in choices:
            text = read("src", name)
            writer.put_headers(text)
            writer.put(name, text)
        elif choices[name]:
            writer.put_choice(*choices[name])
            choices.update(dict.fromkeys(choices[name][:2]))
    return "\n".join(writer.parts)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    headers = "\n".join(re.sub(r'#include "\.\./hewn\.h"\n', "", read("include", name))
                        for name in PUBLIC)
    licence = "".join(f" * {line}".rstrip() + "\n" for line in read("LICENSE").splitlines())
    made = {"hewn.h": HEADER.format(version=version(), headers=headers),
            "hewn.c": SOURCE.format(version=version(), licence=licence, sources=sources())}
    for name, text in made.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: amalgamate.py FOLDER")
    main(sys.argv[1])
