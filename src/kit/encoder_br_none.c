/* In place of encoder_br_brotli.c in builds without that library: nothing is coded so. */
#include "kit/encoder.h"

const hw_encoder_kind hw_encoder_br = {.bytes = 0};
