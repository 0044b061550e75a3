import { writeFileSync } from 'node:fs';
import { codesPage } from '../dist/codes-page.js';

writeFileSync(new URL('../../../docs/codes.md', import.meta.url), codesPage());
