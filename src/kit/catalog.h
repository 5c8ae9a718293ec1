/* What is in a folder: its names that may be seen, read at once and sorted, and what is true of
 * each of them, which is asked when it is wanted. */
#ifndef HW_KIT_CATALOG_H
#define HW_KIT_CATALOG_H

#include "base/arena.h"
#include "kit/root.h"

/* Of a folder with more of them, or with longer ones, not all are shown: see docs/limits.md. */
#define HW_CATALOG_NAMES_MAX ((size_t)128 * 1024)
#define HW_CATALOG_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* NAME_MAX: no name is longer. */
#define HW_CATALOG_NAME_BYTES 255

typedef enum hw_catalog_key {
    HW_CATALOG_NAME,
    HW_CATALOG_SIZE,
    HW_CATALOG_TIME,
} hw_catalog_key;

typedef struct hw_catalog_order {
    hw_catalog_key key;
    bool is_descending;
} hw_catalog_order;

typedef struct hw_catalog_item {
    struct hw_catalog_item *next;
    uint64_t size;    /* of a file */
    int64_t modified; /* seconds */
    bool is_folder;   /* it leads to one */
    bool is_link;     /* what is true of it is true of what it leads to */
    bool is_known;    /* size and modified are */
    bool is_untold;   /* they cannot be had */
    unsigned char length;
    char name[]; /* with a NUL behind it */
} hw_catalog_item;

typedef struct hw_catalog {
    const hw_root *root;    /* borrowed */
    hw_path below;          /* the folder's, with its last '/'; borrowed */
    hw_catalog_item *first; /* folders first */
    size_t count, bytes;
    bool is_cut; /* there are more names than may be shown */
    dev_t device;
    ino_t inode;
    hw_arena memory;
} hw_catalog;

/* Reads the names of a folder, in no order. The memory is charged to the budget. Owns: end it with
 * fini, only where it succeeded. Errors: -EACCES it may not be read; those of hw_root_open_folder;
 * -ENOMEM; what reading gives. */
int hw_catalog_read(const hw_root *root, hw_path below, hw_budget *budget, hw_catalog *ret_catalog);
void hw_catalog_fini(hw_catalog *catalog);

/* Sorts them, folders first; equal ones by their names. Numbers in names count as such: "a9" comes
 * before "a10". By size or time everything is looked at before that. 0, -ENOMEM, or as
 * hw_catalog_open. */
int hw_catalog_sort(hw_catalog *catalog, hw_catalog_order order);

/* Opens the folder to look at its items. Owns: the caller closes. -ESTALE: it is another one by
 * now; the errors of hw_root_open_folder. */
int hw_catalog_open(const hw_catalog *catalog);
/* Asks what is true of an item, if that is not known. False: there is no such file or folder any
 * more. */
bool hw_catalog_look(const hw_catalog *catalog, int folder, hw_catalog_item *item);

#endif
