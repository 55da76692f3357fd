"""Scripts that look at a page from inside the browser, as a person with a colour meter would."""

LOW_CONTRAST = """
() => {
  // Every visible text against what is painted behind it, colours with alpha laid over one another.
  const parse = (text) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const known = new Map();
  const colour = (text) => known.get(text) || known.set(text, parse(text)).get(text);
  const over = (top, under) => top.slice(0, 3).map((part, i) => part * top[3] + under[i] * (1 - top[3]));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => { const c = part / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(colour(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const faded = (element) => {
    let all = 1;
    for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
    return all;
  };
  const seen = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const said = walk.currentNode.textContent.trim();
    const box = element.getBoundingClientRect();
    if (!said || !element.checkVisibility() || !box.width || element.closest("script, style, .hear, .skip")) continue;
    const style = getComputedStyle(element);
    if (style.fontSize === "0px") continue;
    const own = colour(element instanceof SVGElement ? style.fill : style.color);
    const under = behind(element);
    const ink = over([...own.slice(0, 3), own[3] * faded(element)], under);
    const [low, high] = [light(ink), light(under)].sort((a, b) => a - b);
    seen.push({ said: said.slice(0, 40), ratio: (high + 0.05) / (low + 0.05), under: under.map(Math.round).join() });
  }
  const inputs = [...document.querySelectorAll("input[type=search]")].map((input) => {
    const [low, high] = [light(colour(getComputedStyle(input, "::placeholder").color)), light(behind(input))].sort((a, b) => a - b);
    return { said: input.placeholder, ratio: (high + 0.05) / (low + 0.05), under: "" };
  });
  return [...seen, ...inputs];
}
"""

WITHOUT_A_NAME = """
() => [...document.querySelectorAll("a, button, input, summary, [role=region], [role=group], figure")]
  .filter((e) => e.checkVisibility() && !(e.getAttribute("aria-label") || e.labels?.length || e.textContent.trim()
    || document.getElementById(e.getAttribute("aria-labelledby"))))
  .map((e) => e.outerHTML.slice(0, 80))
"""

REPEATED_IDS = """
() => { const ids = [...document.querySelectorAll("[id]")].map((e) => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i); }
"""

CUT_OFF = """
() => [...document.querySelectorAll(".tile, .panel, figure, header, p, li, dd, dt")]
  .filter((e) => e.checkVisibility() && !e.matches(".hear, .hear *") && !e.closest(".scroll")
    && (e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
      || (e.matches(".tile, figure, p, li, dd, dt") && e.scrollWidth > e.clientWidth + 1)))
  .map((e) => e.outerHTML.slice(0, 80))
"""
