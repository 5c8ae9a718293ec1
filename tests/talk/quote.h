/* Bytes as talks write them. */
#ifndef HW_TESTS_TALK_QUOTE_H
#define HW_TESTS_TALK_QUOTE_H

#include "talk/bytes.h"

/* Text with escapes: \r \n \t \\ \" \0 \xNN. False: an escape that is none. */
bool talk_quote_unescape(hw_text text, talk_bytes *bytes);
/* "..." and 8000*"..." behind one another. False: not written like that. */
bool talk_quote_read(hw_text text, talk_bytes *bytes);

#endif
