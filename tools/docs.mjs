// The reference: pages made from the built code, and every link of every page followed.
//   npm run docs            writes the pages
//   tools/docs.mjs --check FILE   writes nothing: says what differs and which links lead nowhere, and its counts to FILE (a step of the gate)
import fs from 'node:fs';
import path from 'node:path';
import { brokenLinks, pagesOf } from './docs/links.mjs';
import { PAGES } from './docs/pages.mjs';

const root = path.resolve(import.meta.dirname, '..');
const [, , mode, counts] = process.argv;
const flaws = [];
for (const [page, make] of Object.entries(PAGES)) {
  const file = path.join(root, page);
  const text = await make(root);
  if (mode !== '--check') fs.writeFileSync(file, text);
  else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text)
    flaws.push(`${page} is not what the code says: npm run docs`);
}
const pages = pagesOf(root);
for (const page of pages) flaws.push(...brokenLinks(root, page));
for (const flaw of flaws) console.error(flaw);
const checked = Object.keys(PAGES).length + pages.length;
if (counts) {
  const numFailedTests = Math.min(flaws.length, checked);
  fs.writeFileSync(counts, JSON.stringify({ numPassedTests: checked - numFailedTests, numFailedTests }));
}
process.exitCode = flaws.length > 0 ? 1 : 0;
