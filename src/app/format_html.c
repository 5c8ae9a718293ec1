/* Compiles formats of HTML: reads the format as a browser's tokenizer would (WHATWG HTML 13.2.5),
 * state by state, and so knows where each conversion stands.
 *
 * Safe are text and quoted values of attributes, for in both of them a text that is escaped can only
 * be a text. Nothing else takes %s: not names, values without quotes, comments, scripts and styles,
 * nor values that run (attribute.h). An address takes it where the text cannot choose a scheme that
 * runs something: at its very begin the text is looked at when it is put (format_put.c), and behind
 * "/", "?" or "#" it has no scheme to choose. Numbers are harmless in every quoted value.
 *
 * A format begins and ends in text, outside of scripts and titles, so that pieces of pages fit
 * together. What tokenizers read in two ways, depending on the tree that has been built so far (in
 * SVG, or in a select, a title or style does not switch the tokenizer), is refused. */
#include "app/attribute.h"
#include "app/format_compiler.h"
#include "app/format_href.h"

enum { NAME_BYTES = 24 };

/* The states of the standard; those of a kind that end alike are one. */
typedef enum html_state {
    HTML_TEXT,             /* 13.2.5.1 */
    HTML_RAW,              /* 13.2.5.2 to 4: the content of a script, a style, a title, ... */
    HTML_TAG_OPEN,         /* 13.2.5.6: behind "<" */
    HTML_END_TAG_OPEN,     /* 13.2.5.7: behind "</" */
    HTML_TAG_NAME,         /* 13.2.5.8 */
    HTML_BEFORE_ATTRIBUTE, /* 13.2.5.32 */
    HTML_ATTRIBUTE_NAME,   /* 13.2.5.33 */
    HTML_AFTER_NAME,       /* 13.2.5.34 */
    HTML_BEFORE_VALUE,     /* 13.2.5.35: behind "=" */
    HTML_QUOTED,           /* 13.2.5.36 and 37 */
    HTML_UNQUOTED,         /* 13.2.5.38 */
    HTML_AFTER_VALUE,      /* 13.2.5.39: behind the closing quote */
    HTML_SELF_CLOSING,     /* 13.2.5.40: behind "/" in a tag */
    HTML_BOGUS,            /* 13.2.5.41, and DOCTYPEs: up to ">" */
    HTML_COMMENT,          /* 13.2.5.43 to 52 */
} html_state;

/* How an element's content is read. */
typedef enum html_content {
    HTML_ORDINARY,
    HTML_TITLE,   /* characters and references, no tags: RCDATA */
    HTML_RAWTEXT, /* characters */
    HTML_SCRIPT,
    HTML_ENDLESS, /* plaintext */
} html_content;

typedef struct html_name {
    char bytes[NAME_BYTES]; /* cut where it is longer than any that matters */
    size_t length;
} html_name;

typedef struct html_compiler {
    hw_format_compiler *to;
    html_state state;
    html_content content;
    html_name tag, attribute; /* in lower case */
    bool is_end_tag, is_self_closed;
    bool has_equiv, has_content; /* of a meta element: http-equiv; a text in its content */
    int quote;
    hw_attribute kind; /* of the attribute */
    hw_href href;      /* of an address */
    unsigned foreign;  /* SVG and MathML that is open */
    int dashes;        /* of a comment, so far in a row */
    bool is_banged;    /* ... and a "!" behind them */
    bool is_comment_new;
} html_compiler;

static hw_text name_text(const html_name *name)
{
    return (hw_text){name->bytes, name->length};
}

static void add_to_name(html_name *name, int byte)
{
    if (name->length < NAME_BYTES)
        name->bytes[name->length++] = hw_char_lower((char)byte);
}

static bool is_name(const html_name *name, const char *word)
{
    return hw_text_equal(name_text(name), hw_text_of(word));
}

static bool is_html_blank(int byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r';
}

static html_content content_of(const html_name *element)
{
    static const struct {
        const char *name;
        html_content content;
    } special[] = {
        {"title", HTML_TITLE},      {"textarea", HTML_TITLE}, {"style", HTML_RAWTEXT},
        {"xmp", HTML_RAWTEXT},      {"iframe", HTML_RAWTEXT}, {"noembed", HTML_RAWTEXT},
        {"noframes", HTML_RAWTEXT}, {"script", HTML_SCRIPT},  {"plaintext", HTML_ENDLESS},
    };
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (is_name(element, special[i].name))
            return special[i].content;
    return HTML_ORDINARY;
}

/* Behind the ">" of a tag. */
static void end_tag(html_compiler *html)
{
    html->state = HTML_TEXT;
    html->content = HTML_ORDINARY;
    if (html->has_equiv && html->has_content)
        (void)hw_format_fail(html->to, "a conversion stands in what a meta element has done: "
                                       "http-equiv with content");
    if (is_name(&html->tag, "svg") || is_name(&html->tag, "math")) {
        if (!html->is_end_tag)
            html->foreign += !html->is_self_closed;
        else if (html->foreign > 0)
            html->foreign--;
    }
    if (html->is_end_tag)
        return;
    html->content = content_of(&html->tag);
    if (html->content == HTML_ENDLESS)
        (void)hw_format_fail(html->to, "a plaintext element never ends");
    if (html->content != HTML_ORDINARY)
        html->state = HTML_RAW;
}

static void begin_tag(html_compiler *html, bool is_end_tag)
{
    html->state = HTML_TAG_NAME;
    html->tag.length = 0;
    html->is_end_tag = is_end_tag;
    html->is_self_closed = html->has_equiv = html->has_content = false;
}

static void begin_attribute(html_compiler *html, int byte)
{
    html->state = HTML_ATTRIBUTE_NAME;
    html->attribute.length = 0;
    add_to_name(&html->attribute, byte);
}

static void begin_comment(html_compiler *html)
{
    html->state = HTML_COMMENT;
    html->dashes = 0;
    html->is_banged = false;
    html->is_comment_new = true; /* "<!-->" and "<!--->" are whole comments */
}

static void begin_value(html_compiler *html, int quote)
{
    html->state = HTML_QUOTED;
    html->quote = quote;
    html->href = (hw_href){.state = HW_HREF_EMPTY};
}

static void take_in_text(html_compiler *html, int byte)
{
    if (byte == '<')
        html->state = HTML_TAG_OPEN;
}

/* The end tag of the element, or a "<" that is none: it may be one only where no reader could take
 * it for the begin of something. */
static void take_in_raw(html_compiler *html, int byte)
{
    hw_cursor probe = html->to->cursor;
    hw_text name;
    if (byte != '<')
        return;
    if (hw_cursor_take(&probe, '/') && hw_cursor_take_bytes(&probe, html->tag.length, &name) &&
        hw_text_equal_nocase(name, name_text(&html->tag))) {
        int next = hw_cursor_peek(&probe);
        if (is_html_blank(next) || next == '/' || next == '>') {
            html->to->cursor.at++;
            hw_buffer_put_char(&html->to->literal, '/');
            begin_tag(html, true);
            return;
        }
    }
    int next = hw_cursor_peek(&html->to->cursor);
    bool is_plain = is_html_blank(next) || next == '=' || hw_char_is_digit((char)next);
    bool is_script = html->content == HTML_SCRIPT && html->foreign == 0;
    bool is_comment = next == '!';
    if (is_comment || !(is_plain || is_script))
        (void)hw_format_fail(html->to, "a tag or comment begins inside of a script, a style, a "
                                       "title or the like");
}

static void take_tag_open(html_compiler *html, int byte)
{
    hw_cursor *cursor = &html->to->cursor;
    if (byte == '/') {
        html->state = HTML_END_TAG_OPEN;
    } else if (hw_char_is_alpha((char)byte)) {
        begin_tag(html, false);
        add_to_name(&html->tag, byte);
    } else if (byte == '!') {
        html->state = HTML_BOGUS;
        if (hw_cursor_take_text(cursor, HW_TEXT("--"))) {
            hw_buffer_put_string(&html->to->literal, "--");
            begin_comment(html);
        } else if (hw_text_has_prefix(hw_cursor_rest(cursor), HW_TEXT("[CDATA["))) {
            (void)hw_format_fail(html->to, "a CDATA section is no HTML");
        }
    } else if (byte == '?') {
        html->state = HTML_BOGUS;
    } else {
        html->state = HTML_TEXT;
        take_in_text(html, byte);
    }
}

static void take_end_tag_open(html_compiler *html, int byte)
{
    if (hw_char_is_alpha((char)byte)) {
        begin_tag(html, true);
        add_to_name(&html->tag, byte);
    } else {
        html->state = byte == '>' ? HTML_TEXT : HTML_BOGUS;
    }
}

/* What every state between the parts of a tag does with the bytes that part them. False: the byte is
 * none of those. */
static bool take_in_tag(html_compiler *html, int byte)
{
    if (byte == '>') {
        end_tag(html);
    } else if (byte == '/') {
        html->state = HTML_SELF_CLOSING;
    } else if (is_html_blank(byte)) {
        if (html->state != HTML_AFTER_NAME)
            html->state =
                html->state == HTML_ATTRIBUTE_NAME ? HTML_AFTER_NAME : HTML_BEFORE_ATTRIBUTE;
    } else {
        return false;
    }
    return true;
}

static void end_attribute_name(html_compiler *html)
{
    html->state = HTML_BEFORE_VALUE;
    html->kind = hw_attribute_of(name_text(&html->tag), name_text(&html->attribute));
    html->has_equiv |= is_name(&html->attribute, "http-equiv");
}

static void take_in_name(html_compiler *html, int byte)
{
    if (take_in_tag(html, byte))
        return;
    if (html->state == HTML_TAG_NAME)
        add_to_name(&html->tag, byte);
    else if (byte == '=' && (html->state == HTML_ATTRIBUTE_NAME || html->state == HTML_AFTER_NAME))
        end_attribute_name(html);
    else if (html->state == HTML_ATTRIBUTE_NAME)
        add_to_name(&html->attribute, byte);
    else
        begin_attribute(html, byte);
}

static void take_self_closing(html_compiler *html, int byte)
{
    html->is_self_closed = byte == '>';
    html->state = HTML_BEFORE_ATTRIBUTE;
    take_in_name(html, byte);
}

static void take_before_value(html_compiler *html, int byte)
{
    if (byte == '"' || byte == '\'')
        begin_value(html, byte);
    else if (byte == '>')
        end_tag(html);
    else if (!is_html_blank(byte))
        html->state = HTML_UNQUOTED;
}

static void take_quoted(html_compiler *html, int byte)
{
    if (byte == html->quote)
        html->state = HTML_AFTER_VALUE;
    else
        hw_href_take(&html->href, byte);
}

static void take_unquoted(html_compiler *html, int byte)
{
    if (byte == '>')
        end_tag(html);
    else if (is_html_blank(byte))
        html->state = HTML_BEFORE_ATTRIBUTE;
}

static void take_in_comment(html_compiler *html, int byte)
{
    bool ends_new = html->is_comment_new && html->dashes < 2;
    if (byte == '>' && (ends_new || html->dashes >= 2)) {
        html->state = HTML_TEXT;
    } else if (byte == '!' && html->dashes >= 2 && !html->is_banged) {
        html->is_banged = true;
        html->is_comment_new = false;
    } else {
        html->dashes = byte != '-' ? 0 : html->is_banged ? 1 : html->dashes + 1;
        html->is_banged = false;
        html->is_comment_new &= byte == '-';
    }
}

static void take_html(html_compiler *html, int byte)
{
    switch (html->state) {
    case HTML_TEXT:
        take_in_text(html, byte);
        break;
    case HTML_RAW:
        take_in_raw(html, byte);
        break;
    case HTML_TAG_OPEN:
        take_tag_open(html, byte);
        break;
    case HTML_END_TAG_OPEN:
        take_end_tag_open(html, byte);
        break;
    case HTML_TAG_NAME:
    case HTML_BEFORE_ATTRIBUTE:
    case HTML_ATTRIBUTE_NAME:
    case HTML_AFTER_NAME:
    case HTML_AFTER_VALUE:
        take_in_name(html, byte);
        break;
    case HTML_SELF_CLOSING:
        take_self_closing(html, byte);
        break;
    case HTML_BEFORE_VALUE:
        take_before_value(html, byte);
        break;
    case HTML_QUOTED:
        take_quoted(html, byte);
        break;
    case HTML_UNQUOTED:
        take_unquoted(html, byte);
        break;
    case HTML_BOGUS:
        if (byte == '>')
            html->state = HTML_TEXT;
        break;
    case HTML_COMMENT:
        take_in_comment(html, byte);
        break;
    }
}

/* Why no conversion may stand here. */
static const char *refusal_in(html_state state)
{
    switch (state) {
    case HTML_TEXT:
    case HTML_QUOTED:
        break;
    case HTML_RAW:
        return "a conversion stands in a script, a style or other raw text";
    case HTML_TAG_OPEN:
    case HTML_END_TAG_OPEN:
    case HTML_TAG_NAME:
        return "a conversion stands in the name of a tag";
    case HTML_BEFORE_ATTRIBUTE:
    case HTML_ATTRIBUTE_NAME:
    case HTML_AFTER_NAME:
    case HTML_AFTER_VALUE:
    case HTML_SELF_CLOSING:
        return "a conversion stands in the name of an attribute";
    case HTML_BEFORE_VALUE:
    case HTML_UNQUOTED:
        return "a conversion stands in a value without quotes";
    case HTML_BOGUS:
    case HTML_COMMENT:
        return "a conversion stands in a comment or a doctype";
    }
    return NULL;
}

static void place_in_value(html_compiler *html, hw_format_piece *piece)
{
    const char *problem = NULL;
    if (piece->conversion == HW_CONVERT_TAGGED)
        problem = "%p is markup, and stands in the value of an attribute";
    else if (piece->conversion != HW_CONVERT_TEXT)
        hw_href_take(&html->href, '0'); /* as harmless as any digit */
    else if (html->kind == HW_ATTRIBUTE_CODE)
        problem =
            "%s stands in an attribute that a browser may run: on..., style, srcdoc or the like";
    else if (html->kind == HW_ATTRIBUTE_URL)
        problem = hw_href_place(&html->href, false, &piece->role);
    else if (html->kind == HW_ATTRIBUTE_LOADER)
        problem = hw_href_place(&html->href, true, &piece->role);
    else if (html->kind == HW_ATTRIBUTE_CONTENT)
        html->has_content = true;
    if (problem)
        (void)hw_format_fail(html->to, problem);
}

static void take_html_conversion(html_compiler *html)
{
    hw_format_piece piece;
    bool is_known = hw_format_read_conversion(&html->to->cursor, &piece);
    bool is_title = html->state == HTML_RAW && html->content == HTML_TITLE;
    const char *problem = is_title ? NULL : refusal_in(html->state);
    piece.role = HW_ROLE_HTML;
    if (problem)
        (void)hw_format_fail(html->to, problem);
    else if (!is_known || piece.conversion == HW_CONVERT_BOOL)
        (void)hw_format_fail(html->to, "the format has a conversion that HTML formats do not know");
    else if (is_title && piece.conversion == HW_CONVERT_TAGGED)
        (void)hw_format_fail(html->to, "%p is markup, and stands in a title or textarea");
    else if (html->state == HTML_QUOTED)
        place_in_value(html, &piece);
    hw_format_end_piece(html->to, piece);
}

void hw_format_compile_html(hw_format_compiler *to)
{
    html_compiler html = {.to = to};
    for (int byte; !to->problem && (byte = hw_cursor_next(&to->cursor)) >= 0;) {
        if (byte == '%' && !hw_cursor_take(&to->cursor, '%')) {
            take_html_conversion(&html);
        } else {
            hw_buffer_put_char(&to->literal, (char)byte);
            take_html(&html, byte);
        }
    }
    /* A "<" at the end is text, until something follows it. */
    if (html.state != HTML_TEXT)
        (void)hw_format_fail(to,
                             "the format ends inside of a tag, a comment, a script or the like");
    if (html.foreign > 0)
        (void)hw_format_fail(to, "the format ends inside of an svg or math element");
}
