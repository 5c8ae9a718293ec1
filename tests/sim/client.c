/* A client is one connection. It takes a step when the world gives it one.
 *
 * A patient client sends all its requests, reads everything and never stalls; where the seed is
 * calm besides it must get exactly what it asked for, whatever the others do. Rude ones stop in the
 * middle, stall for minutes, end and reset as the dice say: of them the server owes the rest of the
 * world that nothing comes of it, and to them that what they hear is true (check.c). */
#include "sim/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "sim/check.h"
#include "sim/fiber.h"
#include "sim/files.h"
#include "sim/network.h"
#include "sim/world.h"

#define MS SIM_NS_PER_MS

/* A request that nobody may take for one: it comes behind the end. */
#define SMUGGLED "GET /say?id=smuggled HTTP/1.1\r\nHost: sim\r\n\r\n"

struct sim_client {
    sim_check check;
    sim_socket *socket;
    size_t sending;    /* the request that is being sent */
    size_t sent;       /* of its bytes */
    uint64_t sent_all; /* of all bytes */
    int64_t next_ns;
    unsigned rudeness;  /* of a thousand steps */
    size_t piece_bytes; /* sent, arriving and taken at once, at most */
    bool is_pipelining, has_trailing, ends_early, leaves_late;
    bool has_connected, has_ended, is_over, has_finished;
    unsigned id;
};

sim_client *sim_client_new(unsigned id)
{
    static const size_t pieces[] = {1, 7, 100, 2000, 100000};
    sim_client *client = calloc(1, sizeof *client);
    if (!client)
        sim_fail("no memory for a client");
    sim_check *check = &client->check;
    client->id = check->client = id;
    check->count = (size_t)sim_draw_between(1, SIM_REQUESTS_MAX - 1);
    for (size_t i = 0; i < check->count; i++)
        sim_request_draw(&check->requests[i], id * 100 + (unsigned)i, i + 1 == check->count);
    client->is_pipelining = sim_chance(60);
    client->piece_bytes = pieces[sim_draw(5)];
    for (size_t i = 0, all = 0; i < check->count; i++) {
        all += check->requests[i].bytes.length + (size_t)check->requests[i].length;
        if (all > 20000 && client->piece_bytes < 100)
            client->piece_bytes = 3000;
    }
    bool is_patient = sim_chance(60);
    client->rudeness = is_patient ? 0 : (unsigned)sim_draw_between(1, 60);
    check->is_strict = is_patient && sim_the_plan.is_calm;
    const sim_request *last = &check->requests[check->count - 1];
    client->has_trailing = last->closes && !last->is_tunnel && sim_chance(50);
    /* RFC 9112 9.6: who says that this is the last request must not send another. */
    if (client->has_trailing && strcmp(last->kind, "closing") == 0)
        check->is_strict = false;
    client->ends_early = sim_chance(20) && !client->has_trailing;
    client->leaves_late = sim_chance(10);
    client->next_ns = sim_now_ns() + (int64_t)sim_draw(sim_chance(50) ? 1 : 3000) * MS;
    return client;
}

void sim_client_free(sim_client *client)
{
    if (client->socket)
        sim_socket_leave(client->socket);
    sim_check_free(&client->check);
    free(client);
}

bool sim_client_is_over(const sim_client *client)
{
    return client->is_over;
}

int64_t sim_client_next_ns(const sim_client *client)
{
    return client->is_over || client->next_ns <= sim_now_ns() ? SIM_NEVER : client->next_ns;
}

void sim_client_note_stop(sim_client *client, bool at_once)
{
    client->check.has_stopped = true;
    if (at_once)
        client->check.is_strict = false;
}

static void leave(sim_client *client)
{
    if (client->socket)
        sim_socket_leave(client->socket);
    client->socket = NULL;
    client->is_over = true;
}

static void connect_to_server(sim_client *client)
{
    size_t window = sim_draw_between(1, sim_the_plan.window_bytes_max);
    if (window < 2000 && client->piece_bytes > 0)
        for (size_t i = 0; i < client->check.count; i++)
            if (client->check.requests[i].length + client->check.requests[i].bytes.length > 20000)
                window = 8000;
    client->has_connected = true;
    client->socket = sim_connect((int)client->id, window);
    if (client->socket)
        return;
    SIM_MUST(!client->check.is_strict || client->check.has_stopped,
             "client %u is refused although the server has not stopped", client->id);
    client->is_over = true;
}

/* Where it has to wait before it sends on. */
static size_t may_send_upto(const sim_client *client)
{
    const sim_check *check = &client->check;
    const sim_request *request = &check->requests[client->sending];
    bool waits_for_answer = !client->is_pipelining && client->sending > check->answered;
    if (waits_for_answer || (check->is_closing && client->sending >= check->answered))
        return 0;
    bool is_paused =
        request->pause_at > 0 && !(check->goes_on && client->sending == check->answered);
    return is_paused ? request->pause_at : request->bytes.length;
}

static bool has_sent_all(const sim_client *client)
{
    return client->sending == client->check.count;
}

static bool send_some(sim_client *client)
{
    sim_check *check = &client->check;
    if (client->has_ended)
        return false;
    if (has_sent_all(client)) {
        if (!client->has_trailing)
            return false;
        client->has_trailing = false;
        sim_socket_send(client->socket, HW_TEXT(SMUGGLED));
        return true;
    }
    size_t end = may_send_upto(client);
    if (client->sent >= end)
        return false;
    const sim_request *request = &check->requests[client->sending];
    hw_text part = hw_text_from(hw_text_upto(talk_bytes_text(&request->bytes), end), client->sent);
    part = hw_text_upto(part, sim_draw_between(1, client->piece_bytes * 4));
    sim_socket_send(client->socket, part);
    client->sent += part.length;
    client->sent_all += part.length;
    if (client->sent == request->bytes.length) {
        check->ends_at[client->sending++] = client->sent_all;
        client->sent = 0;
    }
    return true;
}

static bool let_arrive(sim_client *client)
{
    size_t coming = sim_socket_on_the_way(client->socket);
    if (coming == 0)
        return false;
    sim_socket_arrive(client->socket, sim_draw_between(1, client->piece_bytes * 2));
    sim_check_arrived(&client->check, sim_socket_arrived(client->socket), client->sending);
    return true;
}

static bool take_some(sim_client *client)
{
    talk_bytes got = {0};
    if (!sim_socket_has_news(client->socket))
        return false;
    sim_heard heard =
        sim_socket_take(client->socket, sim_draw_between(1, client->piece_bytes * 2), &got);
    if (heard == SIM_HEARD_BYTES) {
        sim_check_bytes(&client->check, talk_bytes_text(&got));
    } else {
        client->check.read = sim_socket_read(client->socket);
        sim_check_end(&client->check, heard == SIM_HEARD_RESET);
        leave(client);
    }
    talk_bytes_free(&got);
    return true;
}

/* Everything is sent, and there is nothing to wait for but the server's end. */
static bool finish(sim_client *client)
{
    const sim_check *check = &client->check;
    bool is_tunnel_over =
        check->is_tunnel && check->tunnel_at == check->requests[check->count - 1].content.length;
    bool is_answered = check->answered == check->count || check->is_closing || is_tunnel_over;
    bool can_end =
        is_tunnel_over || (client->ends_early && has_sent_all(client) && !check->is_tunnel &&
                           !check->requests[check->count - 1].is_tunnel);
    if (client->has_finished)
        return false;
    if (can_end && !client->has_ended) {
        client->has_ended = true;
        sim_socket_end(client->socket);
        return true;
    }
    if (!is_answered || client->has_ended || client->leaves_late)
        return false;
    client->has_finished = true;
    if (sim_chance(50)) {
        client->has_ended = true;
        sim_socket_end(client->socket);
    } else if (!check->is_closing || sim_chance(30)) {
        leave(client);
    }
    return true;
}

static bool be_rude(sim_client *client)
{
    if (client->rudeness == 0 || sim_draw(1000) >= client->rudeness)
        return false;
    switch (sim_draw(6)) {
    case 0:
        sim_socket_reset(client->socket);
        leave(client);
        break;
    case 1:
        leave(client);
        break;
    case 2:
        if (!client->has_ended)
            sim_socket_end(client->socket);
        client->has_ended = true;
        break;
    case 3:
        client->next_ns = sim_now_ns() + (int64_t)sim_draw(200000) * MS;
        break;
    default:
        client->next_ns = sim_now_ns() + (int64_t)sim_draw(4000) * MS;
        break;
    }
    return true;
}

bool sim_client_act(sim_client *client)
{
    if (client->is_over || client->next_ns > sim_now_ns())
        return false;
    if (!client->has_connected) {
        connect_to_server(client);
        return true;
    }
    if (be_rude(client))
        return true;
    unsigned first = (unsigned)sim_draw(3);
    for (unsigned i = 0; i < 3; i++) {
        unsigned what = (first + i) % 3;
        if (what == 0 ? take_some(client) : what == 1 ? let_arrive(client) : send_some(client))
            return true;
    }
    return finish(client);
}

void sim_client_describe(const sim_client *client, char *words, unsigned long bytes)
{
    const sim_check *check = &client->check;
    snprintf(words, bytes,
             "client %u: %zu of %zu requests sent, %zu answered%s%s, %zu bytes on the way",
             client->id, client->sending, check->count, check->answered,
             client->has_ended ? ", ended" : "", check->is_strict ? ", strict" : "",
             client->socket ? sim_socket_on_the_way(client->socket) : 0);
}
