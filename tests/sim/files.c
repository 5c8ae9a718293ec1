/* A file system of a few names, with inotify.
 *
 * Each byte of a file follows from the file, its version and its place, so a client can tell of
 * every byte which versions it may be of, without anything being kept. Reading from a disk takes
 * time: those who may wait for it, which is everybody but who asks for what is cached, sleep. */
#include "sim/files.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "base/number.h"
#include "base/text.h"
#include "sim/fiber.h"
#include "sim/kernel.h"
#include "sim/world.h"
#include "sys/file.h"
#include "sys/notice.h"

#define FILES_DATE 1700000000
#define NOTICES_MAX 16
#define QUEUE_BYTES 8192

enum { NODE_ROOT, NODE_DIR, NODE_NOINDEX, NODE_FIRST_FILE };

static const char *const folders[NODE_FIRST_FILE] = {"", "dir", "noindex"};
static const sim_file files[] = {
    {"index.html", "", "index.html", 640},       {"ten.txt", "", "ten.txt", 10},
    {"empty.txt", "", "empty.txt", 0},           {"page.css", "", "page.css", 5000},
    {"dir/index.html", "dir", "index.html", 90}, {"noindex/x.txt", "noindex", "x.txt", 77},
    {"medium.bin", "", "medium.bin", 70000},     {"big.bin", "", "big.bin", 400000},
};
#define FILE_COUNT (sizeof files / sizeof *files)

typedef struct notice_queue {
    bool is_open, is_overfull;
    int fd;
    bool watches[NODE_FIRST_FILE + FILE_COUNT];
    char bytes[QUEUE_BYTES];
    size_t length;
} notice_queue;

static unsigned versions[FILE_COUNT];
static int64_t changed_s[FILE_COUNT];
static notice_queue queues[NOTICES_MAX];
static bool is_untold;

void sim_files_begin(void)
{
    memset(versions, 0, sizeof versions);
    memset(queues, 0, sizeof queues);
    for (size_t i = 0; i < FILE_COUNT; i++)
        changed_s[i] = FILES_DATE;
    is_untold = false;
}

size_t sim_file_count(void)
{
    return FILE_COUNT;
}

size_t sim_file_draw(void)
{
    return sim_draw(sim_chance(60) ? 2 : FILE_COUNT);
}

const sim_file *sim_file_at(size_t index)
{
    return &files[index];
}

unsigned sim_file_version(size_t index)
{
    return versions[index];
}

bool sim_files_are_told(void)
{
    return !is_untold;
}

char sim_file_byte(size_t index, unsigned version, uint64_t offset)
{
    uint64_t mixed =
        (offset + 1) * 0x9e3779b1 + (uint64_t)version * 0x85ebca77 + index * 0xc2b2ae3d;
    return (char)('!' + (mixed >> 13) % 90);
}

static int open_node(size_t node)
{
    return sim_descriptor_open(SIM_FILE, NULL, node);
}

int sim_files_root(void)
{
    return open_node(NODE_ROOT);
}

static void queue_notice(notice_queue *queue, size_t node, uint32_t mask, const char *name)
{
    struct inotify_event event = {.wd = (int)node + 1, .mask = mask, .len = name ? 16 : 0};
    char padded[16] = {0};
    size_t bytes = sizeof event + event.len;
    if (queue->is_overfull)
        return;
    if (queue->length + bytes + sizeof event > QUEUE_BYTES) {
        queue->is_overfull = true;
        event = (struct inotify_event){.wd = -1, .mask = IN_Q_OVERFLOW};
        bytes = sizeof event;
        name = NULL;
    }
    memcpy(queue->bytes + queue->length, &event, sizeof event);
    if (name) {
        memcpy(padded, name, hw_size_min(strlen(name), sizeof padded - 1));
        memcpy(queue->bytes + queue->length + sizeof event, padded, sizeof padded);
    }
    queue->length += bytes;
    sim_poll_tell(queue->fd);
}

static size_t folder_of(const sim_file *file)
{
    size_t node = 0;
    while (strcmp(folders[node], file->folder) != 0)
        node++;
    return node;
}

void sim_file_change(size_t index)
{
    size_t folder = folder_of(&files[index]), node = NODE_FIRST_FILE + index;
    sim_tell("file changes", (int64_t)index, versions[index] + 1);
    versions[index]++;
    changed_s[index]++;
    if (sim_planted() == SIM_PLANT_STALE)
        return;
    for (int i = 0; i < NOTICES_MAX; i++) {
        notice_queue *queue = &queues[i];
        if (queue->is_open && queue->watches[folder])
            queue_notice(queue, folder, IN_MODIFY, files[index].base);
        if (queue->is_open && queue->watches[node])
            queue_notice(queue, node, IN_MODIFY, NULL);
    }
}

/* The node of a name; or -ENOENT, -ENOTDIR. */
static int find_node(const char *name)
{
    char path[128];
    size_t length = strlen(name);
    bool must_be_folder = length > 0 && name[length - 1] == '/';
    if (length >= sizeof path)
        return -ENAMETOOLONG;
    memcpy(path, name, length + 1);
    if (must_be_folder)
        path[length - 1] = '\0';
    if (strcmp(path, ".") == 0)
        path[0] = '\0';
    for (int i = 0; i < NODE_FIRST_FILE; i++)
        if (strcmp(path, folders[i]) == 0)
            return i;
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (strcmp(path, files[i].name) == 0)
            return must_be_folder ? -ENOTDIR : NODE_FIRST_FILE + (int)i;
        size_t own = strlen(files[i].name);
        if (strncmp(path, files[i].name, own) == 0 && path[own] == '/')
            return -ENOTDIR;
    }
    return -ENOENT;
}

/* The disk: only where somebody may wait for it. */
static void wait_for_disk(void)
{
    if (!sim_fiber_is_world() && sim_chance(sim_the_plan.cold_reads))
        sim_fiber_sleep_ms((int64_t)sim_draw_between(1, 8));
}

int hw_sys_open_folder(const char *path)
{
    (void)path;
    return -ENOENT;
}

int hw_sys_open_folder_at(int folder, const char *path)
{
    (void)folder, (void)path;
    return -ENOENT;
}

int hw_sys_open_beneath(int folder, const char *path, bool follows_links)
{
    static const int errors[] = {EIO, EAGAIN, EACCES, ENOMEM, 0};
    (void)follows_links;
    SIM_MUST(sim_descriptor_of(folder, SIM_FILE)->count == NODE_ROOT,
             "opened below another folder");
    int error = sim_call_fails("open", errors);
    if (error < 0)
        return error;
    wait_for_disk();
    int node = find_node(path);
    sim_tell("open", node, 0);
    return node < 0 ? node : open_node((size_t)node);
}

int hw_sys_open_at(int folder, const char *path)
{
    (void)folder, (void)path;
    return -ENOENT;
}

int hw_sys_find_beneath(int folder, const char *path, bool may_leave)
{
    (void)folder, (void)path, (void)may_leave;
    return -ENOENT;
}

int hw_sys_stat_at(int folder, const char *name, struct stat *ret_stat)
{
    (void)folder, (void)name, (void)ret_stat;
    return -ENOENT;
}

int hw_sys_open(const char *path)
{
    (void)path;
    return -ENOENT;
}

static size_t node_of(int fd)
{
    return sim_descriptor_of(fd, SIM_FILE)->count;
}

int hw_sys_stat(int fd, struct stat *ret_stat)
{
    static const int errors[] = {EIO, ENOMEM, 0};
    size_t node = node_of(fd);
    int error = sim_call_fails("stat", errors);
    if (error < 0)
        return error;
    *ret_stat = (struct stat){.st_mode = S_IFDIR | 0755, .st_nlink = 2, .st_ino = node + 100};
    if (node >= NODE_FIRST_FILE) {
        size_t index = node - NODE_FIRST_FILE;
        ret_stat->st_mode = S_IFREG | 0644;
        ret_stat->st_nlink = 1;
        ret_stat->st_size = (off_t)files[index].bytes;
        ret_stat->st_mtim.tv_sec = ret_stat->st_ctim.tv_sec = changed_s[index];
    }
    return 0;
}

size_t sim_file_copy(int fd, char *memory, size_t bytes, uint64_t offset)
{
    size_t index = node_of(fd) - NODE_FIRST_FILE, length = files[index].bytes;
    if (offset >= length)
        return 0;
    bytes = hw_size_min(bytes, length - (size_t)offset);
    for (size_t i = 0; i < bytes; i++)
        memory[i] = sim_file_byte(index, versions[index], offset + i);
    return bytes;
}

static ssize_t read_notices(sim_descriptor *descriptor, char *memory, size_t bytes)
{
    notice_queue *queue = descriptor->of;
    size_t count = hw_size_min(bytes, queue->length);
    if (count == 0)
        return -EAGAIN;
    memcpy(memory, queue->bytes, count);
    queue->length -= count;
    queue->is_overfull = false;
    memmove(queue->bytes, queue->bytes + count, queue->length);
    return (ssize_t)count;
}

ssize_t hw_sys_read(int fd, void *memory, size_t bytes)
{
    return read_notices(sim_descriptor_of(fd, SIM_NOTICE), memory, bytes);
}

ssize_t hw_sys_read_at(int fd, void *memory, size_t bytes, uint64_t offset)
{
    static const int errors[] = {EIO, 0};
    node_of(fd);
    int error = sim_call_fails("read", errors);
    if (error < 0)
        return error;
    wait_for_disk();
    if (bytes > 1 && sim_chance(10))
        bytes = sim_draw_between(1, bytes);
    return (ssize_t)sim_file_copy(fd, memory, bytes, offset);
}

ssize_t hw_sys_read_cached(int fd, void *memory, size_t bytes, uint64_t offset)
{
    static const int errors[] = {EOPNOTSUPP, EIO, 0};
    node_of(fd);
    int error = sim_call_fails("read cached", errors);
    if (error < 0)
        return error;
    if (sim_chance(sim_the_plan.cold_reads))
        return -EAGAIN;
    return (ssize_t)sim_file_copy(fd, memory, bytes, offset);
}

int hw_sys_is_cached(int fd, uint64_t offset, uint64_t bytes)
{
    (void)offset, (void)bytes;
    node_of(fd);
    return !sim_chance(sim_the_plan.cold_reads);
}

int hw_sys_is_in_memory(int fd)
{
    node_of(fd);
    return 0;
}

int64_t hw_sys_size(int fd)
{
    return (int64_t)files[node_of(fd) - NODE_FIRST_FILE].bytes;
}

ssize_t hw_sys_write(int fd, const void *memory, size_t bytes)
{
    SIM_MUST(fd == 2, "something is written to descriptor %d", fd);
    sim_fail("%.*s", (int)bytes, (const char *)memory);
}

int hw_sys_open_pipe(int fd)
{
    (void)fd;
    return -ENOTSUP;
}

int hw_sys_unlink(const char *path)
{
    (void)path;
    return -ENOENT;
}

/* Nobody here makes files. */
int hw_sys_make_folder(const char *path)
{
    (void)path;
    return -EROFS;
}

int hw_sys_make_at(int folder, const char *name, bool is_new)
{
    (void)folder, (void)name, (void)is_new;
    return -EROFS;
}

int hw_sys_set_mode(int fd, mode_t mode)
{
    (void)fd, (void)mode;
    return -EROFS;
}

int hw_sys_flush(int fd)
{
    (void)fd;
    return -EROFS;
}

int hw_sys_lock(int fd)
{
    (void)fd;
    return -EAGAIN;
}

int hw_sys_rename_at(int folder, const char *from, const char *to)
{
    (void)folder, (void)from, (void)to;
    return -EROFS;
}

int hw_sys_unlink_at(int folder, const char *name)
{
    (void)folder, (void)name;
    return -EROFS;
}

ssize_t hw_sys_read_folder(int fd, void *memory, size_t bytes)
{
    (void)fd, (void)memory, (void)bytes;
    return 0;
}

ssize_t hw_sys_read_link(int folder, const char *path, char *memory, size_t bytes)
{
    (void)folder, (void)path, (void)memory, (void)bytes;
    return -EINVAL;
}

int hw_sys_notice_new(void)
{
    notice_queue *queue = queues;
    if (!sim_the_plan.has_notices) {
        is_untold = true;
        return -EMFILE;
    }
    while (queue < queues + NOTICES_MAX && queue->is_open)
        queue++;
    SIM_MUST(queue < queues + NOTICES_MAX, "too many notices");
    int fd = sim_descriptor_open(SIM_NOTICE, queue, 0);
    if (fd >= 0)
        *queue = (notice_queue){.is_open = true, .fd = fd};
    else
        is_untold = true;
    return fd;
}

int hw_sys_notice_add(int notice, int fd, const char *name, uint32_t mask)
{
    static const int errors[] = {ENOSPC, ENOMEM, EACCES, 0};
    (void)mask;
    notice_queue *queue = sim_descriptor_of(notice, SIM_NOTICE)->of;
    size_t from = node_of(fd);
    int error = sim_call_fails("notice", errors);
    if (error < 0) {
        is_untold = true;
        return error;
    }
    int node = *name ? find_node(name) : (int)from;
    if (node < 0)
        return node;
    if ((mask & IN_ONLYDIR) && node >= NODE_FIRST_FILE)
        return -ENOTDIR;
    queue->watches[node] = true;
    sim_tell("watch", node, 0);
    return node + 1;
}

int hw_sys_notice_remove(int notice, int number)
{
    notice_queue *queue = sim_descriptor_of(notice, SIM_NOTICE)->of;
    size_t node = (size_t)number - 1;
    if (!queue->watches[node])
        return -EINVAL;
    queue->watches[node] = false;
    queue_notice(queue, node, IN_IGNORED, NULL);
    return 0;
}

uint32_t sim_notice_readiness(const sim_descriptor *descriptor)
{
    const notice_queue *queue = descriptor->of;
    return queue->length > 0 ? EPOLLIN : 0;
}

void sim_notice_close(sim_descriptor *descriptor)
{
    ((notice_queue *)descriptor->of)->is_open = false;
}
