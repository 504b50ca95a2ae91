// The picture in README.md: the time of one request, on a scale where each line is ten times more.
import type { Result } from "../result.ts";
import { SUBJECTS } from "../subjects.ts";

const LEFT = 300;
const RIGHT = 90;
const WIDTH = 820;
const BAR = 22;
const GAP = 10;
const TOP = 62;

/** Draws the times inside the process. It is read on dark pages, too. */
export function chart({ in_process, over_http }: Result): string {
  const most = Math.max(...in_process.map(({ us }) => us));
  const decades = Math.ceil(Math.log10(most));
  const width = (us: number) => Math.max(2, Math.log10(us) / decades * (WIDTH - LEFT - RIGHT));
  const height = TOP + in_process.length * (BAR + GAP) + 34;
  const letsIn = new Set(
    over_http.filter(({ traffic, admitted }) => traffic === "dead" && admitted > 0)
      .map(({ subject }) => subject),
  );
  const bars = in_process.map(({ subject, us }, i) => {
    const y = TOP + i * (BAR + GAP);
    const { title, role } = SUBJECTS[subject];
    const kind = letsIn.has(subject) ? "blind" : role;
    const middle = y + BAR / 2 + 5;
    return [
      `<text class="label" x="${LEFT - 10}" y="${middle}">${escape(title)}</text>`,
      `<rect class="${kind}" x="${LEFT}" y="${y}" width="${
        width(us).toFixed(1)
      }" height="${BAR}" rx="3"/>`,
      `<text x="${(LEFT + width(us) + 7).toFixed(1)}" y="${middle}">${us.toFixed(1)} us</text>`,
    ].join("\n  ");
  });
  const lines = Array.from({ length: decades + 1 }, (_, i) => {
    const x = (LEFT + (WIDTH - LEFT - RIGHT) * i / decades).toFixed(1);
    return `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 30}"/>
  <text class="axis" x="${x}" y="${height - 12}">${10 ** i} us</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${
    escape(
      in_process.map(({ subject, us }) => `${SUBJECTS[subject].title}: ${us.toFixed(1)} us`).join(
        "; ",
      ),
    )
  }">
  <style>
    text { font: 14px system-ui, sans-serif; fill: #24292f; }
    .label { text-anchor: end; }
    .axis { font-size: 11px; text-anchor: middle; fill: #6e7781; }
    .title { font-weight: 600; }
    .note { font-size: 12px; fill: #6e7781; }
    line { stroke: #d0d7de; }
    .floor { fill: #afb8c1; }
    .ours { fill: #2da44e; }
    .peer { fill: #57606a; }
    .blind { fill: #cf222e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .axis, .note { fill: #9198a1; }
      line { stroke: #3d444d; }
      .peer { fill: #9198a1; }
    }
  </style>
  <text class="title" x="10" y="20">One request of a known user, inside the process (log scale)</text>
  <text class="note" x="10" y="40">green: edge-auth. red: never asks Auth, and lets a session in that has ended.</text>
  ${[...lines, ...bars].join("\n  ")}
</svg>
`;
}

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
