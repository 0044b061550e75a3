// The reference: pages made from the built code, every link of every page followed, and every page in the index.
//   npm run docs            writes the pages
//   tools/docs.mjs --check FILE   writes nothing: says what differs, which links lead nowhere and which pages are not listed, and its counts to FILE (a step of the gate)
import fs from 'node:fs';
import path from 'node:path';
import { brokenLinks, pagesOf, unlisted } from './docs/links.mjs';
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
flaws.push(...unlisted(root, 'docs/README.md', pages));
for (const flaw of flaws) console.error(flaw);
const checked = Object.keys(PAGES).length + pages.length;
if (counts) {
  const numFailedTests = Math.min(flaws.length, checked);
  fs.writeFileSync(counts, JSON.stringify({ numPassedTests: checked - numFailedTests, numFailedTests }));
}
process.exitCode = flaws.length > 0 ? 1 : 0;
