import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** All pages that are kept. */
export function pagesOf(root) {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return listed.split('\0').filter((page) => page && fs.existsSync(path.join(root, page)));
}

const withoutCode = (text) => text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
// As GitHub makes them: lower case, no punctuation, dashes for blanks, a number behind those that are there already.
function anchorsOf(text) {
  const seen = new Map();
  const headings = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6} +(.+?) *#* *$/gm);
  return new Set(
    [...headings].map(([, title]) => {
      const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = plain.replace(/[^\p{L}\p{N}\p{M}\- _]/gu, '').replaceAll(' ', '-');
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

/** The relative links of a page whose file or heading does not exist. */
export function brokenLinks(root, page) {
  const text = fs.readFileSync(path.join(root, page), 'utf8');
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, link]) => link);
  return links.flatMap((link) => {
    if (/^[a-z]+:/i.test(link)) return [];
    const [to, anchor] = link.split('#');
    const file = to ? path.join(root, path.dirname(page), decodeURIComponent(to)) : path.join(root, page);
    if (!fs.existsSync(file)) return [`${page}: ${link} leads nowhere`];
    if (!anchor || !file.endsWith('.md')) return [];
    return anchorsOf(fs.readFileSync(file, 'utf8')).has(anchor) ? [] : [`${page}: ${link} has no such heading`];
  });
}
