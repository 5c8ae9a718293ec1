/* A vigil is what a cache begins before a name is looked up for it, so that no change can slip
 * between the look and the keeping: first the folders of the name are watched, then the file is
 * opened. It is kept by whoever looks, on any thread, and touches nothing of the loop's but the
 * number of its descriptor; the loop takes it back when the answer is over. */
#ifndef HW_KIT_VIGIL_H
#define HW_KIT_VIGIL_H

#include <stdint.h>

#include "kit/root.h"

/* A name in a deeper folder is not cached. */
#define HW_VIGIL_DEPTH_MAX 32

typedef struct hw_entry hw_entry;

/* A folder of the name that is watched from now on. */
typedef struct hw_vigil_folder {
    int number;    /* of its events */
    size_t length; /* of its path, a part of the vigil's, the last slash included; 0: it is no
                      folder of the name, and watched in vain */
} hw_vigil_folder;

struct hw_vigil {
    int notice;     /* where events are told; -1: nowhere */
    uint64_t epoch; /* of the cache, when the vigil began */
    size_t site;
    hw_text path;      /* below the root, with a NUL behind it */
    int64_t now_ms;    /* the wall's clock, when it began */
    unsigned fresh_ms; /* so long what is found is believed where it could not be watched */
    size_t known;      /* so much of it leads to a folder that is watched already; 0: none of it */
    hw_vigil_folder folders[HW_VIGIL_DEPTH_MAX];
    unsigned folder_count;
    int file;          /* the number of the file's own events; -1: it is not watched */
    bool watches_file; /* it is to be watched whether it must or not */
    bool is_starved;   /* no descriptor was to be had */
    bool ends_early;   /* a folder of the name was not there when it was to be watched */
    bool is_blind;     /* something could not be watched: changes may go unnoticed */
    hw_vigil *beside;  /* another name, looked up for the same answer; NULL: none */
    hw_entry *entry; /* what was found: a reference, which is the cache's; NULL: nothing to keep */
};

/* Watches the folders of the name that are there, from the root down. */
void hw_vigil_watch_folders(hw_vigil *vigil, const hw_root *root);
/* Watches an open file itself; must: without that, changes may go unnoticed. What is known of it
 * must be asked afterwards. */
void hw_vigil_watch_file(hw_vigil *vigil, int fd, bool must);

#endif
