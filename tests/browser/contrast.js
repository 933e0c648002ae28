// Texts whose contrast to their ground is below 4.5 (WCAG 2.1, success criterion 1.4.3).
() => {
  const MINIMUM = 4.5;
  // Of a drawing the colour is no property of the text.
  const TEXTS = "body *:not(svg *, script, style, noscript)";

  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, ground, alpha = top.a) => ({
    r: top.r * alpha + ground.r * (1 - alpha),
    g: top.g * alpha + ground.g * (1 - alpha),
    b: top.b * alpha + ground.b * (1 - alpha),
    a: 1,
  });
  const linear = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ({ r, g, b }) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

  const ancestors = (element) => {
    const line = [];
    for (let node = element; node; node = node.parentElement) line.push(node);
    return line.reverse();
  };
  const ground = (element) =>
    ancestors(element).reduce(
      (below, node) => over(parse(getComputedStyle(node).backgroundColor), below),
      { r: 255, g: 255, b: 255, a: 1 },
    );
  const opacity = (element) =>
    ancestors(element).reduce((all, node) => all * getComputedStyle(node).opacity, 1);
  const hasOwnText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  // A colour that is still fading in is not what the reader will see.
  document
    .getAnimations()
    .filter((animation) => animation instanceof CSSTransition)
    .forEach((transition) => transition.finish());

  const low = new Set();
  for (const element of document.querySelectorAll(TEXTS)) {
    if (!hasOwnText(element) || !element.checkVisibility({ visibilityProperty: true })) continue;
    // Highlighted code has colours of its own; links after a heading appear only under the mouse.
    if (element.closest(".highlight, .headerlink, .skip-link")) continue;
    const behind = ground(element);
    const colour = parse(getComputedStyle(element).color);
    const text = over(colour, behind, colour.a * opacity(element));
    const [light, dark] = [luminance(text), luminance(behind)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < MINIMUM) {
      const words = element.textContent.trim().slice(0, 40);
      low.add(`${contrast.toFixed(2)} ${element.tagName.toLowerCase()}.${element.className} "${words}"`);
    }
  }
  return [...low];
}
