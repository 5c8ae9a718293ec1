/* Codes a body while it is sent.
 *
 * The carrier pulls, and what it pulls is coded then, on the loop: so back-pressure is what it is
 * for every body, and nothing waits anywhere but 16 KiB of output. Coding takes time, some
 * milliseconds for a hundred kilobytes, which others on the loop wait: so one pull codes at most
 * 64 KiB of input, and after 128 KiB it gives way: it says WAIT, and has itself woken. A body that a
 * feeder without a thread makes has its ways between the pieces already, and its WAIT means that the
 * feeder is to be asked; so such a one does not give way by itself.
 *
 * Where the inner body waits, what was taken is flushed: an event of a stream can be
 * decoded as soon as it was written. So too when 64 KiB have come to nothing yet, so that a pull
 * has always an end.
 *
 * A part of a file comes as a segment, which the driver would send without looking at it. Here it
 * is read, a slice at a time, and only if it is in the page cache; if not, the carrier is asked to
 * have it read (HW_PULL_COLD), for it has threads that may wait for disks. As the driver does, the
 * version of the file is looked at behind the last slice.
 *
 * Rejected: to code on threads of their own. Most answers are coded whole by the thread of their
 * handler (hw_coded_text); for the rest two changes of thread for each slice cost as much as coding
 * it, and the slices must be kept somewhere meanwhile. */
#include "kit/coded.h"

#include <errno.h>

#include "base/assert.h"
#include "base/number.h"
#include "kit/encoder.h"
#include "sys/file.h"

enum {
    CODED_OUTPUT_BYTES = 16 * 1024,
    CODED_SLICE_BYTES = 16 * 1024, /* of a file, read at once */
    CODED_PULL_BYTES = 64 * 1024,  /* of input, for one pull */
    CODED_TURN_BYTES = 128 * 1024, /* and for one turn */
    CODED_WARM_BYTES = 64 * 1024,  /* asked for, where it is cold */
};

typedef struct coded_source {
    hw_source source;
    hw_source *inner;
    hw_exchange *exchange;
    hw_encoder *encoder; /* NULL: to HEAD, which is not pulled */
    hw_buffer output;    /* in the encoder's memory, as the next */
    size_t given;        /* of it, so far */
    char *slice;         /* CODED_SLICE_BYTES of a file; NULL: there was none yet */
    hw_text rest;        /* of what the inner body has given, not coded yet */
    hw_segment file;     /* the same */
    uint64_t warm_end;   /* of the file: until there the carrier has had it read */
    hw_fields trailers;
    hw_encoder_step step;
    size_t fed; /* since it gave way */
    bool gives_way;
    bool is_dirty; /* something was fed, and not flushed */
    bool is_over;  /* all is said */
} coded_source;

/* -EAGAIN: it is not in the page cache, or nobody can tell. */
static ssize_t read_coded_slice(coded_source *coded)
{
    hw_segment *file = &coded->file;
    if (!coded->slice)
        coded->slice = hw_workspace_take(&coded->encoder->memory, CODED_SLICE_BYTES);
    if (!coded->slice)
        return -ENOMEM;
    size_t want = hw_size_min(file->length, CODED_SLICE_BYTES);
    if (file->offset < coded->warm_end || !file->warmth)
        return hw_sys_read_at(file->fd, coded->slice, want, file->offset);
    ssize_t count = hw_sys_read_cached(file->fd, coded->slice, want, file->offset);
    return count == -EOPNOTSUPP ? -EAGAIN : count;
}

/* The next slice of the file becomes the rest. */
static hw_pull take_coded_file(coded_source *coded, hw_piece *ret_piece)
{
    hw_segment *file = &coded->file;
    ssize_t count = read_coded_slice(coded);
    if (count == -EAGAIN) {
        *ret_piece = (hw_piece){.file = *file};
        return HW_PULL_COLD;
    }
    if (count <= 0)
        return HW_PULL_FAILED;
    coded->rest = (hw_text){coded->slice, (size_t)count};
    file->offset += (size_t)count;
    file->length -= (size_t)count;
    return file->length == 0 && !hw_segment_is_current(file) ? HW_PULL_FAILED : HW_PULL_BYTES;
}

/* More input. BYTES: it is the rest. END: what follows is the encoder's own. */
static hw_pull take_coded_input(coded_source *coded, hw_piece *ret_piece)
{
    if (coded->rest.length > 0)
        return HW_PULL_BYTES;
    if (coded->file.length > 0)
        return take_coded_file(coded, ret_piece);
    hw_piece piece;
    hw_pull pull = hw_source_pull(coded->inner, CODED_PULL_BYTES, &piece);
    switch (pull) {
    case HW_PULL_BYTES:
        coded->rest = piece.bytes;
        break;
    case HW_PULL_FILE:
        coded->file = piece.file;
        coded->warm_end = 0;
        return take_coded_file(coded, ret_piece);
    case HW_PULL_END:
        coded->trailers = piece.trailers;
        coded->step = HW_ENCODER_FINISH;
        break;
    case HW_PULL_COLD:
        *ret_piece = piece;
        break;
    case HW_PULL_WAIT:
    case HW_PULL_FAILED:
        break;
    }
    return pull;
}

/* What is in the output, and at the very end that. */
static hw_pull give_coded(coded_source *coded, size_t want, hw_piece *ret_piece)
{
    hw_text left = hw_text_from(hw_buffer_text(&coded->output), coded->given);
    if (left.length > 0) {
        *ret_piece = (hw_piece){.bytes = hw_text_upto(left, want)};
        coded->given += ret_piece->bytes.length;
        return HW_PULL_BYTES;
    }
    *ret_piece = (hw_piece){.trailers = coded->trailers};
    return HW_PULL_END;
}

/* Codes what there is of the rest, as much as one pull may; how the step has come out. While all is
 * being said nothing is added to it. */
static int code_rest(coded_source *coded, size_t *fed)
{
    size_t most = coded->step == HW_ENCODER_FEED ? CODED_PULL_BYTES - *fed : 0;
    size_t length = hw_size_min(coded->rest.length, most);
    hw_text input = hw_text_upto(coded->rest, length);
    int result = hw_encoder_run(coded->encoder, coded->step, &input, &coded->output);
    size_t taken = length - input.length;
    coded->rest = hw_text_from(coded->rest, taken);
    coded->is_dirty |= taken > 0;
    coded->fed += taken;
    *fed += taken;
    return result;
}

/* A step is done whole: what follows. */
static void end_coded_step(coded_source *coded)
{
    coded->is_over = coded->step == HW_ENCODER_FINISH;
    if (coded->step == HW_ENCODER_FLUSH)
        coded->is_dirty = false;
    coded->step = HW_ENCODER_FEED;
}

/* The inner body has nothing to code now. */
static hw_pull stop_at(coded_source *coded, hw_pull pull, const hw_piece *file, size_t want,
                       hw_piece *ret_piece)
{
    if (pull == HW_PULL_COLD && coded->output.length > 0)
        return give_coded(coded, want, ret_piece); /* and it is asked again */
    if (pull == HW_PULL_COLD) {
        coded->warm_end = file->file.offset + hw_size_min(file->file.length, CODED_WARM_BYTES);
        *ret_piece = *file;
    }
    return pull;
}

/* Until there is output, or nothing to make it of. */
static hw_pull pull_rounds(coded_source *coded, size_t want, hw_piece *ret_piece)
{
    size_t fed = 0;
    hw_piece piece = {0};
    for (;;) {
        bool said_all = coded->step != HW_ENCODER_FEED;
        int result = code_rest(coded, &fed);
        bool is_full = hw_buffer_room(&coded->output) < HW_ENCODER_ROOM_MIN;
        if (result < 0)
            return HW_PULL_FAILED;
        if (result > 0 && !is_full)
            continue;
        if (result == 0)
            end_coded_step(coded);
        bool is_enough = fed == CODED_PULL_BYTES;
        if (is_full || coded->is_over || ((said_all || is_enough) && coded->output.length > 0))
            return give_coded(coded, want, ret_piece);
        if (is_enough) {
            coded->step = said_all ? HW_ENCODER_FEED : HW_ENCODER_FLUSH;
            fed = said_all ? 0 : fed;
            continue;
        }
        hw_pull pull = take_coded_input(coded, &piece);
        if (pull == HW_PULL_WAIT && coded->is_dirty)
            coded->step = HW_ENCODER_FLUSH;
        else if (pull != HW_PULL_BYTES && pull != HW_PULL_END)
            return stop_at(coded, pull, &piece, want, ret_piece);
    }
}

static hw_pull pull_coded(hw_source *source, size_t want, hw_piece *ret_piece)
{
    coded_source *coded = (coded_source *)source;
    hw_assert(coded->encoder);
    *ret_piece = (hw_piece){0};
    if (coded->is_over || coded->given < coded->output.length)
        return give_coded(coded, want, ret_piece);
    hw_buffer_clear(&coded->output);
    coded->given = 0;
    if (coded->gives_way && coded->fed >= CODED_TURN_BYTES) {
        coded->fed = 0;
        coded->exchange->carrier->wake(coded->exchange);
        return HW_PULL_WAIT;
    }
    return pull_rounds(coded, want, ret_piece);
}

static void drop_coded(hw_source *source)
{
    coded_source *coded = (coded_source *)source;
    hw_source_drop(coded->inner);
    hw_encoder_free(coded->encoder);
}

static const hw_source_ops coded_ops = {.pull = pull_coded, .drop = drop_coded};

/* False: no memory. */
static bool begin_coding(coded_source *coded, hw_coding coding)
{
    hw_encoder_opts opts = {.budget = coded->exchange->arena.budget,
                            .length = coded->inner->length};
    if (hw_encoder_new(coding, &opts, &coded->encoder) < 0)
        return false;
    void *memory = hw_workspace_take(&coded->encoder->memory, CODED_OUTPUT_BYTES);
    coded->output = hw_buffer_over(memory, CODED_OUTPUT_BYTES);
    if (!memory)
        hw_encoder_free(coded->encoder);
    return memory != NULL;
}

hw_source *hw_coded_new(hw_exchange *exchange, hw_source *inner, hw_coding coding)
{
    const hw_feeder *feeder = exchange->response.feeder;
    coded_source *coded = hw_arena_alloc_zeroed(&exchange->arena, 1, sizeof *coded);
    if (!coded)
        return NULL;
    coded->source = (hw_source){.ops = &coded_ops, .length = HW_LENGTH_UNKNOWN};
    coded->exchange = exchange;
    coded->inner = inner;
    coded->gives_way = !feeder || feeder->has_thread;
    if (exchange->request.method != HW_METHOD_HEAD && !begin_coding(coded, coding))
        return NULL;
    return &coded->source;
}

/* In the encoder's memory, where there is room for one byte less than there was. A step ends only
 * where it has room left, so what comes out is two bytes fewer at least. */
static hw_text code_at_once(hw_encoder *encoder, hw_text bytes)
{
    size_t room = bytes.length - 1;
    hw_buffer output = hw_buffer_over(hw_workspace_take(&encoder->memory, room), room);
    if (!output.at || hw_encoder_run(encoder, HW_ENCODER_FINISH, &bytes, &output) != 0)
        return (hw_text){0};
    return hw_buffer_text(&output);
}

hw_text hw_coded_text(hw_exchange *exchange, hw_text bytes, hw_coding coding)
{
    hw_encoder_opts opts = {.budget = exchange->arena.budget, .length = bytes.length};
    hw_encoder *encoder;
    hw_text copy = {0};
    if (bytes.length <= HW_ENCODER_ROOM_MIN || hw_encoder_new(coding, &opts, &encoder) < 0)
        return copy;
    hw_text coded = code_at_once(encoder, bytes);
    if (coded.at)
        (void)hw_arena_copy_text(&exchange->arena, coded, &copy);
    hw_encoder_free(encoder);
    return copy;
}
