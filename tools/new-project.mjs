// npm run new:project -- libs/name layer:kit [@countersign/dep ...]: a lib's or app's package.json, tsconfig.json and entry.
import fs from 'node:fs';
import path from 'node:path';

const [dir, tag, ...deps] = process.argv.slice(2);
if (!dir || !tag) {
  console.error('usage: new-project DIR layer:TAG [@countersign/dep ...]');
  process.exit(2);
}
const name = `@countersign/${path.basename(dir)}`;
const up = path.relative(dir, '.');
const home = (dep) => {
  const short = dep.split('/')[1];
  return ['libs', 'libs/workflows', 'apps'].map((d) => `${d}/${short}`).find((d) => fs.existsSync(`${d}/package.json`));
};
const write = (file, text) => {
  fs.mkdirSync(path.dirname(`${dir}/${file}`), { recursive: true });
  if (!fs.existsSync(`${dir}/${file}`)) fs.writeFileSync(`${dir}/${file}`, text);
};
const entry = { '@countersign/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' };
const isLib = tag !== 'layer:app' && tag !== 'layer:outside';
const pkg = {
  name,
  version: '0.1.0',
  private: true,
  license: 'Apache-2.0',
  type: 'module',
  ...(isLib ? { exports: { './package.json': './package.json', '.': entry } } : {}),
  dependencies: Object.fromEntries(deps.map((d) => [d, '0.1.0'])),
  nx: { tags: [tag] },
  scripts: { build: 'tsc -b' },
};
write('package.json', JSON.stringify(pkg, null, 2) + '\n');
write(
  'tsconfig.json',
  JSON.stringify(
    {
      extends: `${up}/tsconfig.base.json`,
      compilerOptions: { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
      include: ['src/**/*.ts'],
      references: deps.map((d) => ({ path: path.relative(dir, home(d) ?? `libs/${d.split('/')[1]}`) })),
    },
    null,
    2,
  ) + '\n',
);
if (isLib) write('src/index.ts', 'export {};\n');
const root = JSON.parse(
  fs.existsSync('tsconfig.json') ? fs.readFileSync('tsconfig.json', 'utf8') : '{"files":[],"references":[]}',
);
if (!root.references.some((r) => r.path === `./${dir}`)) root.references.push({ path: `./${dir}` });
root.references.sort((a, b) => a.path.localeCompare(b.path));
fs.writeFileSync('tsconfig.json', JSON.stringify(root, null, 2) + '\n');
