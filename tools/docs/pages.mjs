import { api } from './api.mjs';
import { cli } from './cli.mjs';
import { settings } from './settings.mjs';
import { topics } from './topics.mjs';

/** Each page of docs/reference, and what makes its text from the built code. */
export const PAGES = { api, cli, settings, topics };
