import type { Options } from '../options.js';
export async function grow(_: Extract<Options, { form: 'growth' }>): Promise<number> {
  return Promise.resolve(1);
}
