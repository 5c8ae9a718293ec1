/* Answers with what is in a folder: as a page, or as JSON for who prefers that. */
#ifndef HW_KIT_LISTING_H
#define HW_KIT_LISTING_H

#include "exchange/exchange.h"
#include "kit/policy.h"
#include "kit/root.h"

/* exchange->request.below is the folder's path, with its last '/'. What is here must outlive the
 * exchange. 0; or a negative errno, and nothing is answered: -EACCES it may not be read; -EMFILE and
 * the like; -ENOMEM; and the folder may be gone. */
int hw_listing_answer(const hw_root *root, const hw_policy *policy, hw_exchange *exchange);

#endif
