/** What axe finds wrong with a page, by the rules of WCAG 2.2 A and AA and its best practices. */

import axe from "axe-core";
import type { Page } from "playwright-core";

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/**
 * Checks a page as it stands.
 *
 * @returns The violations, each with what it is about.
 */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source); // the page's own policy admits no other script
  // A string, because its types are the browser's.
  const options = JSON.stringify({ resultTypes: ["violations"] });
  const found: { readonly violations: Violation[] } = await page.evaluate(`axe.run(${options})`);
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`)
  );
}
