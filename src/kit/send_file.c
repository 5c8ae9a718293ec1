/* Answers a handler's request with one file of a folder.
 *
 * It is the folder's file as hewn_files would send it, without its cache and its rule of what is
 * shown: a program that names a file means it. The answer is a handler's, to which fields are added
 * and where they are replaced, so nothing of it stays prepared, and nothing is borrowed from the
 * file's entry but the body. */
#include "app/app.h"
#include "hewn.h"
#include "http/status.h"
#include "kit/represent.h"

/* Values become the request's own. */
static void copy_field(hw_response *response, hw_field *field)
{
    if (!hw_arena_copy_text(response->arena, field->value, &field->value))
        response->is_broken = true;
}

/* The same response, made of fields; what the driver says of a body is left to it. */
static void take_apart(hw_response *response)
{
    const hw_prepared *prepared = response->prepared;
    hw_source *body = response->body;
    hw_fields fields = prepared->fields;
    response->body = NULL;
    hw_response_start(response, prepared->status);
    for (size_t i = 0; i < fields.count; i++)
        if (fields.at[i].id != HW_FIELD_CONTENT_LENGTH)
            hw_response_add_name(response, fields.at[i].name, fields.at[i].value);
    for (size_t i = 0; i < response->field_count; i++)
        copy_field(response, &response->fields[i]);
    if (hw_status_has_content(response->status))
        hw_response_take_body(response, body);
    else
        hw_source_drop(body);
}

static void send_entry(hw_exchange *exchange, hw_entry *entry)
{
    hw_response *response = &exchange->response;
    hw_represent(exchange, entry);
    if (response->prepared && !response->is_broken)
        take_apart(response);
    else
        for (size_t i = 0; i < response->field_count; i++)
            copy_field(response, &response->fields[i]);
}

static int find_file(hw_exchange *exchange, int folder_fd, const char *path, hw_entry **ret_entry)
{
    hw_root root = {.folder = folder_fd, .shows_hidden = true};
    hw_finding finding;
    int error = hw_root_find(&root, path, NULL, &finding);
    if (error < 0)
        return error;
    hw_file_rules rules = {
        .media = exchange->place->media, .now_ms = exchange->now_ms, .content_max = SIZE_MAX};
    error = hw_entry_new_file(hw_text_of(path), path, &finding, NULL, &rules, ret_entry);
    if (error < 0)
        return error;
    error = hw_entry_charge(*ret_entry, exchange->arena.budget);
    if (error < 0)
        hw_entry_release(*ret_entry);
    return error;
}

hewn_response *hewn_send_file(hewn_request *rq, int folder_fd, const char *path)
{
    hw_entry *entry = NULL;
    int error = find_file(rq, folder_fd, path ? path : "", &entry);
    if (error == -EISDIR || hw_root_is_absence(error))
        return hewn_error(rq, 404, "%s", "");
    if (error < 0)
        return hewn_errno(rq, error);
    send_entry(rq, entry);
    hw_entry_release(entry);
    return &rq->response;
}
