/* What a server of these tests needs to speak TLS. */
#ifndef HW_TESTS_TALK_SECURE_H
#define HW_TESTS_TALK_SECURE_H

#include "net/tls.h"

/* One certificate, of ECDSA and for "test"; its files go into the folder. Once a process: making keys
 * takes longer than a talk. NULL: Hewn was built without OpenSSL. Gives up the run where that fails. */
hw_tls *talk_secure_new(const char *folder);

#endif
