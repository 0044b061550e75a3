/* Jest loads modules itself, past the hooks of Node: there this transformer takes out what `COUNTERSIGN_WITHOUT` names. */
import path from 'node:path';
import { defenceNamed } from '../defences/defences.js';
import { rewritten } from '../defences/removal.js';
import { ROOT } from './rewriting.js';

const name = process.env['COUNTERSIGN_WITHOUT'];
const removals = name ? defenceNamed(name).removals : [];

export default {
  process: (source: string, file: string): { code: string } => ({
    code: rewritten(removals, path.relative(ROOT, file), () => source) ?? source,
  }),
  /** What was kept of another run may have another defence. */
  getCacheKey: (source: string, file: string): string => `${name}\n${file}\n${source}`,
};
