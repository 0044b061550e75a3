import type { Options } from './options.js';
export async function soak(_: Extract<Options, { form: 'soak' }>): Promise<number> {
  return Promise.resolve(1);
}
