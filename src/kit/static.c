/* Answers requests with the files of a folder.
 *
 * One story: path -> entry -> conditions -> range -> body. Opening comes first, since a condition
 * or a range means something only where there is a representation (RFC 9110 13.2.1, 14.2), and all
 * that follows is asked of the open file. Nothing is remembered from one request to the next, so
 * the object is immutable and threads share it. The quick step answers what needs no look at the
 * folder; `answer` repeats it, for it may be reached without.
 *
 * Sections: RFC 9110 9.3.1, 9.3.2, 9.3.7 (methods), 13 (conditions), 14 (ranges), 15 (what an
 * answer must carry); RFC 9111 5.2.2.4 (no-cache: kept, but asked about). */
#include "kit/static.h"

#include "base/error.h"
#include "exchange/exchange.h"
#include "http/condition.h"
#include "kit/root.h"
#include "sys/memory.h"

/* Nobody reads a body sent here: it is passed over, up to here, to keep the connection. */
#define STATIC_BODY_BYTES_MAX (1024 * 1024)
#define STATIC_NAMES_BYTES_MAX (64 * 1024)

struct hw_static {
    hw_root root;
    hw_answerer answerer;
    hw_arena names;
    const char **index;
    size_t index_count;
};

/* What a path leads to: RFC 9110 3.2. */
typedef struct representation {
    hw_entry entry;
    const char *name; /* below the root; says the media type */
    hw_text tag;
    int64_t last_modified, now; /* seconds */
} representation;

static void allow_methods(hw_response *response)
{
    hw_response_add(response, HW_FIELD_ALLOW, HW_TEXT("GET, HEAD, OPTIONS"));
}

/* To the same path with a slash at its end, the query kept. The path is our canonical one, encoded:
 * it begins with one slash and has no backslash, so it cannot name another host. */
static void redirect_to_folder(hw_exchange *exchange)
{
    hw_response *response = &exchange->response;
    hw_text path = exchange->request.path.text;
    const hw_target *target = &exchange->request.target;
    /* Three bytes for one that is encoded. Both are parts of one target: no overflow. */
    size_t room = path.length * 3 + 2 + target->query.length;
    char *memory = hw_arena_alloc(&exchange->arena, room);
    hw_response_start(response, 308);
    if (!memory) {
        response->is_broken = true;
        return;
    }
    hw_buffer location = hw_buffer_over(memory, room);
    hw_path_encode(&location, path);
    hw_buffer_put_char(&location, '/');
    if (target->has_query) {
        hw_buffer_put_char(&location, '?');
        hw_buffer_put(&location, target->query);
    }
    hw_response_add(response, HW_FIELD_LOCATION, hw_buffer_text(&location));
    hw_response_add(response, HW_FIELD_CACHE_CONTROL, HW_TEXT("no-cache"));
}

/* Answers what can be answered without a look at the folder; false: nothing of the kind. */
static bool answer_unseen(const hw_static *files, hw_exchange *exchange)
{
    const hw_request *request = &exchange->request;
    hw_response *response = &exchange->response;
    if (request->method == HW_METHOD_OPTIONS) {
        hw_response_start(response, 204);
        allow_methods(response);
    } else if (request->method != HW_METHOD_GET && request->method != HW_METHOD_HEAD) {
        hw_response_plain(response, 405, NULL);
        allow_methods(response); /* RFC 9110 15.5.6 */
    } else if (!hw_root_shows(&files->root, request->below)) {
        hw_response_plain(response, 404, NULL);
    } else {
        return false;
    }
    return true;
}

static int status_of_file_error(int error)
{
    switch (-error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EXDEV:  /* out of the root */
    case ENXIO:  /* a socket */
    case ENODEV: /* a device nobody drives */
    case EILSEQ: /* a name this file system cannot have */
    case EINVAL:
        return 404;
    case EACCES:
    case EPERM:
        return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
        return 503;
    default:
        return 500;
    }
}

static void answer_file_error(hw_exchange *exchange, int error)
{
    int status = status_of_file_error(error);
    hw_response_plain(&exchange->response, status, NULL);
    if (status == 503)
        hw_response_add_name(&exchange->response, HW_TEXT("Retry-After"), HW_TEXT("1"));
    if (status == 500)
        hw_sink_fault(exchange->place->sink, -error, exchange->request.path.text.at,
                      "cannot be served: %s",
                      error == -ESTALE ? "it changed while it was read" : hw_error_words(error));
}

/* The first index there is. A folder of that name, or none of them, means there is none. */
static int find_index(const hw_static *files, hw_exchange *exchange, representation *ret_file)
{
    const char *folder = exchange->request.below.text.at + 1;
    for (size_t i = 0; i < files->index_count; i++) {
        const char *name = hw_arena_format(&exchange->arena, "%s%s", folder, files->index[i]);
        if (!name)
            return -ENOMEM;
        int error = hw_root_find(&files->root, name, &ret_file->entry);
        if (error == -ENOENT || error == -EISDIR)
            continue;
        ret_file->name = name;
        return error;
    }
    return -ENOENT;
}

static int find_representation(const hw_static *files, hw_exchange *exchange,
                               representation *ret_file)
{
    hw_path below = exchange->request.below;
    ret_file->name = below.text.at + 1;
    int error = hw_path_is_folder(below)
                    ? find_index(files, exchange, ret_file)
                    : hw_root_find(&files->root, ret_file->name, &ret_file->entry);
    if (error < 0)
        return error;
    ret_file->now = exchange->now_ms / 1000;
    ret_file->last_modified = hw_entry_last_modified(&ret_file->entry, ret_file->now);
    ret_file->tag = hw_entry_tag(&ret_file->entry, &exchange->arena);
    if (ret_file->tag.length == 0) {
        hw_entry_close(&ret_file->entry);
        return -ENOMEM;
    }
    return 0;
}

/* What a 304 carries too (RFC 9110 15.4.5). */
static void add_validator(hw_response *response, const representation *file)
{
    hw_response_add(response, HW_FIELD_ETAG, file->tag);
    hw_response_add(response, HW_FIELD_CACHE_CONTROL, HW_TEXT("no-cache"));
}

static void add_last_modified(hw_exchange *exchange, int64_t seconds)
{
    if (seconds == HW_NO_DATE)
        return;
    char *date = hw_arena_alloc(&exchange->arena, HW_DATE_BYTES);
    if (!date) {
        exchange->response.is_broken = true;
        return;
    }
    hw_date_format(seconds, date);
    hw_response_add(&exchange->response, HW_FIELD_LAST_MODIFIED, hw_text_of(date));
}

static void add_content_range(hw_exchange *exchange, const hw_range *part, uint64_t size)
{
    enum { CONTENT_RANGE_BYTES = 80 }; /* "bytes ", three numbers of 20 digits, "-" and "/" */
    char *memory = hw_arena_alloc(&exchange->arena, CONTENT_RANGE_BYTES);
    if (!memory) {
        exchange->response.is_broken = true;
        return;
    }
    hw_buffer value = hw_buffer_over(memory, CONTENT_RANGE_BYTES);
    hw_range_put(&value, part, size);
    hw_response_add(&exchange->response, HW_FIELD_CONTENT_RANGE, hw_buffer_text(&value));
}

/* RFC 9110 14.2: a Range that does not apply, or makes no sense, is as if it were not there. */
static hw_range_outcome choose_range(const hw_exchange *exchange, const representation *file,
                                     hw_range *ret_part)
{
    const hw_request *request = &exchange->request;
    hw_ranges ranges;
    if (!hw_condition_range_applies(request->method, request->fields, file->tag,
                                    file->last_modified, file->now))
        return HW_RANGE_IGNORE;
    hw_text asked = hw_fields_single(request->fields, HW_FIELD_RANGE);
    hw_range_outcome outcome = hw_range_parse(asked, file->entry.size, &ranges);
    /* RFC 9110 14.2: more than one part would be a multipart answer; the whole is always right. */
    if (outcome == HW_RANGE_SATISFIABLE && ranges.count != 1)
        return HW_RANGE_IGNORE;
    if (outcome == HW_RANGE_SATISFIABLE)
        *ret_part = ranges.at[0];
    return outcome;
}

static void refuse_range(hw_exchange *exchange, uint64_t size)
{
    hw_response_plain(&exchange->response, 416, NULL);
    add_content_range(exchange, NULL, size); /* RFC 9110 15.5.17 */
}

/* The body and, where that fails, another answer. */
static void attach_body(hw_exchange *exchange, representation *file, hw_range part)
{
    hw_source *body;
    if (part.length == 0)
        return;
    int error = exchange->request.method == HW_METHOD_HEAD
                    ? hw_entry_body_unread(&file->entry, part, &exchange->arena, &body)
                    : hw_entry_body(&file->entry, part, &exchange->arena, &body);
    if (error < 0)
        answer_file_error(exchange, error);
    else
        hw_response_take_body(&exchange->response, body);
}

static void send_representation(hw_exchange *exchange, representation *file)
{
    hw_response *response = &exchange->response;
    hw_range part = {0, file->entry.size};
    hw_range_outcome outcome = choose_range(exchange, file, &part);
    if (outcome == HW_RANGE_UNSATISFIABLE) {
        refuse_range(exchange, file->entry.size);
        return;
    }
    bool is_partial = outcome == HW_RANGE_SATISFIABLE;
    hw_response_start(response, is_partial ? 206 : 200);
    hw_response_add(response, HW_FIELD_CONTENT_TYPE,
                    hw_media_of(exchange->place->media, hw_text_of(file->name)));
    if (is_partial)
        add_content_range(exchange, &part, file->entry.size);
    add_last_modified(exchange, file->last_modified);
    add_validator(response, file);
    hw_response_add_name(response, HW_TEXT("Accept-Ranges"), HW_TEXT("bytes"));
    hw_response_add_name(response, HW_TEXT("X-Content-Type-Options"), HW_TEXT("nosniff"));
    attach_body(exchange, file, part);
}

static void answer_representation(hw_exchange *exchange, representation *file)
{
    const hw_request *request = &exchange->request;
    switch (hw_condition_check(request->method, request->fields, file->tag, file->last_modified,
                               file->now)) {
    case HW_CONDITION_NOT_MODIFIED:
        hw_response_start(&exchange->response, 304);
        add_validator(&exchange->response, file);
        break;
    case HW_CONDITION_FAILED:
        hw_response_plain(&exchange->response, 412, NULL);
        break;
    case HW_CONDITION_PROCEED:
        send_representation(exchange, file);
        break;
    }
}

static hw_body_plan plan_static(void *arg, hw_exchange *exchange)
{
    (void)arg;
    (void)exchange;
    return (hw_body_plan){HW_PLAN_NONE, STATIC_BODY_BYTES_MAX};
}

static bool answer_static_quickly(void *arg, hw_exchange *exchange)
{
    return answer_unseen(arg, exchange);
}

static void answer_static(void *arg, hw_exchange *exchange)
{
    const hw_static *files = arg;
    hw_sink_step(exchange->place->sink, "kit/static",
                 "path -> entry -> conditional -> range -> body source");
    if (answer_unseen(files, exchange))
        return;
    representation file;
    int error = find_representation(files, exchange, &file);
    if (error == -EISDIR) {
        redirect_to_folder(exchange);
    } else if (error < 0) {
        answer_file_error(exchange, error);
    } else {
        answer_representation(exchange, &file);
        hw_entry_close(&file.entry);
    }
}

static bool copy_index(hw_static *files, const char *const *index)
{
    static const char *const usual[] = {"index.html", NULL};
    if (!index)
        index = usual;
    size_t count = 0;
    while (index[count])
        count++;
    files->index = hw_arena_alloc_zeroed(&files->names, count, sizeof *files->index);
    if (!files->index)
        return false;
    for (size_t i = 0; i < count; i++) {
        files->index[i] = hw_arena_copy(&files->names, hw_text_of(index[i]));
        if (!files->index[i])
            return false;
    }
    files->index_count = count;
    return true;
}

int hw_static_new(const hw_static_setup *setup, hw_static **ret_files)
{
    hw_static *files = hw_sys_alloc_zeroed(1, sizeof *files);
    if (!files)
        return -ENOMEM;
    hw_arena_init(&files->names, 1024, STATIC_NAMES_BYTES_MAX);
    files->answerer = (hw_answerer){plan_static, answer_static_quickly, answer_static, files};
    files->root.folder = -1;
    int error = copy_index(files, setup->index)
                    ? hw_root_open(&files->root, setup->folder, setup->shows_hidden)
                    : -ENOMEM;
    if (error < 0) {
        hw_static_free(files);
        return error;
    }
    *ret_files = files;
    return 0;
}

void hw_static_free(hw_static *files)
{
    if (!files)
        return;
    hw_root_close(&files->root);
    hw_arena_fini(&files->names);
    hw_sys_free(files);
}

const hw_answerer *hw_static_answerer(const hw_static *files)
{
    return &files->answerer;
}
