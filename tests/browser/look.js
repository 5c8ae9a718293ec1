/* What is wrong with how the page that is shown looks, as a list of words. */
const wrong = [], words = e => `${e.tagName} "${e.textContent.trim().slice(0, 30)}"`;
const width = arguments[0];

const color = text => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
};
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
const parents = e => e ? [...parents(e.parentElement), e] : [];
const background = e => parents(e).reduce((below, p) =>
    over(color(getComputedStyle(p).backgroundColor), below), [255, 255, 255]);

/* WCAG 2.2: relative luminance, contrast ratio. */
const luminance = rgb => rgb.map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
};
const judge = (e, style, what) => {
    const behind = background(e), [r, g, b, a] = color(style.color);
    const shown = parents(e).reduce((all, p) => all * getComputedStyle(p).opacity, a * style.opacity);
    const told = contrast(over([r, g, b, shown], behind), behind);
    if (!(told >= 4.5)) wrong.push(`${what} has a contrast of ${told.toFixed(2)}`);
    if (!(parseFloat(style.fontSize) >= 12)) wrong.push(`${what} is ${style.fontSize} high`);
};

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const texts = [];
while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const boxes = [...range.getClientRects()], e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !boxes.length) continue;
    texts.push(e);
    judge(e, getComputedStyle(e), words(e));
    if (boxes.some(box => box.left < 0 || box.right > width)) wrong.push(`${words(e)} leaves the screen`);
}
if (texts.length < 5) wrong.push('there is hardly any text');
const filter = document.querySelector('input');
if (!filter.hidden) judge(filter, getComputedStyle(filter, '::placeholder'), 'the placeholder');
if (!filter.hidden) judge(filter, getComputedStyle(filter), 'the filter');

if (document.documentElement.scrollWidth > width)
    wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
for (const e of document.querySelectorAll('th,td,nav,footer p'))
    if (e.scrollWidth > e.clientWidth + 1) wrong.push(`${words(e)} is wider than its place`);
for (const e of document.querySelectorAll('a,input')) {
    const box = e.getBoundingClientRect();
    if (box.height > 0 && box.height < 24) wrong.push(`${words(e)} is ${box.height} high`);
}

/* What has the focus: a line around it, or around its row, that can be told from what is behind it. */
const here = document.activeElement;
if (here !== document.body) {
    const seen = [here, here.closest('tbody tr')].filter(e => e).some(e => {
        const style = getComputedStyle(e);
        return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 &&
            contrast(color(style.outlineColor).slice(0, 3), background(e)) >= 3;
    });
    if (!seen) wrong.push(`${words(here)} does not look as if it had the focus`);
    const box = here.getClientRects()[0], x = box.left + box.width / 2, y = box.top + box.height / 2;
    const hit = document.elementFromPoint(x, y);
    if (hit !== here && !here.contains(hit)) wrong.push(`${words(here)} has the focus and is out of sight`);
}
return wrong;
