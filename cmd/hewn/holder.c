/* Finds who holds a port: the first thing to know when it is in use.
 *
 * /proc/net/tcp names the socket (inode) that listens there, /proc/PID/fd the process that has it
 * open. The tables are read with bounds and without trust, but they are the kernel's; what comes
 * from users in them, a process's name, is shown with show_text. */
#include "holder.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "show.h"

#define TABLE_FIELDS 10
#define TABLE_LOCAL 1
#define TABLE_STATE 3
#define TABLE_INODE 9

/* An address in the form of the kernel's tables: its words in network order, unused ones zero. */
typedef struct endpoint {
    uint32_t words[4];
    size_t count; /* 1: IPv4, 4: IPv6 */
    unsigned long port;
} endpoint;

static bool is_unspecified(const endpoint *end)
{
    uint32_t all = 0;

    for (size_t i = 0; i < end->count; i++)
        all |= end->words[i];
    return all == 0;
}

static bool read_endpoint(const char *address, endpoint *ret_end)
{
    const char *colon = strrchr(address, ':');
    char host[INET6_ADDRSTRLEN + 2];
    size_t length;

    if (!colon || (size_t)(colon - address) >= sizeof(host))
        return false;
    length = (size_t)(colon - address);
    memcpy(host, address, length);
    host[length] = '\0';
    *ret_end = (endpoint){.count = 1, .port = strtoul(colon + 1, NULL, 10)};
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        ret_end->count = 4;
        return inet_pton(AF_INET6, host + 1, ret_end->words) == 1;
    }
    return length == 0 || inet_pton(AF_INET, host, ret_end->words) == 1;
}

/* "0100007F:1F90": each word as the machine prints a number. */
static bool read_table_endpoint(const char *text, size_t count, endpoint *ret_end)
{
    *ret_end = (endpoint){.count = count};
    if (strlen(text) < count * 8 + 2 || text[count * 8] != ':')
        return false;
    for (size_t i = 0; i < count; i++) {
        char word[9] = {0};

        memcpy(word, text + i * 8, 8);
        ret_end->words[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    ret_end->port = strtoul(text + count * 8 + 1, NULL, 16);
    return true;
}

static bool is_in_the_way(const endpoint *theirs, const endpoint *wanted)
{
    if (theirs->port != wanted->port)
        return false;
    if (is_unspecified(theirs) || is_unspecified(wanted))
        return true;
    return theirs->count == wanted->count &&
           memcmp(theirs->words, wanted->words, sizeof(wanted->words)) == 0;
}

/* The fields of a line, cut apart in place. Returns how many there are. */
static size_t cut_fields(char *line, char *fields[TABLE_FIELDS])
{
    size_t count = 0;

    while (count < TABLE_FIELDS) {
        line += strspn(line, " \n");
        if (!*line)
            break;
        fields[count++] = line;
        line += strcspn(line, " \n");
        if (*line)
            *line++ = '\0';
    }
    return count;
}

static bool find_listening_inode(const char *table, size_t words, const endpoint *wanted,
                                 unsigned long *ret_inode)
{
    FILE *file = fopen(table, "re");
    char *line = NULL;
    size_t capacity = 0;
    bool is_found = false;

    while (file && !is_found && getline(&line, &capacity, file) >= 0) {
        char *fields[TABLE_FIELDS];
        endpoint theirs;

        if (cut_fields(line, fields) == TABLE_FIELDS && strcmp(fields[TABLE_STATE], "0A") == 0 &&
            read_table_endpoint(fields[TABLE_LOCAL], words, &theirs) &&
            is_in_the_way(&theirs, wanted)) {
            *ret_inode = strtoul(fields[TABLE_INODE], NULL, 10);
            is_found = true;
        }
    }
    free(line);
    if (file)
        fclose(file);
    return is_found;
}

static bool has_socket_open(long pid, const char *link)
{
    char path[64], target[64];
    DIR *folder;
    bool is_found = false;

    snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
    folder = opendir(path);
    for (struct dirent *entry; folder && !is_found && (entry = readdir(folder)) != NULL;) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);

        if (length > 0) {
            target[length] = '\0';
            is_found = strcmp(target, link) == 0;
        }
    }
    if (folder)
        closedir(folder);
    return is_found;
}

static void read_command(long pid, holder *holder_found)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/comm", pid);
    file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(holder_found->command, sizeof(holder_found->command), file))
        holder_found->command[strcspn(holder_found->command, "\n")] = '\0';
    fclose(file);
}

static void find_process(unsigned long inode, holder *holder_found)
{
    DIR *processes = opendir("/proc");
    char link[64];

    snprintf(link, sizeof(link), "socket:[%lu]", inode);
    for (struct dirent *entry; processes && (entry = readdir(processes)) != NULL;) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);

        if (*end || pid <= 0 || !has_socket_open(pid, link))
            continue;
        holder_found->pid = pid;
        read_command(pid, holder_found);
        break;
    }
    if (processes)
        closedir(processes);
}

bool holder_find(const char *address, holder *ret_holder)
{
    endpoint wanted;
    unsigned long inode;

    if (!read_endpoint(address, &wanted) ||
        (!find_listening_inode("/proc/net/tcp", 1, &wanted, &inode) &&
         !find_listening_inode("/proc/net/tcp6", 4, &wanted, &inode)))
        return false;
    *ret_holder = (holder){.pid = 0};
    find_process(inode, ret_holder);
    return true;
}

void holder_show(FILE *out, const holder *holder_found)
{
    if (!holder_found->command[0]) {
        fputs(" by a process of another user", out);
        return;
    }
    fputs(" by ", out);
    show_text(out, holder_found->command);
    fprintf(out, " (pid %ld)", holder_found->pid);
}
