/* The command line of an application that runs itself with hewn_main. */
#ifndef HW_RUN_COMMAND_H
#define HW_RUN_COMMAND_H

#include "base/arena.h"
#include "base/buffer.h"
#include "hewn/server.h"

typedef struct hw_command {
    hewn_server_opts opts;   /* its listeners live in the arena */
    const char *secret_file; /* NULL: none */
    bool wants_help;
} hw_command;

/* Reads argv. 0; or -EINVAL, and `words` says what is wrong, without a line end; or -ENOMEM. */
int hw_command_read(int argc, char **argv, hw_arena *arena, hw_buffer *words,
                    hw_command *ret_command);

/* What --help says, for a program of this name. */
void hw_command_put_help(hw_buffer *out, const char *program);

/* The last part of argv[0]; "app" where there is none. */
const char *hw_command_program(int argc, char **argv);

#endif
