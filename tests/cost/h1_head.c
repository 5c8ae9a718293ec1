/* Does with one request's head what the server does with it, as often as asked: reads it, copies
 * it, takes its target apart, decodes the path and looks for conditions. For h1_head.py, which
 * counts.
 *
 *     h1_head small|browser ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/assert.h"
#include "h1/encode.h"
#include "h1/parser.h"
#include "http/condition.h"
#include "http/path.h"
#include "http/target.h"

#define REQUEST_LINE "GET /index.html HTTP/1.1\r\nHost: localhost:8080\r\n"

static const hw_text small = HW_TEXT_INIT(REQUEST_LINE "User-Agent: cost\r\nAccept: */*\r\n\r\n");

/* What a browser of 2024 sends, with ten cookies. */
static const hw_text browser = HW_TEXT_INIT(
    REQUEST_LINE "sec-ch-ua: \"Chromium\";v=\"128\", \"Not;A=Brand\";v=\"24\"\r\n"
                 "sec-ch-ua-mobile: ?0\r\n"
                 "sec-ch-ua-platform: \"Linux\"\r\n"
                 "Upgrade-Insecure-Requests: 1\r\n"
                 "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like "
                 "Gecko) Chrome/128.0.0.0 Safari/537.36\r\n"
                 "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,"
                 "image/webp,*/*;q=0.8\r\n"
                 "Sec-Fetch-Site: same-origin\r\n"
                 "Sec-Fetch-Mode: navigate\r\n"
                 "Sec-Fetch-User: ?1\r\n"
                 "Sec-Fetch-Dest: document\r\n"
                 "Accept-Encoding: gzip, deflate, br, zstd\r\n"
                 "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
                 "Cookie: name0=00000000000000000000000000000000; "
                 "name1=00000000000000000000000000000001; name2=00000000000000000000000000000002; "
                 "name3=00000000000000000000000000000003; name4=00000000000000000000000000000004; "
                 "name5=00000000000000000000000000000005; name6=00000000000000000000000000000006; "
                 "name7=00000000000000000000000000000007; name8=00000000000000000000000000000008; "
                 "name9=00000000000000000000000000000009\r\n\r\n");

/* As the exchange does: what is plain is neither parsed nor decoded. */
static void read_target(const hw_h1_head *head, hw_arena *arena, hw_text raw)
{
    hw_target target;
    hw_path path;
    if (head->has_plain_target)
        return;
    hw_assert(!hw_target_parse(raw, head->method, &target));
    char *memory = hw_arena_alloc(arena, target.path.length + 2);
    hw_assert(memory);
    hw_buffer buffer = hw_buffer_over(memory, target.path.length + 2);
    hw_assert(!hw_path_decode(target.path, &buffer, &path));
}

static void read_request(hw_h1_parser *parser, hw_h1_head *head, hw_arena *arena, hw_text input)
{
    hw_h1_event event = hw_h1_next(parser, head, input);
    hw_assert(event.kind == HW_H1_HEAD && event.used == input.length);
    hw_h1_copy copy;
    hw_assert(hw_h1_head_copy(arena, hw_text_upto(input, event.used), head, &copy));
    read_target(head, arena, copy.target);
    hw_assert(hw_condition_check(head->method, copy.fields, HW_TEXT("\"tag\""), 1, 2) ==
              HW_CONDITION_PROCEED);
    hw_assert(!hw_condition_range_applies(head->method, copy.fields, HW_TEXT("\"tag\""), 1, 2));
    hw_assert(hw_h1_take_end(parser));
    hw_arena_reset(arena);
}

int main(int argc, char **argv)
{
    if (argc != 3 || (strcmp(argv[1], "small") && strcmp(argv[1], "browser"))) {
        fprintf(stderr, "usage: h1_head small|browser ROUNDS\n");
        return 64;
    }
    hw_text shape = strcmp(argv[1], "small") ? browser : small;
    char bytes[4096];
    hw_assert(shape.length + HW_H1_SLACK <= sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    hw_text input = {memcpy(bytes, shape.at, shape.length), shape.length};
    hw_h1_limits limits = hw_h1_limits_default();
    hw_h1_parser parser;
    hw_h1_head head;
    hw_arena arena;
    hw_h1_parser_init(&parser, &limits, NULL);
    hw_h1_parser_promise_slack(&parser);
    hw_arena_init(&arena, 4096, 65536);
    for (long left = strtol(argv[2], NULL, 10); left > 0; left--)
        read_request(&parser, &head, &arena, input);
    hw_arena_fini(&arena);
    return 0;
}
