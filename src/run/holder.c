/* Finds the process that holds a port, as `ss -ltp` would.
 *
 * The kernel's tables name the inode of every listening socket, and the descriptors of a process
 * are links that name inodes: two lists to walk, once, when starting has failed anyway. Everything
 * is best effort; what cannot be read is not there. Format: proc(5), /proc/net/tcp. */
#include "run/holder.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/number.h"
#include "net/address.h"
#include "sys/file.h"
#include "sys/memory.h"
#include "sys/socket.h"

enum { TABLE_BYTES_MAX = 4 * 1024 * 1024, FOLDER_BYTES = 16 * 1024, LINK_BYTES = 64 };

/* What a listening line of the tables must say. */
typedef struct hw_wanted_port {
    uint64_t port;
    char exact[48]; /* "0100007F:1F90"; empty: any address will do */
} hw_wanted_port;

static void put_address_words(hw_buffer *out, const uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hw_buffer_put_format(out, "%08X", words[i]);
}

static bool read_wanted_port(const char *address, hw_wanted_port *ret_wanted)
{
    hw_address parsed;
    hw_wanted_port wanted = {0};
    hw_buffer exact = HW_BUFFER_OVER(wanted.exact);
    uint32_t words[4] = {0};
    if (hw_address_parse(hw_text_of(address), NULL, &parsed) < 0)
        return false;
    if (parsed.storage.ss_family == AF_INET) {
        const struct sockaddr_in in = hw_address_in(&parsed.storage);
        wanted.port = ntohs(in.sin_port);
        memcpy(words, &in.sin_addr, sizeof in.sin_addr);
        if (words[0] != 0)
            put_address_words(&exact, words, 1);
    } else if (parsed.storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 in6 = hw_address_in6(&parsed.storage);
        wanted.port = ntohs(in6.sin6_port);
        memcpy(words, &in6.sin6_addr, sizeof in6.sin6_addr);
        if (words[0] | words[1] | words[2] | words[3])
            put_address_words(&exact, words, 4);
    } else {
        return false;
    }
    *ret_wanted = wanted;
    return hw_buffer_string(&exact) != NULL;
}

static bool is_blank(char byte)
{
    return byte == ' ';
}

static bool is_not_blank(char byte)
{
    return byte != ' ';
}

static hw_text take_word(hw_cursor *line)
{
    (void)hw_cursor_take_while(line, is_blank);
    return hw_cursor_take_while(line, is_not_blank);
}

static bool is_all_zero(hw_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] != '0')
            return false;
    return true;
}

/* "  0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 uid timeout inode ...". 0: it is not the one. */
static uint64_t inode_of_line(hw_text text, const hw_wanted_port *wanted)
{
    enum { WORDS = 10 };
    hw_text words[WORDS];
    hw_cursor line = hw_cursor_of(text);
    for (size_t i = 0; i < WORDS; i++)
        words[i] = take_word(&line);
    size_t colon = hw_text_find(words[1], ':');
    hw_text host = hw_text_upto(words[1], colon), port = hw_text_from(words[1], colon + 1);
    uint64_t number, inode;
    bool is_listening = hw_text_equal(words[3], HW_TEXT("0A"));
    if (!is_listening || !hw_number_hex(port, &number) || number != wanted->port)
        return 0;
    bool is_ours =
        !wanted->exact[0] || is_all_zero(host) || hw_text_equal(host, hw_text_of(wanted->exact));
    return is_ours && hw_number_decimal(words[9], &inode) ? inode : 0;
}

static uint64_t find_inode_in(hw_text table, const hw_wanted_port *wanted)
{
    hw_cursor cursor = hw_cursor_of(table);
    uint64_t inode = 0;
    while (inode == 0 && !hw_cursor_at_end(&cursor)) {
        inode = inode_of_line(hw_cursor_take_until(&cursor, '\n'), wanted);
        (void)hw_cursor_take(&cursor, '\n');
    }
    return inode;
}

/* Nothing where it cannot be read: then nobody is named. */
static size_t read_proc_file(int fd, char *memory, size_t bytes)
{
    ssize_t length = hw_file_read(fd, memory, bytes);
    return length > 0 ? (size_t)length : 0;
}

static uint64_t find_inode(const hw_wanted_port *wanted)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    uint64_t inode = 0;
    char *memory = hw_sys_alloc(TABLE_BYTES_MAX);
    for (size_t i = 0; memory && inode == 0 && i < sizeof tables / sizeof *tables; i++) {
        int fd = hw_sys_open(tables[i]);
        if (fd < 0)
            continue;
        size_t length = read_proc_file(fd, memory, TABLE_BYTES_MAX);
        inode = find_inode_in((hw_text){memory, length}, wanted);
        (void)hw_sys_close(fd);
    }
    hw_sys_free(memory);
    return inode;
}

/* Calls visit for each entry until it says that is enough; whether it did. */
static bool visit_folder(int folder, bool (*visit)(int folder, const char *name, void *arg),
                         void *arg)
{
    _Alignas(struct dirent64) char memory[FOLDER_BYTES];
    bool is_done = false;
    ssize_t got;
    while (!is_done && (got = hw_sys_read_folder(folder, memory, sizeof memory)) > 0) {
        for (size_t at = 0; !is_done && at < (size_t)got;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(memory + at);
            is_done = visit(folder, entry->d_name, arg);
            at += entry->d_reclen;
        }
    }
    return is_done;
}

static bool is_wanted_socket(int folder, const char *name, void *arg)
{
    char link[LINK_BYTES];
    ssize_t length = hw_sys_read_link(folder, name, link, sizeof link);
    return length > 0 && hw_text_equal((hw_text){link, (size_t)length}, *(const hw_text *)arg);
}

/* A socket's link, and the holder once it has been found. */
typedef struct hw_holder_search {
    hw_text link; /* "socket:[4711]" */
    hw_holder holder;
} hw_holder_search;

static void read_command(const char *pid, hw_holder *holder)
{
    char path[LINK_BYTES];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    int fd = hw_sys_open(path);
    size_t length = fd < 0 ? 0 : read_proc_file(fd, holder->command, sizeof holder->command - 1);
    if (fd >= 0)
        (void)hw_sys_close(fd);
    holder->command[length] = '\0';
    for (char *at = holder->command; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = at[1] ? '?' : '\0'; /* the last is the line's end */
}

static bool is_holding_process(int folder, const char *name, void *arg)
{
    hw_holder_search *search = arg;
    char path[LINK_BYTES];
    uint64_t pid;
    if (!hw_number_decimal(hw_text_of(name), &pid) || pid > INT32_MAX)
        return false;
    snprintf(path, sizeof path, "%s/fd", name);
    int descriptors = hw_sys_open_folder_at(folder, path);
    if (descriptors < 0)
        return false;
    bool is_found = visit_folder(descriptors, is_wanted_socket, &search->link);
    (void)hw_sys_close(descriptors);
    if (is_found) {
        search->holder.pid = (long)pid;
        read_command(name, &search->holder);
    }
    return is_found;
}

bool hw_holder_find(const char *address, hw_holder *ret_holder)
{
    hw_wanted_port wanted;
    char link[LINK_BYTES];
    uint64_t inode = read_wanted_port(address, &wanted) ? find_inode(&wanted) : 0;
    if (inode == 0)
        return false;
    snprintf(link, sizeof link, "socket:[%llu]", (unsigned long long)inode);
    hw_holder_search search = {.link = hw_text_of(link)};
    int processes = hw_sys_open("/proc");
    if (processes < 0)
        return false;
    bool is_found = visit_folder(processes, is_holding_process, &search);
    (void)hw_sys_close(processes);
    if (is_found && search.holder.command[0])
        *ret_holder = search.holder;
    return is_found && search.holder.command[0];
}
