import parse from 'spdx-expression-parse';

/** Those that ask for no more than that a notice is kept. One is added after somebody has read it. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'LicenseRef-Public-Domain',
  'MIT',
  'OpenSSL',
  'PostgreSQL',
  'Python-2.0',
  'Unicode-DFS-2016',
  'Unlicense',
  'Zlib',
]);

/** What is used all the same, and why that does no harm. They hold for what only development needs. */
const EXCEPTIONS = [
  {
    packages: /^axe-core$/,
    licence: 'MPL-2.0',
    why: 'the tests of the console load it, unchanged, into the page they look at; nothing that is shipped has it',
  },
  {
    packages: /^lightningcss(-|$)/,
    licence: 'MPL-2.0',
    why: 'Vite, when it builds the console, has its styles made smaller by it; nothing of it is in what comes out',
  },
];

export const isAllowed = ({ licence }) => permits(parsed(licence));

export const exceptionFor = ({ name, licence, dev }) =>
  EXCEPTIONS.find((one) => dev && one.packages.test(name) && one.licence === licence);

/** What is no SPDX expression ("SEE LICENSE IN …", UNLICENSED) names no licence at all. */
function parsed(licence) {
  try {
    return parse(licence);
  } catch {
    return {};
  }
}

function permits({ conjunction, left, right, license }) {
  if (conjunction === 'or') return permits(left) || permits(right);
  if (conjunction === 'and') return permits(left) && permits(right);
  return ALLOWED.has(license);
}
