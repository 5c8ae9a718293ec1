/* How the program ends: the numbers of sysexits.h that hewn uses, the same for every command. */
#ifndef STATUS_H
#define STATUS_H

enum {
    STATUS_OK = 0,           /* also after a stop by signal */
    STATUS_USAGE = 64,       /* the command line makes no sense */
    STATUS_NO_INPUT = 66,    /* no such folder or file */
    STATUS_UNAVAILABLE = 69, /* cannot listen */
    STATUS_INTERNAL = 70,    /* memory, threads, descriptors: nothing the user did */
    STATUS_PERMISSION = 77,
    STATUS_CONFIG =
        78, /* what a file says that was named, a certificate or its key, is of no use */
};

#endif
