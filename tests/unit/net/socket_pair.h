/* A real client's end for the tests of net. */
#ifndef HW_TESTS_SOCKET_PAIR_H
#define HW_TESTS_SOCKET_PAIR_H

#include "net/listener.h"

/* A blocking client connected to what a listener has bound; calls that take ten seconds fail. */
int hw_test_connect(const char *name);
void hw_test_send(int client, const char *string);
/* Reads until so many bytes are there, or the end; how many there were, or -errno. */
long hw_test_receive(int client, char *memory, size_t bytes);

#endif
