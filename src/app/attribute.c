/* Tells attributes apart by what their values do.
 *
 * Everything that begins with "on" counts as an event handler, known or not: a list of those would
 * be out of date with each browser. Addresses are those of the HTML standard and of its ancestors;
 * an attribute that is none of these is text to every browser, whatever the element. */
#include "app/attribute.h"

typedef struct named_attribute {
    hw_text element, name; /* element empty: any */
    hw_attribute kind;
} named_attribute;

#define OF_ANY(name, kind)                                                                         \
    {                                                                                              \
        {NULL, 0}, HW_TEXT_INIT(name), kind                                                        \
    }
#define OF_ONE(element, name, kind)                                                                \
    {                                                                                              \
        HW_TEXT_INIT(element), HW_TEXT_INIT(name), kind                                            \
    }

/* The first that fits counts. */
static const named_attribute known_attributes[] = {
    OF_ONE("script", "src", HW_ATTRIBUTE_LOADER),
    OF_ONE("script", "href", HW_ATTRIBUTE_LOADER),
    OF_ONE("script", "xlink:href", HW_ATTRIBUTE_LOADER),
    OF_ONE("base", "href", HW_ATTRIBUTE_LOADER),
    OF_ONE("embed", "src", HW_ATTRIBUTE_LOADER),
    OF_ONE("object", "data", HW_ATTRIBUTE_LOADER),
    OF_ONE("meta", "content", HW_ATTRIBUTE_CONTENT),
    OF_ANY("style", HW_ATTRIBUTE_CODE),
    OF_ANY("srcdoc", HW_ATTRIBUTE_CODE),
    OF_ANY("http-equiv", HW_ATTRIBUTE_CODE),
    OF_ANY("srcset", HW_ATTRIBUTE_CODE), /* addresses, and more of them behind each comma */
    OF_ANY("imagesrcset", HW_ATTRIBUTE_CODE),
    /* Those of SVG that set another attribute to a value. */
    OF_ANY("attributename", HW_ATTRIBUTE_CODE),
    OF_ANY("values", HW_ATTRIBUTE_CODE),
    OF_ANY("from", HW_ATTRIBUTE_CODE),
    OF_ANY("to", HW_ATTRIBUTE_CODE),
    OF_ANY("by", HW_ATTRIBUTE_CODE),
    OF_ANY("href", HW_ATTRIBUTE_URL),
    OF_ANY("src", HW_ATTRIBUTE_URL),
    OF_ANY("action", HW_ATTRIBUTE_URL),
    OF_ANY("formaction", HW_ATTRIBUTE_URL),
    OF_ANY("cite", HW_ATTRIBUTE_URL),
    OF_ANY("poster", HW_ATTRIBUTE_URL),
    OF_ANY("background", HW_ATTRIBUTE_URL),
    OF_ANY("manifest", HW_ATTRIBUTE_URL),
    OF_ANY("ping", HW_ATTRIBUTE_URL),
    OF_ANY("longdesc", HW_ATTRIBUTE_URL),
    OF_ANY("usemap", HW_ATTRIBUTE_URL),
    OF_ANY("codebase", HW_ATTRIBUTE_LOADER),
    OF_ANY("classid", HW_ATTRIBUTE_LOADER),
    OF_ANY("archive", HW_ATTRIBUTE_LOADER),
    OF_ANY("profile", HW_ATTRIBUTE_URL),
    OF_ANY("lowsrc", HW_ATTRIBUTE_URL),
    OF_ANY("dynsrc", HW_ATTRIBUTE_URL),
    OF_ANY("icon", HW_ATTRIBUTE_URL),
    OF_ANY("xlink:href", HW_ATTRIBUTE_URL),
    OF_ANY("xml:base", HW_ATTRIBUTE_LOADER),
};

hw_attribute hw_attribute_of(hw_text element, hw_text name)
{
    if (hw_text_has_prefix(name, HW_TEXT("on")))
        return HW_ATTRIBUTE_CODE;
    for (size_t i = 0; i < sizeof known_attributes / sizeof *known_attributes; i++) {
        const named_attribute *known = &known_attributes[i];
        if (hw_text_equal(name, known->name) &&
            (known->element.length == 0 || hw_text_equal(element, known->element)))
            return known->kind;
    }
    return HW_ATTRIBUTE_TEXT;
}
