import { codesPage } from '../../libs/contracts/dist/codes-page.js';
import { api } from './api.mjs';
import { cli } from './cli.mjs';
import { metrics } from './metrics.mjs';
import { settings } from './settings.mjs';
import { topics } from './topics.mjs';

/** Each page that is made, and what makes its text from the built code. */
export const PAGES = {
  'docs/codes.md': codesPage,
  'docs/reference/api.md': api,
  'docs/reference/cli.md': cli,
  'docs/reference/metrics.md': metrics,
  'docs/reference/settings.md': settings,
  'docs/reference/topics.md': topics,
};
