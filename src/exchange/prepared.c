/* A head whose encoding is made once and remembered.
 *
 * The memo is an optimisation and nothing else: an answer from a memo and one encoded anew are the
 * same bytes. */
#include "exchange/prepared.h"

#include <string.h>

#include "sys/memory.h"

void hw_prepared_init(hw_prepared *prepared, int status, hw_fields fields)
{
    *prepared = (hw_prepared){.status = status, .fields = fields};
}

void hw_prepared_fini(hw_prepared *prepared)
{
    for (int i = 0; i < HW_PROTOCOL_COUNT; i++) {
        hw_sys_free((void *)prepared->memo[i].at);
        prepared->memo[i] = (hw_text){0};
    }
}

void hw_prepared_keep(hw_prepared *prepared, hw_protocol protocol, hw_text encoding)
{
    char *copy = hw_sys_alloc(encoding.length);
    if (!copy)
        return;
    memcpy(copy, encoding.at, encoding.length);
    hw_sys_free((void *)prepared->memo[protocol].at);
    prepared->memo[protocol] = (hw_text){copy, encoding.length};
}
