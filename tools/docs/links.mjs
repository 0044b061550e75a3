import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import GithubSlugger from 'github-slugger';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';

/** All pages that are kept. */
export function pagesOf(root) {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return listed.split('\0').filter((page) => page && fs.existsSync(path.join(root, page)));
}

const parsed = (file) => fromMarkdown(fs.readFileSync(file, 'utf8'));

function anchorsOf(file) {
  const slugger = new GithubSlugger();
  const anchors = new Set();
  visit(parsed(file), 'heading', (heading) => void anchors.add(slugger.slug(toString(heading))));
  return anchors;
}

/** The relative links and images of a page, and the file each means. */
function linksOf(root, page) {
  const links = [];
  visit(parsed(path.join(root, page)), ['link', 'image', 'definition'], ({ url }) => {
    if (/^[a-z]+:/i.test(url)) return;
    const [to, anchor] = url.split('#');
    const file = to ? path.join(root, path.dirname(page), decodeURIComponent(to)) : path.join(root, page);
    links.push({ url, file, anchor });
  });
  return links;
}

/** Those whose file or heading does not exist. */
export function brokenLinks(root, page) {
  return linksOf(root, page).flatMap(({ url, file, anchor }) => {
    if (!fs.existsSync(file)) return [`${page}: ${url} leads nowhere`];
    const isThere = !anchor || !file.endsWith('.md') || anchorsOf(file).has(anchor);
    return isThere ? [] : [`${page}: ${url} has no such heading`];
  });
}

/** The pages in the folder of an index, and below it, that it does not link. */
export function unlisted(root, index, pages) {
  const listed = new Set([index, ...linksOf(root, index).map(({ file }) => path.relative(root, file))]);
  const below = pages.filter((page) => page.startsWith(`${path.dirname(index)}/`));
  return below.filter((page) => !listed.has(page)).map((page) => `${page} is not listed in ${index}`);
}
