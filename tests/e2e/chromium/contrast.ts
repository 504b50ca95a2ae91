/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** A text on the page, and how it stands out from what is behind it. */
export interface Contrast {
  readonly text: string;
  readonly color: string;
  readonly behind: string;
  readonly ratio: number;
}

/** The contrast of every visible text, as WCAG 2 reckons it. Runs in the page, by itself. */
export function contrasts(): Contrast[] {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (canvas === null) throw new Error("no canvas");
  const channels = (color: string): number[] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (color: string): number => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element: Element | null): string => {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if ((channels(color)[3] ?? 0) === 255) return color;
    }
    return "white";
  };
  const found: Contrast[] = [];
  for (const element of document.querySelectorAll<HTMLElement>("body *")) {
    const own = [...element.childNodes].some((node) =>
      node.nodeType === 3 && node.nodeValue?.trim()
    );
    const text = element instanceof HTMLInputElement
      ? element.value
      : own
      ? element.textContent
      : "";
    if (!text || element.offsetParent === null) continue;
    const { color } = getComputedStyle(element);
    const back = behind(element);
    const [high = 0, low = 0] = [luminance(color), luminance(back)].sort((a, b) => b - a);
    const ratio = Math.round((high + 0.05) / (low + 0.05) * 100) / 100;
    found.push({ text: text.trim().slice(0, 40), color, behind: back, ratio });
  }
  return found;
}
