/* The folder that is served to talks:
 *
 *   index.html      "<p>index</p>\n"       a b.txt         "a b c\n"
 *   ten.txt         "0123456789"           dir/index.html  "<p>dir</p>\n"
 *   hello.txt       "hello, world\n"       noindex/x.txt   "x\n"
 *   empty.txt       ""                     .hidden         "no\n"
 *   big.bin         1 MiB                  .well-known/x.txt
 *   pipe            a FIFO                 link.txt -> ten.txt, out.txt -> ../www-secret/x.txt
 *
 * and under /nav, where folders are listed, ".html" may be left out, and app.html stands in for the
 * names of an application:
 *
 *   app.html        "<p>app</p>\n"         404.html        "<p>gone</p>\n"
 *   page.html       "<p>page</p>\n"        page/x.txt      "x\n"
 *   alone.html      "<p>alone</p>\n"
 *   files/a9.txt    "nine"                 files/a10.txt   "ten"
 *   files/<b>&.txt  ""                     files/.hidden, files/x~, files/out -> ../../www-secret
 *
 * All are dated 2023-11-14 22:13:20 UTC. */
#ifndef HW_TESTS_TALK_SITE_H
#define HW_TESTS_TALK_SITE_H

#include "hewn.h"
#include "talk/bytes.h"

#define TALK_SITE_DATE 1700000000

typedef struct talk_site {
    char folder[64]; /* the root is "www" in it */
    bool is_changed;
} talk_site;

/* Gives up the run where the system does. */
void talk_site_open(talk_site *site);
void talk_site_close(talk_site *site);
/* As it was at the beginning. */
void talk_site_restore(talk_site *site);
/* An O_PATH descriptor of the root. */
int talk_site_root(const talk_site *site);

/* Mounts the other one under /nav. 0, or a negative errno. */
int talk_site_mount_nav(const talk_site *site, hewn_app *app);

/* False: there is no such file. */
bool talk_site_cut(talk_site *site, const char *name, size_t length);
bool talk_site_read(const talk_site *site, const char *name, talk_bytes *bytes);

#endif
