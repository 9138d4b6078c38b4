// A real browser walks cm-bot's pages as each role, with the keyboard alone: `node browser.mjs`.
//
// From the environment: PAGES_URL, CHROMIUM (the browser), WALK (who goes where, as JSON), SHOTS (a folder for pictures, optional).

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PAGES_URL, CHROMIUM, WALK, SHOTS } = process.env;
const walk = JSON.parse(WALK);
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** At most so many times is Tab pressed to reach something. */
const MOST_TABS = 120;

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });

/** What has the keyboard's attention: its words, and whether that shows. */
const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    const style = getComputedStyle(one);
    return {
      tag: one.tagName,
      words: (one.innerText || one.value || one.getAttribute('aria-label') || '').trim(),
      id: one.id,
      shows: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
    };
  });

/** Presses Tab until something with these words, or of this id, has the attention. */
const tabTo = async (page, wanted) => {
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    await page.keyboard.press('Tab');
    const one = await focused(page);
    if (one.tag === 'BODY') continue;
    const is = (line) => line === wanted || line.startsWith(`${wanted} `);
    if (one.id === wanted || one.words.split('\n').some(is)) return one;
  }
  throw new Error(`the keyboard does not reach "${wanted}" at ${page.url()}`);
};

const enter = async (page) => {
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.keyboard.press('Enter')]);
};

/** Nothing serious for people who cannot see, or see little; the page's own policy stays in force. */
const isAccessible = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  const found = violations.map(({ id, impact, nodes }) => `${impact}: ${id} at ${nodes.map(({ html }) => html).join(' | ')}`);
  assert.deepEqual(found, [], page.url());
};

/** The page can be printed, and holds together on a narrow screen. */
const printsAndFits = async (page) => {
  const pdf = await page.pdf({ format: 'A4' });
  assert.ok(pdf.subarray(0, 5).toString() === '%PDF-' && pdf.length > 3000, `${page.url()} as a PDF: ${pdf.length} bytes`);
  await page.setViewportSize({ width: 360, height: 720 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 362, `${page.url()} is ${wide} pixels wide on a screen of 360`);
};

let number = 0;
const shot = async (page, name, more = {}) => {
  if (!SHOTS) return;
  number += 1;
  await page.screenshot({ path: join(SHOTS, `${String(number).padStart(2, '0')}-${name}.png`), fullPage: true, ...more });
};

const looksAt = async (page, name) => {
  await page.setViewportSize({ width: 1180, height: 800 });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await shot(page, `${name}-${colorScheme}`);
    await isAccessible(page);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await printsAndFits(page);
  await shot(page, `${name}-narrow`);
  await isAccessible(page);
  await page.setViewportSize({ width: 1180, height: 800 });
};

/** The first thing that Tab reaches leads past the places that stand on every page. */
const skips = async (page) => {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Tab');
  const first = await focused(page);
  assert.equal(first.words, 'Skip to the content', page.url());
  await enter(page);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
};

for (const { person, pages, sends } of walk) {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  const complaints = [];
  // The simulated provider has no picture for the tab, and some pages are refused on purpose.
  const isExpected = (message) => message.location().url.endsWith('/favicon.ico') || message.text().includes('status of 403');
  page.on('console', (message) => isExpected(message) || complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
  await page.goto(PAGES_URL);
  await tabTo(page, person);
  await enter(page);
  assert.equal(new URL(page.url()).origin, new URL(PAGES_URL).origin, `${person} is signed in`);
  for (const path of pages) {
    await page.goto(new URL(path, PAGES_URL).href);
    await skips(page);
    await looksAt(page, `${person.split(' ')[0].toLowerCase()}${path.replaceAll(/[^a-zA-Z0-9]+/g, '-')}`);
  }
  for (const { at, fields, button, words } of sends ?? []) {
    await page.goto(new URL(at, PAGES_URL).href);
    for (const [id, text] of Object.entries(fields)) {
      await tabTo(page, id);
      await page.keyboard.type(text);
    }
    const one = await tabTo(page, button);
    assert.ok(one.shows, `nobody sees that "${button}" has the attention`);
    await enter(page);
    const said = await page.innerText('main');
    assert.ok(said.includes(words), `${words}\n${said}`);
    await looksAt(page, 'said');
  }
  await page.goto(PAGES_URL);
  await tabTo(page, 'Sign out');
  await enter(page);
  assert.ok((await page.innerText('main')).includes('You are signed out'));
  assert.deepEqual(complaints, [], `what the browser says of ${person}'s pages`);
  await context.close();
}
await browser.close();
