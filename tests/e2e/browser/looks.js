// Texts of too little contrast and what lies beyond the right edge of the window, in words.
() => {
  const numbers = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, under) => {
    const alpha = top[3] ?? 1;
    return [0, 1, 2].map((i) => top[i] * alpha + under[i] * (1 - alpha));
  };

  /** The colour behind an element; null where a picture or a gradient lies there: judged by eye. */
  function behind(element) {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      layers.push(numbers(style.backgroundColor));
      if ((layers.at(-1)[3] ?? 1) === 1) break;
    }
    const page = document.body.classList.contains("dark") ? [0, 0, 0] : [255, 255, 255];
    return layers.reduceRight((under, top) => over(top, under), page);
  }

  function luminance(rgb) {
    const [r, g, b] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function contrast(element, under) {
    let opacity = 1;
    for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const [r, g, b, alpha = 1] = numbers(getComputedStyle(element).color);
    const [high, low] = [luminance(over([r, g, b, alpha * opacity], under)), luminance(under)].sort((a, z) => z - a);
    return (high + 0.05) / (low + 0.05);
  }

  function shown(element) {
    const box = element.getBoundingClientRect();
    const visible = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    return visible && box.width > 1 && box.height > 1;
  }

  const words = (element) => [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
    .map((node) => node.textContent.trim()).join(" ").trim();

  /** WCAG 2.1, 1.4.3: 4.5 for text, 3 for large text; what is switched off needs none. */
  function faint(element) {
    const said = words(element);
    if (!said || !shown(element)) return null;
    if (element.closest(":disabled, [aria-disabled=true], svg, video, script, style")) return null;
    const under = behind(element);
    if (!under) return null;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const found = contrast(element, under);
    if (found >= (large ? 3 : 4.5)) return null;
    return `${said.slice(0, 40)}: ${found.toFixed(2)}, ${style.color} on ${under.map(Math.round)}`;
  }

  function beyond(element) {
    if (!shown(element) || element.getBoundingClientRect().right <= innerWidth + 1) return null;
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "visible") return null; // it scrolls, or is cut there on purpose
    }
    return `${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 30)}`;
  }

  const all = [...document.querySelectorAll("body *")];
  const of = (judge) => [...new Set(all.map(judge).filter(Boolean))];
  const wide = document.documentElement.scrollWidth > innerWidth;
  return { faint: of(faint), beyond: [...of(beyond), ...(wide ? ["the page scrolls sideways"] : [])] };
}
