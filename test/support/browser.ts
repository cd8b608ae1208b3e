import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { z } from 'zod';

/** Names under which Chromium is installed, first choice first. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The machine's Chromium: `CHROMIUM_PATH`, else the first of its usual names on `PATH`; undefined where there is none. */
export async function findChromium(): Promise<string | undefined> {
  const { CHROMIUM_PATH: given, PATH: path = '' } = process.env;
  if (given) return given;
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  for (const candidate of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Starts Chromium for a suite; where there is none the suite is skipped, and what was not run is named.
 * @param test the `this` of a hook, or of a test
 * @param rules of `--host-resolver-rules`, such as `MAP *.example.org 127.0.0.1`
 */
export async function launchBrowser(test: Mocha.Context, rules?: string): Promise<Browser> {
  const executablePath = await findChromium();
  if (executablePath === undefined) {
    console.log(
      `      not run, for there is no Chromium: ${test.test?.parent?.fullTitle() ?? 'a browser test'}`,
    );
    test.skip();
  }
  const args = ['--no-sandbox', ...(rules === undefined ? [] : [`--host-resolver-rules=${rules}`])];
  return await chromium.launch({ executablePath, args });
}

const results = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullable(),
      nodes: z.array(z.object({ html: z.string() })),
    }),
  ),
});

/** Violations that axe calls serious or critical, each with the elements concerned, for a test that wants none. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // These are not scripts of the page: its policy for scripts does not hold for them.
  await page.evaluate(axe.source);
  const { violations } = results.parse(await page.evaluate('axe.run()'));
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}
