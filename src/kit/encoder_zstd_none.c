/* In place of encoder_zstd_libzstd.c in builds without that library: nothing is coded so. */
#include "kit/encoder.h"

const hw_encoder_kind hw_encoder_zstd = {.bytes = 0};
