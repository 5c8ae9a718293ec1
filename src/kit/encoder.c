/* Encoders: what all of them have in common. */
#include "kit/encoder.h"

#include <errno.h>

#include "base/assert.h"
#include "sys/memory.h"

static const hw_encoder_kind *find_encoder_kind(hw_coding coding)
{
    switch (coding) {
    case HW_CODING_GZIP:
        return &hw_encoder_gzip;
    case HW_CODING_ZSTD:
        return &hw_encoder_zstd;
    case HW_CODING_BR:
        return &hw_encoder_br;
    case HW_CODING_IDENTITY:
    case HW_CODING_NONE:
        break;
    }
    return NULL;
}

unsigned hw_encoder_codings(void)
{
    unsigned codings = 0;
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        if (find_encoder_kind(coding)->bytes > 0)
            codings |= HW_CODING_BIT(coding);
    return codings;
}

static hw_encoder *alloc_encoder(const hw_encoder_kind *kind, hw_budget *budget)
{
    if (!hw_budget_take(budget, kind->bytes))
        return NULL;
    hw_encoder *encoder = hw_sys_alloc_zeroed(1, kind->bytes);
    if (!encoder) {
        hw_budget_give(budget, kind->bytes);
        return NULL;
    }
    encoder->kind = kind;
    hw_workspace_init(&encoder->memory, budget);
    return encoder;
}

/* Whatever of it has begun. */
static void release_encoder(hw_encoder *encoder)
{
    hw_budget *budget = encoder->memory.budget;
    size_t bytes = encoder->kind->bytes;
    hw_workspace_fini(&encoder->memory);
    hw_sys_free(encoder);
    hw_budget_give(budget, bytes);
}

int hw_encoder_new(hw_coding coding, const hw_encoder_opts *opts, hw_encoder **ret_encoder)
{
    const hw_encoder_kind *kind = find_encoder_kind(coding);
    if (!kind || kind->bytes == 0)
        return -ENOTSUP;
    hw_encoder *encoder = alloc_encoder(kind, opts->budget);
    if (!encoder)
        return -ENOMEM;
    int error = kind->begin(encoder, opts);
    if (error < 0)
        release_encoder(encoder);
    else
        *ret_encoder = encoder;
    return error;
}

void hw_encoder_free(hw_encoder *encoder)
{
    if (!encoder)
        return;
    encoder->kind->end(encoder);
    release_encoder(encoder);
}

int hw_encoder_run(hw_encoder *encoder, hw_encoder_step step, hw_text *input, hw_buffer *output)
{
    hw_assert(hw_buffer_room(output) >= HW_ENCODER_ROOM_MIN);
    if (step == HW_ENCODER_FEED && input->length == 0)
        return 0;
    return encoder->kind->step(encoder, step, input, output);
}
