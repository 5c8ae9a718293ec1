/* What a name led to: a file as it is and as it is coded already, a folder, or nothing.
 *
 * An entry is one allocation of its own and one arena, filled once; the answer that made it and
 * every later one are made of it in the same way, so a cached answer cannot differ. */
#include "kit/entry.h"

#include <errno.h>

#include "base/assert.h"
#include "kit/compress.h"
#include "kit/encoder.h"
#include "sys/memory.h"
#include "sys/socket.h"

/* Texts, fields and the encoded heads of a usual file. */
#define ENTRY_BLOCK_BYTES 1280
/* A longer file is sent as it is: it can be had in parts, and coding it would take a while. */
#define ENTRY_ON_THE_WAY_MAX (16 * 1024 * 1024)

int hw_entry_new(hw_entry_kind kind, hw_text path, hw_entry **ret_entry)
{
    hw_entry *entry = hw_sys_alloc_zeroed(1, sizeof *entry);
    if (!entry)
        return -ENOMEM;
    entry->kind = kind;
    entry->references = 1;
    entry->file.fd = -1;
    hw_arena_init(&entry->memory, kind == HW_ENTRY_FILE ? ENTRY_BLOCK_BYTES : 64, SIZE_MAX);
    if (!hw_arena_copy_text(&entry->memory, path, &entry->path)) {
        hw_entry_release(entry);
        return -ENOMEM;
    }
    *ret_entry = entry;
    return 0;
}

static void charge_to(hw_entry *entry, hw_budget *budget)
{
    hw_arena_charge(&entry->memory, budget);
    hw_budget_add(budget, sizeof *entry);
    hw_budget_give(entry->charged, sizeof *entry);
    entry->charged = budget;
}

int hw_entry_charge(hw_entry *entry, hw_budget *budget)
{
    entry->origin = budget;
    charge_to(entry, budget);
    return budget && budget->max > 0 && hw_budget_used(budget) > budget->max ? -ENOMEM : 0;
}

void hw_entry_enter_cache(hw_entry *entry)
{
    charge_to(entry, NULL);
}

/* What nobody has any more goes at once. */
void hw_entry_leave_cache(hw_entry *entry)
{
    if (entry->references > 1)
        charge_to(entry, entry->origin);
}

void hw_entry_hold(hw_entry *entry)
{
    entry->references++;
}

/* Out of line, for it is seldom the last one. */
static __attribute__((noinline)) void free_entry(hw_entry *entry)
{
    hw_assert(entry->filing.cost == 0);
    for (size_t i = 0; entry->variants && i < HW_CODING_COUNT; i++)
        hw_pressed_release(entry->variants->contents[i]);
    for (hw_coding coding = HW_CODING_IDENTITY; coding < HW_CODING_COUNT; coding++)
        if (hw_entry_representation(entry, coding))
            hw_representation_close(hw_entry_representation(entry, coding));
    charge_to(entry, NULL);
    hw_arena_fini(&entry->memory);
    hw_sys_free(entry);
}

void hw_entry_release(hw_entry *entry)
{
    if (entry && --entry->references == 0)
        free_entry(entry);
}

static bool open_variants(hw_entry *entry)
{
    if (!entry->variants)
        entry->variants = hw_arena_alloc_zeroed(&entry->memory, 1, sizeof *entry->variants);
    return entry->variants != NULL;
}

/* A sibling that changes just now is none. */
static int add_sibling(hw_entry *entry, hw_coding coding, const hw_finding *finding,
                       const hw_file_rules *rules, const hw_rendering *rendering)
{
    hw_rendering coded = *rendering;
    hw_representation *file = hw_arena_alloc(&entry->memory, sizeof *file);
    coded.coding = hw_coding_name(coding);
    if (!file) {
        (void)hw_sys_close(finding->fd);
        return -ENOMEM;
    }
    int error = hw_representation_make(file, finding, rules, &coded, &entry->memory);
    if (error < 0) {
        hw_representation_close(file);
        return error == -ESTALE ? 0 : error;
    }
    entry->variants->coded[coding] = file;
    entry->variants->siblings |= HW_CODING_BIT(coding);
    entry->is_unhashed |= file->is_unhashed;
    return 0;
}

static int add_siblings(hw_entry *entry, hw_siblings *siblings, const hw_file_rules *rules,
                        const hw_rendering *rendering)
{
    int error = 0;
    if (siblings->codings == 0)
        return 0;
    if (!open_variants(entry))
        return -ENOMEM;
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT && error == 0; coding++)
        if (siblings->codings & HW_CODING_BIT(coding)) {
            siblings->codings &= ~HW_CODING_BIT(coding);
            error = add_sibling(entry, coding, &siblings->found[coding], rules, rendering);
        }
    return error;
}

/* What the press has of one coding. */
static int add_pressed(hw_entry *entry, hw_coding coding, const hw_file_rules *rules,
                       const hw_rendering *rendering)
{
    hw_variants *variants = entry->variants;
    hw_rendering coded = *rendering;
    hw_pressed *pressed = hw_press_find(rules->press, entry->file.hash, coding);
    if (!pressed) {
        variants->press = rules->press;
        variants->is_asking = true;
        return 0;
    }
    variants->contents[coding] = pressed;
    if (pressed->bytes.length == 0) {
        variants->on_the_way = 0; /* it does not get smaller there either */
        return 0;
    }
    hw_representation *file = hw_arena_alloc(&entry->memory, sizeof *file);
    coded.coding = hw_coding_name(coding);
    const char *suffix = coding == HW_CODING_BR ? "-br11" : "-zstd19";
    if (!file || hw_representation_make_pressed(file, &entry->file, pressed, suffix, rules, &coded,
                                                &entry->memory) < 0)
        return -ENOMEM;
    variants->coded[coding] = file;
    variants->pressed |= HW_CODING_BIT(coding);
    return 0;
}

static bool is_hash_known(const hw_representation *file)
{
    return file->hash.high != 0 || file->hash.low != 0;
}

static bool is_worth_coding(const hw_file_rules *rules, uint64_t length, hw_text type)
{
    /* RFC 9110 7.7: what was said with -H or .fields. */
    bool may_be_coded = rules->press && !(rules->policy && rules->policy->forbids_coding);
    return may_be_coded && length >= HW_COMPRESS_BYTES_MIN && length <= ENTRY_ON_THE_WAY_MAX &&
           hw_compress_fits(type);
}

/* Whatever is no sibling can be coded on its way; and better, if the press may have it. */
static int add_made_codings(hw_entry *entry, const hw_file_rules *rules,
                            const hw_rendering *rendering)
{
    int error = 0;
    if (!open_variants(entry))
        return -ENOMEM;
    hw_variants *variants = entry->variants;
    variants->root = rules->root;
    variants->on_the_way = hw_encoder_codings();
    if (!is_hash_known(&entry->file) || entry->file.length > HW_PRESS_FILE_MAX)
        return 0;
    unsigned pressed = hw_press_codings() & ~variants->siblings;
    variants->pressed_before = hw_press_count(rules->press, entry->file.hash);
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT && error == 0; coding++)
        if (pressed & HW_CODING_BIT(coding))
            error = add_pressed(entry, coding, rules, rendering);
    return error;
}

/* Of the file and its siblings, before anything is asked about them. */
static unsigned count_hashes(const hw_hasher *hasher, const hw_finding *finding,
                             const hw_siblings *siblings)
{
    hw_identity file = hw_identity_of(&finding->seen);
    unsigned count = hw_hasher_count(hasher, &file);
    for (hw_coding coding = HW_CODING_GZIP; coding < HW_CODING_COUNT; coding++)
        if (siblings->codings & HW_CODING_BIT(coding)) {
            file = hw_identity_of(&siblings->found[coding].seen);
            count += hw_hasher_count(hasher, &file);
        }
    return count;
}

/* The same, of what has become of them. */
static bool has_other_hash(const hw_entry *entry, const hw_hasher *hasher)
{
    const hw_variants *variants = entry->variants;
    unsigned count = hw_hasher_count(hasher, &entry->file.identity);
    for (hw_coding coding = HW_CODING_GZIP; variants && coding < HW_CODING_COUNT; coding++)
        if (variants->siblings & HW_CODING_BIT(coding))
            count += hw_hasher_count(hasher, &variants->coded[coding]->identity);
    return count != entry->hashes_before;
}

bool hw_entry_has_more(const hw_entry *entry, const hw_hasher *hasher)
{
    const hw_variants *variants = entry->variants;
    if (variants && variants->press &&
        variants->pressed_before != hw_press_count(variants->press, entry->file.hash))
        return true;
    return entry->is_unhashed && has_other_hash(entry, hasher);
}

static int fill_entry(hw_entry *entry, const char *name, const hw_finding *finding,
                      hw_siblings *siblings, const hw_file_rules *rules)
{
    hw_rendering rendering = {.path = hw_text_of(name)};
    entry->file.fd = finding->fd;
    entry->policy = rules->policy;
    entry->name = hw_arena_copy(&entry->memory, hw_text_of(name));
    if (!entry->name || !hw_media_of(rules->media, rendering.path, &entry->memory, &rendering.type))
        return -ENOMEM;
    bool is_worth = is_worth_coding(rules, (uint64_t)finding->seen.st_size, rendering.type);
    rendering.varies = siblings->codings != 0 || is_worth;
    if (rules->hasher)
        entry->hashes_before = count_hashes(rules->hasher, finding, siblings);
    int error = hw_representation_make(&entry->file, finding, rules, &rendering, &entry->memory);
    entry->is_unhashed = entry->file.is_unhashed;
    if (error == 0)
        error = add_siblings(entry, siblings, rules, &rendering);
    if (error == 0 && is_worth)
        error = add_made_codings(entry, rules, &rendering);
    entry->is_unfinished = entry->is_unhashed || (entry->variants && entry->variants->press);
    return error;
}

int hw_entry_new_file(hw_text path, const char *name, const hw_finding *finding,
                      hw_siblings *siblings, const hw_file_rules *rules, hw_entry **ret_entry)
{
    hw_siblings none = {0};
    hw_siblings *beside = siblings ? siblings : &none;
    hw_entry *entry;
    int error = hw_entry_new(HW_ENTRY_FILE, path, &entry);
    if (error < 0) {
        (void)hw_sys_close(finding->fd);
    } else {
        error = fill_entry(entry, name, finding, beside, rules);
        if (error < 0)
            hw_entry_release(entry);
        else
            *ret_entry = entry;
    }
    hw_siblings_close(beside);
    return error;
}

hw_representation *hw_entry_representation(hw_entry *entry, hw_coding coding)
{
    if (coding == HW_CODING_IDENTITY)
        return &entry->file;
    return entry->variants ? entry->variants->coded[coding] : NULL;
}

size_t hw_entry_shared_bytes(const hw_entry *entry)
{
    size_t bytes = 0;
    for (size_t i = 0; entry->variants && i < HW_CODING_COUNT; i++)
        if (entry->variants->contents[i])
            bytes += entry->variants->contents[i]->bytes.length;
    return bytes;
}

unsigned hw_entry_descriptors(const hw_entry *entry)
{
    unsigned count = entry->file.fd >= 0;
    for (size_t i = 0; entry->variants && i < HW_CODING_COUNT; i++) {
        const hw_representation *coded = entry->variants->coded[i];
        count += coded && coded->fd >= 0;
    }
    return count;
}

/* A part of an entry's file, on its way out. */
typedef struct entry_source {
    hw_source source;
    hw_entry *entry;
    hw_representation *file;
    hw_range left;
} entry_source;

static hw_pull pull_entry(hw_source *source, size_t want, hw_piece *ret_piece)
{
    entry_source *part = (entry_source *)source;
    hw_range *left = &part->left;
    *ret_piece = (hw_piece){0};
    if (left->length == 0)
        return HW_PULL_END;
    uint64_t length = hw_representation_piece(part->file, *left, want, ret_piece);
    left->first += length;
    left->length -= length;
    return ret_piece->bytes.length > 0 ? HW_PULL_BYTES : HW_PULL_FILE;
}

static void drop_entry_source(hw_source *source)
{
    hw_entry_release(((entry_source *)source)->entry);
}

static const hw_source_ops entry_ops = {.pull = pull_entry, .drop = drop_entry_source};

hw_source *hw_entry_body(hw_entry *entry, hw_representation *file, hw_range part, hw_arena *arena)
{
    entry_source *source = hw_arena_alloc(arena, sizeof *source);
    if (!source)
        return NULL;
    const char *content = file->content.at;
    *source = (entry_source){
        {&entry_ops, part.length, content ? content + part.first : NULL}, entry, file, part};
    hw_entry_hold(entry);
    return &source->source;
}
