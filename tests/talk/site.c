/* Makes, changes and removes the folder that talks are about. */
#include "talk/site.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hewn/server.h"
#include "talk/carrier.h"

#define BIG_BYTES ((size_t)1024 * 1024)
#define PATH_BYTES 512

static void name_path(const talk_site *site, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s", site->folder, name);
}

static void must(bool is_done, const char *name)
{
    if (!is_done)
        talk_give_up(name, errno);
}

static void put_file(const talk_site *site, const char *name, hw_text content)
{
    char path[PATH_BYTES];
    struct timespec times[2] = {{.tv_sec = TALK_SITE_DATE}, {.tv_sec = TALK_SITE_DATE}};
    name_path(site, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    must(fd >= 0, path);
    must(write(fd, content.at, content.length) == (ssize_t)content.length, path);
    must(futimens(fd, times) == 0, path);
    close(fd);
}

static void put_big_file(const talk_site *site)
{
    talk_bytes bytes = {0};
    for (size_t i = 0; i < BIG_BYTES; i++)
        talk_bytes_put(&bytes, (hw_text){&(char){(char)(i * 7 + (i >> 8))}, 1});
    put_file(site, "www/big.bin", talk_bytes_text(&bytes));
    talk_bytes_free(&bytes);
}

static void put_nav_files(const talk_site *site)
{
    put_file(site, "nav/app.html", HW_TEXT("<p>app</p>\n"));
    put_file(site, "nav/404.html", HW_TEXT("<p>gone</p>\n"));
    put_file(site, "nav/page.html", HW_TEXT("<p>page</p>\n"));
    put_file(site, "nav/alone.html", HW_TEXT("<p>alone</p>\n"));
    put_file(site, "nav/page/x.txt", HW_TEXT("x\n"));
    put_file(site, "nav/files/a9.txt", HW_TEXT("nine"));
    put_file(site, "nav/files/a10.txt", HW_TEXT("ten"));
    put_file(site, "nav/files/<b>&.txt", HW_TEXT(""));
    put_file(site, "nav/files/.hidden", HW_TEXT("no\n"));
    put_file(site, "nav/files/x~", HW_TEXT("no\n"));
}

static void put_files(const talk_site *site)
{
    put_file(site, "www/index.html", HW_TEXT("<p>index</p>\n"));
    put_file(site, "www/ten.txt", HW_TEXT("0123456789"));
    put_file(site, "www/hello.txt", HW_TEXT("hello, world\n"));
    put_file(site, "www/empty.txt", HW_TEXT(""));
    put_file(site, "www/a b.txt", HW_TEXT("a b c\n"));
    put_file(site, "www/dir/index.html", HW_TEXT("<p>dir</p>\n"));
    put_file(site, "www/noindex/x.txt", HW_TEXT("x\n"));
    put_file(site, "www/.hidden", HW_TEXT("no\n"));
    put_file(site, "www/.well-known/x.txt", HW_TEXT("well known\n"));
    put_file(site, "www-secret/x.txt", HW_TEXT("secret\n"));
    put_big_file(site);
}

void talk_site_open(talk_site *site)
{
    static const char *const folders[] = {"www",        "www/dir", "www/noindex", "www/.well-known",
                                          "www-secret", "nav",     "nav/page",    "nav/files"};
    char path[PATH_BYTES];
    *site = (talk_site){.folder = "/tmp/hewn-talk-XXXXXX"};
    must(mkdtemp(site->folder) != NULL, site->folder);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        name_path(site, folders[i], path);
        must(mkdir(path, 0755) == 0, path);
    }
    put_files(site);
    put_nav_files(site);
    name_path(site, "www/pipe", path);
    must(mkfifo(path, 0644) == 0, path);
    name_path(site, "www/link.txt", path);
    must(symlink("ten.txt", path) == 0, path);
    name_path(site, "www/out.txt", path);
    must(symlink("../www-secret/x.txt", path) == 0, path);
    name_path(site, "nav/files/out", path);
    must(symlink("../../www-secret", path) == 0, path);
}

static int remove_entry(const char *path, const struct stat *seen, int kind, struct FTW *where)
{
    (void)seen;
    (void)kind;
    (void)where;
    return remove(path);
}

void talk_site_close(talk_site *site)
{
    (void)nftw(site->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void talk_site_restore(talk_site *site)
{
    if (site->is_changed)
        put_files(site);
    site->is_changed = false;
}

int talk_site_root(const talk_site *site)
{
    char path[PATH_BYTES];
    name_path(site, "www", path);
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    must(fd >= 0, path);
    return fd;
}

int talk_site_mount_nav(const talk_site *site, hewn_app *app)
{
    const hewn_files_opts opts = {
        .size = sizeof opts, .list = true, .clean_urls = true, .spa = "app.html"};
    char path[PATH_BYTES];
    name_path(site, "nav", path);
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    must(fd >= 0, path);
    int error = hewn_files(app, "/nav", fd, &opts, NULL);
    close(fd);
    return error;
}

static void name_in_root(const talk_site *site, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/www/%s", site->folder, name);
}

bool talk_site_cut(talk_site *site, const char *name, size_t length)
{
    char path[PATH_BYTES];
    name_in_root(site, name, path);
    site->is_changed = true;
    return truncate(path, (off_t)length) == 0;
}

bool talk_site_read(const talk_site *site, const char *name, talk_bytes *bytes)
{
    char path[PATH_BYTES], piece[16 * 1024];
    name_in_root(site, name, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (ssize_t count; (count = read(fd, piece, sizeof piece)) > 0;)
        talk_bytes_put(bytes, (hw_text){piece, (size_t)count});
    close(fd);
    return true;
}
